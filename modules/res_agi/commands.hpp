// The commands of AGI: a table for each subject, all of one shape.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "modules/res_agi/reply.hpp"

namespace jackfield::agi {

using Words = std::span<const std::string>;  // the command's own words first

struct Command {
    std::string_view name;       // "get full variable"
    bool dead;                   // may run when the channel has been hung up
    std::string_view arguments;  // "VARIABLENAME [CHANNELNAME]"
    std::string_view synopsis;
    std::string_view text;
    std::size_t least, most;     // words, its own included; others get the usage
    // Runs on the fiber of the call and may wait. Errors: those that take the call away; others become result=-1.
    Result<Reply> (*run)(Channel& channel, Words words);
};

std::span<const Command> call_commands();
std::span<const Command> data_commands();
std::span<const Command> media_commands();
std::span<const Command> say_commands();
std::span<const Command> speech_commands();
std::span<const Command> text_commands();

// Sorted by name, without those of speech, which nobody can use as long as there is no engine.
std::vector<const Command*> all_commands();
// The command that the words begin with, letter case aside; null when there is none.
const Command* find_command(Words words);
// "Usage: ...", as replies 520 and the console tell it.
std::string usage_of(const Command& command);

// Arguments by place; empty when there are fewer.
inline std::string_view word(Words words, std::size_t place) {
    return place < words.size() ? std::string_view(words[place]) : std::string_view();
}

}  // namespace jackfield::agi
