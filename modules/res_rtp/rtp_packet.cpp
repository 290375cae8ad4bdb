// RTP packets: names of telephone events (RFC 4733 3.2).
#include "modules/res_rtp/rtp_packet.hpp"

#include <string_view>

namespace jackfield::rtp {
namespace {

constexpr std::string_view keys = "0123456789*#ABCD!";
constexpr std::uint8_t fax_calling_tone = 36;  // RFC 4734

}  // namespace

char key_of_event(std::uint8_t event) {
    if (event == fax_calling_tone) return 'f';
    return event < keys.size() ? keys[event] : '\0';
}

std::optional<std::uint8_t> event_of_key(char key) {
    if (key == 'f') return fax_calling_tone;
    if (key >= 'a' && key <= 'd') key = static_cast<char>(key - 'a' + 'A');
    const auto position = key ? keys.find(key) : keys.npos;
    if (position == keys.npos) return {};
    return static_cast<std::uint8_t>(position);
}

}  // namespace jackfield::rtp
