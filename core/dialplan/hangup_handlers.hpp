// What is told of hang-up handlers (Channel::hangup_handlers).
#pragma once

#include <string_view>

namespace jackfield {

class Channel;

// On the event bus: a handler was pushed, taken off without being run, or is about to be run.
struct HangupHandlerEvent {
    static constexpr std::string_view topic = "channel.hangup_handler";
    enum class What : unsigned char { pushed, popped, run } what;
    Channel& channel;
    std::string_view handler;  // "context,extension,priority(arguments)"
};

}  // namespace jackfield
