// Tells a burst from a queue that does not empty, and says what to turn away then (RFC 3261 21.5.4, RFC 6357).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/clock.hpp"

namespace jackfield::sip {

// Judges by how long messages lay in the socket's queue. A stall of a tenth of a second makes every message late for a
// moment, and nothing is turned away; when messages go on being late, new work is, least important kind first, until the
// queue is half empty again. What belongs to a call in progress is never asked about. One thread.
class OverloadGate {
  public:
    enum class Kind : std::uint8_t { call, registration, other };

    bool admit(Kind kind, std::chrono::nanoseconds age, Instant now) {
        State& state = states_[static_cast<std::size_t>(kind)];
        const auto limit = limit_of(kind);
        if (state.closed) {
            if (age >= limit / 2) return false;
            state.closed = false;
            state.opened = now;
            state.late_since.reset();
            return true;
        }
        if (age < limit) {
            state.late_since.reset();
            return true;
        }
        if (!state.late_since) state.late_since = now;
        // An overload that has just been relieved comes back at once.
        const bool again = state.opened && now - *state.opened < memory;
        if (!again && now - *state.late_since < patience && age < hopeless) return true;
        state.closed = true;
        return false;
    }
    static std::chrono::nanoseconds limit_of(Kind kind) {
        constexpr std::array<std::chrono::milliseconds, 3> limits{std::chrono::milliseconds(100), std::chrono::milliseconds(70),
                                                                  std::chrono::milliseconds(40)};
        return limits[static_cast<std::size_t>(kind)];
    }

    static constexpr std::chrono::milliseconds patience{200};  // so long may messages be late in a row
    static constexpr std::chrono::milliseconds hopeless{1000}; // the sender has repeated what is older twice
    static constexpr std::chrono::seconds memory{2};

  private:
    struct State {
        bool closed = false;
        std::optional<Instant> late_since, opened;
    };
    std::array<State, 3> states_;
};

}  // namespace jackfield::sip
