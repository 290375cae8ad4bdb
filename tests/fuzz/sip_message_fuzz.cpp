// Messages and streams from the network: parsed, read through, answered.
#include <cstdint>
#include <cstdlib>

#include "channels/sip/stack/message_writer.hpp"
#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/redirection.hpp"
#include "channels/sip/stack/user_to_user.hpp"

using namespace jackfield::sip;

namespace {

void read_through(const Message& message) {
    for (std::size_t i = 0; i < message.field_count(); ++i) {
        const HeaderField field = message.field(i);
        if (message.header(field.name_text).data() == nullptr) std::abort();
    }
    for (Message::Values values(message, HeaderName::contact); values.next();) (void)parse_contact(values.item);
    for (Message::Values values(message, HeaderName::route); values.next();)
        if (const auto address = parse_name_address(values.item)) (void)address->display_name();
    (void)parse_dialog_reference(message.header(HeaderName::replaces));
    (void)parse_date(message.header(HeaderName::date));
    (void)parse_rack(message.header(HeaderName::rack));
    (void)parse_reason(message.header(HeaderName::reason));
    (void)parse_session_expires(message.header(HeaderName::session_expires));
    (void)find_redirection(message);
    if (!isdn_user_text(message).empty() && message.header(HeaderName::user_to_user).empty()) std::abort();
    (void)user_to_user_well_formed(message);
    (void)message.lists(HeaderName::supported, "timer");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const ParseResult result = parse_message(bytes);
    if (result.verdict != Verdict::drop) {
        read_through(result.message);
        if (result.message.is_request()) {
            std::string buffer;
            MessageWriter writer(buffer);
            begin_response(writer, result.message, 400, result.reason, "tag", {"192.0.2.1", 5060});
            writer.finish();
            // What we answer must be readable where the request was.
            if (result.verdict == Verdict::accept &&
                parse_message(buffer, Framing::datagram, {.header_size = 65535}).verdict == Verdict::reject)
                std::abort();
        }
    }
    StreamFramer framer({.message_size = 4096});
    framer.append(bytes.substr(0, size / 3));
    for (std::size_t part = 0; part < 2; ++part) {
        for (auto frame = framer.next(); frame.kind != StreamFramer::Kind::incomplete; frame = framer.next())
            (void)parse_message(frame.bytes, Framing::stream);
        framer.append(bytes.substr(size / 3));
    }
    return 0;
}
