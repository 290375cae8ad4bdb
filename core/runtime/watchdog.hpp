// The watchdog: names the module that holds up the control thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace jackfield {

struct Stall {
    std::chrono::milliseconds length;
    std::string module;      // "core" when no module's code was running
    std::string fiber;       // name of the running fiber, empty when none
    std::vector<std::string> back_trace;
};
struct WatchdogStatus {
    std::uint64_t warnings = 0;  // turns longer than RuntimeSettings::warn_turn
    std::uint64_t reports = 0;   // turns longer than report_turn
    std::vector<Stall> latest;   // up to 16
};
// Runs with the ControlLoop; any thread may ask.
WatchdogStatus watchdog_status();

}  // namespace jackfield
