// Finding commands.
#include "modules/res_agi/commands.hpp"

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::agi {
namespace {

bool begins_with(Words words, const Command& command) {
    const auto names = split(command.name, ' ');
    if (words.size() < names.size()) return false;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!equals_ignoring_case(words[i], names[i])) return false;
    return true;
}

}  // namespace

std::vector<const Command*> all_commands() {
    std::vector<const Command*> all;
    for (const auto& commands : {call_commands(), data_commands(), media_commands(), say_commands(), text_commands()})
        for (const Command& command : commands) all.push_back(&command);
    std::ranges::sort(all, {}, &Command::name);
    return all;
}

const Command* find_command(Words words) {
    for (const auto& commands : {call_commands(), data_commands(), media_commands(), say_commands(), speech_commands(), text_commands()})
        for (const Command& command : commands)
            if (begins_with(words, command)) return &command;
    return nullptr;
}

std::string usage_of(const Command& command) {
    std::string text = "Usage: " + to_upper(command.name);
    if (!command.arguments.empty()) text.append(" ").append(command.arguments);
    return text.append("\n").append(command.text).append("\n");
}

}  // namespace jackfield::agi
