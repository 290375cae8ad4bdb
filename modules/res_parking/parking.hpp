// The service interface of res_parking: what happens to parked calls, on the event bus.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/channel/channel.hpp"

namespace jackfield {

// Published on the control thread; `parker` and `retriever` are null when they are gone or there is none.
struct ParkedCallChanged {
    static constexpr std::string_view topic = "parking.call";
    enum class Kind : unsigned char { parked, timed_out, gave_up, unparked, swapped } kind;
    Channel& parkee;
    Channel *parker, *retriever;
    std::string parker_dial_string, lot;
    unsigned space;
    std::chrono::seconds timeout, duration;  // how long it may wait, and has waited
};

}  // namespace jackfield
