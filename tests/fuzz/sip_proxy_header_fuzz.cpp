// The header of a front before SIP's bytes: never takes more than it wants, ends, and is what it says.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "channels/sip/stack/proxy_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using jackfield::sip::ProxyHeaderReader;
    std::string_view left(reinterpret_cast<const char*>(bytes), size);
    ProxyHeaderReader reader;
    std::size_t taken = 0;
    while (reader.wanted() > 0 && !left.empty()) {
        const std::size_t part = std::min(reader.wanted(), left.size());
        reader.append(left.substr(0, part));
        left.remove_prefix(part);
        taken += part;
    }
    if (taken > ProxyHeaderReader::most_bytes) std::abort();
    if (reader.state() != ProxyHeaderReader::State::done && reader.source().valid()) std::abort();
    return 0;
}
