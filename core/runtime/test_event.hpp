// State changes inside the daemon that scenario tests wait for instead of waiting for seconds.
#pragma once

#include <concepts>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/runtime/event_bus.hpp"

namespace jackfield {

// Told by the manager interface as TestEvent when jackfield.conf has test_events = yes.
struct TestEvent {
    static constexpr std::string_view topic = "test.event";
    using Fields = std::vector<std::pair<std::string_view, std::string>>;
    std::string_view state;      // Asterisk's names: "PLAYBACK", "DTMF_BEGIN", "FEATURE_DETECTION", ...
    std::source_location place;
    Fields fields;
};

// One load when nobody listens; `fields` is called only when somebody does. Control thread, never waits.
template <std::invocable MakeFields>
void tell_test(std::string_view state, MakeFields fields, std::source_location place = std::source_location::current()) {
    if (wanted<TestEvent>()) publish(TestEvent{state, place, fields()});
}

}  // namespace jackfield
