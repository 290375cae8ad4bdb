// URIs and addresses: whatever is read can be compared with itself and written again.
#include <cstdint>
#include <cstdlib>

#include "channels/sip/stack/headers.hpp"

using namespace jackfield::sip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto uri = parse_uri(text)) {
        if (!equivalent(*uri, *uri)) std::abort();
        (void)address_of_record(*uri);
        if (uri->is_sip()) {
            const std::string written = make_uri(uri->scheme, uri->decoded_user(), uri->host, uri->port);
            const auto again = parse_uri(written);
            if (!again || again->decoded_user() != uri->decoded_user() || again->port != uri->port) std::abort();
        }
    }
    if (const auto address = parse_name_address(text)) (void)address->display_name();
    (void)parse_contact(text);
    (void)parse_via(text);
    return 0;
}
