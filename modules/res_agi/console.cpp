// agi show commands, agi exec, agi set debug.
#include "modules/res_agi/console.hpp"

#include "core/base/strings.hpp"
#include "core/console/command.hpp"
#include "modules/res_agi/commands.hpp"

namespace jackfield::agi {
namespace {

constexpr CommandInfo show_info{.words = "agi show commands [topic COMMAND]",
                                .synopsis = "List the commands of AGI, or tell about one",
                                .text = "Usage: agi show commands [topic COMMAND]\nCommands with Yes in the first column also run when the "
                                        "channel has been hung up."};
constexpr CommandInfo exec_info{.words = "agi exec CHANNEL COMMAND [ID]",
                                .synopsis = "Add a command to the queue of a channel in Async AGI",
                                .text = "Usage: agi exec CHANNEL \"COMMAND ...\" [ID]\nThe channel runs AGI(agi:async); the outcome comes as "
                                        "the event AsyncAGIExec, with the ID as its CommandID."};
constexpr CommandInfo debug_info{.words = "agi set debug on|off",
                                 .synopsis = "Print the traffic of all AGI scripts",
                                 .text = "Usage: agi set debug on|off"};

Result<void> show_topic(Console& console, CommandWords words) {
    const Command* command = find_command(words);
    if (!command) return fail(ErrorCode::not_found, "No such command '{}'.", join(words, " "));
    return console.print("[Synopsis]\n{}\n\n[Description]\n{}\n\n[Syntax]\n{} {}\n\n[Runs Dead]\n{}\n", command->synopsis, command->text,
                         to_upper(command->name), command->arguments, command->dead ? "Yes" : "No");
}

Result<void> show(Console& console, CommandWords words) {
    if (!words.empty()) {
        if (!equals_ignoring_case(words[0], "topic") || words.size() < 2)
            return fail(ErrorCode::invalid, "Usage: agi show commands [topic COMMAND]");
        return show_topic(console, words.subspan(1));
    }
    JF_TRY(console.print("{:>5} {:>30}   {}\n", "Dead", "Command", "Description"));
    for (const Command* command : all_commands())
        JF_TRY(console.print("{:>5} {:>30}   {}\n", command->dead ? "Yes" : "No", command->name, command->synopsis));
    return {};
}

Result<void> set_debug(Console& console, CommandWords words) {
    const auto on = words.size() == 1 ? parse_bool(words[0]) : std::nullopt;
    if (!on) return fail(ErrorCode::invalid, "Usage: agi set debug on|off");
    debugging() = *on;
    return console.print("AGI Debugging {}abled\n", *on ? "En" : "Dis");
}

}  // namespace

Result<void> add_console_commands(Module& module, AsyncCalls& async) {
    JF_TRY(module.add(show_info, show));
    JF_TRY(module.add(debug_info, set_debug));
    return module.add(exec_info, [&async](Console& console, CommandWords words) -> Result<void> {
        if (words.size() < 2 || words.size() > 3) return fail(ErrorCode::invalid, "Usage: agi exec CHANNEL \"COMMAND ...\" [ID]");
        Channel* channel = find_channel(words[0]);
        if (!channel) return fail(ErrorCode::not_found, "Channel {} does not exist.", words[0]);
        JF_TRY(async.add(*channel, {words[1], words.size() > 2 ? words[2] : std::string()}));
        return console.print("Added AGI command to channel {} queue\n", words[0]);
    });
}

}  // namespace jackfield::agi
