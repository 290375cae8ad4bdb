// One run of AGI on a channel: the environment that a script is told, and its commands, one after the other.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/runtime/process.hpp"
#include "core/runtime/stream.hpp"
#include "modules/res_agi/reply.hpp"

namespace jackfield::agi {

// AGISTATUS.
enum class Status : unsigned char { success, failure, not_found, hangup };
std::string_view to_string(Status status);

// What a script is told first: lines "agi_...: value", ended by an empty one. arguments[0] is the request itself.
std::string environment_of(Channel& channel, std::string_view request, const std::vector<std::string>& arguments, bool enhanced);

struct Answered {
    std::string text;    // whole lines for the script
    bool leave = false;  // ASYNCAGI BREAK
};
// Runs one command and tells events of it. Waits as the command does. Errors: only those that take the call away.
Result<Answered> run_command(Channel& channel, std::string_view line, bool dead);

// Prints the traffic of every script on consoles; `agi set debug`.
bool& debugging();
void trace(const Channel& channel, std::string_view direction, std::string_view text);

// A script at the other end of a stream.
struct Script {
    std::string request;
    std::vector<std::string> arguments;
    std::string preface;                 // lines before the environment
    bool enhanced = false;
    std::unique_ptr<Stream> stream;
    std::unique_ptr<Process> process;    // null: FastAGI
};
// Serves it until it ends, or until the channel is taken away from it. A hang-up is told (SIGHUP, or the line HANGUP) and
// then commands that need no call still work. Waits. Errors: redirected, taken, unloading, cancelled.
Result<Status> serve(Channel& channel, Script script);

}  // namespace jackfield::agi
