// A channel in a Stasis application: its custodian's fiber, and what it is told to do.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bridge/bridge.hpp"
#include "core/channel/channel.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield::ari {

class Ari;

// Joining and leaving happens on the channel's own fiber; everything else by commands on its service fiber, in order.
struct Control {
    struct Step {
        enum class Kind : unsigned char { join, leave, move } kind = Kind::join;
        std::shared_ptr<Bridge> bridge;  // join
        MemberOptions options;
        std::optional<Place> place;  // leave: where to go on
        std::string application;     // move
        std::vector<std::string> arguments;
    };
    ChannelId channel;
    std::string application;
    Queue<Step> steps{16};
    std::string moving_bridge;  // it leaves its bridge for a step; empty: no
    bool dialled = false;       // by /dial: its progress is told by Dial events
    ChannelId caller;           // for whom
    bool silence = false;       // plays, by /silence

    // Takes the channel out of its bridge, when it is in one, and does the step. Errors: limit.
    Result<void> go(Step step);
};

// Runs `command` on the channel's service fiber after all that was asked before, and waits until it has run. Errors:
// those of the command, hangup (the channel ended before), limit.
Result<void> run_command(Channel& channel, std::move_only_function<Result<void>(Channel&)> command);

}  // namespace jackfield::ari
