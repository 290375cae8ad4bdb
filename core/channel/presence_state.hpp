// Presence states: what people say of themselves (CustomPresence:ann), and who wants to know.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/module/module.hpp"

namespace jackfield {

struct PresenceState {
    std::string state = "not_set";  // not_set, unavailable, available, away, xa, chat or dnd
    std::string subtype, message;
    bool operator==(const PresenceState&) const = default;
};

// Asks the provider before the colon. Control thread; never waits. Without such a provider: not_set.
PresenceState presence_state(std::string_view provider);  // "CustomPresence:ann"
bool has_presence_provider(std::string_view provider);    // there is one of that prefix

struct PresenceProvider {
    std::string prefix;  // "CustomPresence"
    std::function<PresenceState(std::string_view rest)> state;
};
Result<Registration> register_in(Module& module, PresenceProvider provider);

// Published by the provider whenever one of its states has changed.
struct PresenceStateChange { static constexpr std::string_view topic = "presence.state"; std::string provider; PresenceState presence; };

}  // namespace jackfield
