// STUN on the SIP port: whatever comes, the answer is well-formed and hardly longer than what was asked.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "channels/sip/stack/stun_binding.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace jackfield;
    static const SocketAddress v4 = SocketAddress::parse("192.0.2.1:5060").value(), v6 = SocketAddress::parse("[2001:db8::1]:5060").value();
    const std::string_view datagram(reinterpret_cast<const char*>(bytes), size);
    for (const SocketAddress& from : {v4, v6}) {
        const sip::StunAnswer answer = sip::answer_binding(datagram, from);
        const std::string_view text = answer.bytes();
        if (text.empty()) continue;
        if (!sip::is_stun(datagram) || !sip::is_stun(text) || text.size() % 4 != 0 || text.size() > std::max<std::size_t>(size, 44)) std::abort();
        if (text.substr(4, 16) != datagram.substr(4, 16)) std::abort();
        if (!sip::answer_binding(text, from).bytes().empty()) std::abort();  // two servers never answer each other
    }
    return 0;
}
