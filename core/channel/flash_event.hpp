// What is told of hook flashes.
#pragma once

#include <string_view>

namespace jackfield {

class Channel;

// On the event bus: the far side of the channel has flashed its hook (SIP INFO, a line's loop, AMI's SendFlash).
struct ChannelFlashed {
    static constexpr std::string_view topic = "channel.flash";
    Channel& channel;
};

}  // namespace jackfield
