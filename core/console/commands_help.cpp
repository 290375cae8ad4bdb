// core show help, help; core show applications, application, functions, function.
#include "core/base/strings.hpp"
#include "core/console/command.hpp"
#include "core/console/command_registry.hpp"
#include "core/console/core_commands.hpp"
#include "core/dialplan/application.hpp"

namespace jackfield {
namespace {

Result<void> show_help(Console& console, CommandWords words) {
    const auto commands = CommandRegistry::instance().list(words);
    if (commands.empty()) return fail(ErrorCode::not_found, "No such command '{}'.", join(words, " "));
    const auto exact = CommandRegistry::instance().find(words);
    const bool one = commands.size() == 1 || (exact && exact->arguments.empty() && commands.front() == exact->command);
    if (one && !words.empty()) {
        const RegisteredCommand& command = *commands.front();
        JF_TRY(console.print("Usage: {}\n       {}\n", command.usage_line, command.text));
        if (commands.size() == 1) return {};
    }
    Table table(console, {{"Command", 44, true}, {"", 2}, {"What it does", 0}});
    for (const auto& command : commands) JF_TRY(table.row({command->usage_line, "--", command->synopsis}));
    return {};
}

std::vector<std::string> command_words(CommandWords arguments, std::size_t, std::string_view word) {
    std::string line;
    for (const std::string& argument : arguments) line += quote_word(argument) + ' ';
    return complete_command(line + std::string(word));
}

// "like TEXT" and "describing TEXT" after a listing command.
struct NameFilter {
    std::string like, describing;
    static Result<NameFilter> parse(CommandWords words) {
        if (words.empty()) return NameFilter{};
        if (words.size() == 2 && words[0] == "like") return NameFilter{words[1], {}};
        if (words.size() == 2 && words[0] == "describing") return NameFilter{{}, words[1]};
        return fail(ErrorCode::invalid, "expected: like TEXT, or describing TEXT");
    }
    bool accepts(std::string_view name, std::string_view synopsis, std::string_view text) const {
        if (!like.empty()) return find_ignoring_case(name, like) != std::string_view::npos;
        if (describing.empty()) return true;
        return find_ignoring_case(synopsis, describing) != std::string_view::npos ||
               find_ignoring_case(text, describing) != std::string_view::npos;
    }
};

Result<void> show_applications(Console& console, CommandWords words) {
    const NameFilter filter = JF_TRY(NameFilter::parse(words));
    JF_TRY(console.write("    -= Registered Jackfield Applications =-\n"));
    std::size_t count = 0;
    for (const auto* slot : applications().list()) {
        const ApplicationInfo& info = slot->value->info;
        if (!filter.accepts(slot->name, info.synopsis, info.text)) continue;
        JF_TRY(console.print(" {:>20}: {}\n", slot->name, info.synopsis.text));
        ++count;
    }
    return console.print("    -= {} Applications Registered =-\n", count);
}

template <class T>
Result<void> print_documentation(Console& console, std::string_view kind, const T& value) {
    JF_TRY(console.print("\n  -= Info about {} '{}' =-\n\n", kind, value.info.name.text));
    JF_TRY(console.print("[Synopsis]\n{}\n\n", value.info.synopsis.text));
    JF_TRY(console.print("[Description]\n{}\n\n", value.info.text.text));
    JF_TRY(console.print("[Syntax]\n{}\n\n", value.info.syntax.text));
    return console.print("[Module]\n{}\n", value.module);
}

// The slot of a name, or an error with the nearest one.
template <class T>
Result<const T*> find_documented(Registry<T>& registry, std::string_view kind,
                                                        const std::string& name) {
    if (auto* slot = registry.find(name)) return slot->value.get();
    std::vector<std::string> names;
    for (const auto* slot : registry.list()) names.push_back(slot->name);
    const auto nearest = nearest_word(name, names);
    return fail(ErrorCode::not_found, "No {} '{}' is registered{}", kind, name,
                nearest ? fmt::format(" (do you mean {}?)", *nearest) : std::string());
}

Result<void> show_application(Console& console, CommandWords words) {
    if (words.empty()) return fail(ErrorCode::invalid, "Usage: core show application NAME [NAME...]");
    for (const std::string& name : words) {
        const RegisteredApplication& found = *JF_TRY(find_documented(applications(), "application", name));
        JF_TRY(print_documentation(console, "Application", found));
    }
    return {};
}

Result<void> show_functions(Console& console, CommandWords words) {
    const NameFilter filter = JF_TRY(NameFilter::parse(words));
    JF_TRY(console.write("Installed Custom Functions:\n"
                         "--------------------------------------------------------------------------------\n"));
    std::size_t count = 0;
    for (const auto* slot : functions().list()) {
        const FunctionInfo& info = slot->value->info;
        if (!filter.accepts(slot->name, info.synopsis, info.text)) continue;
        JF_TRY(console.print("{:<20.20}  {:<35.35}  {}\n", slot->name, info.syntax.text, info.synopsis.text));
        ++count;
    }
    return console.print("{} custom functions installed.\n", count);
}

Result<void> show_function(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: core show function NAME");
    const RegisteredFunction& found = *JF_TRY(find_documented(functions(), "function", words[0]));
    return print_documentation(console, "Function", found);
}

template <class T>
std::vector<std::string> names_of(Registry<T>& registry) {
    std::vector<std::string> names;
    for (const auto* slot : registry.list()) names.push_back(slot->name);
    return names;
}

}  // namespace

Result<void> add_help_commands(Module& core) {
    for (const CommandInfo& info :
         {CommandInfo{"core show help [command...]", "List commands, or explain one",
                      "Lists the commands that begin with the words given; of a whole command its usage."},
          CommandInfo{"help [command...]", "List commands, or explain one", "The same as `core show help`."}})
        JF_TRY(core.add(info, show_help, command_words));
    JF_TRY(core.add(CommandInfo{"core show applications [like|describing] [TEXT]", "List the dialplan's applications",
                                "`like` selects by name, `describing` by what the documentation says."},
                    show_applications));
    JF_TRY(core.add(CommandInfo{"core show application NAME...", "Explain an application",
                                "Prints syntax, options and what it does."},
                    show_application, [](CommandWords, std::size_t, std::string_view) { return names_of(applications()); }));
    JF_TRY(core.add(CommandInfo{"core show functions [like|describing] [TEXT]", "List the dialplan's functions",
                                "`like` selects by name, `describing` by what the documentation says."},
                    show_functions));
    return core.add(CommandInfo{"core show function NAME", "Explain a function", "Prints syntax and what it does."},
                    show_function, [](CommandWords, std::size_t, std::string_view) { return names_of(functions()); });
}

}  // namespace jackfield
