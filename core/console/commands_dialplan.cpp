// dialplan ...: looking at the plan and changing it; global variables.
#include <algorithm>

#include "core/base/strings.hpp"
#include "core/channel/channel.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/dialplan/condition.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/hints.hpp"
#include "core/dialplan/trace.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

// --- dialplan show -----------------------------------------------------------------------------------------------------

// Prints contexts in Asterisk's columns, which scripts parse.
class Listing {
  public:
    Listing(Console& console, std::shared_ptr<const Dialplan> plan, std::string_view extension)
        : console_(console), plan_(std::move(plan)), wanted_(extension) {}

    Result<void> show(const Context& context, bool included = false) {
        if (std::ranges::find(seen_, &context) != seen_.end()) return {};
        seen_.push_back(&context);
        bool header = false;
        if (wanted_.empty()) JF_TRY(begin(context, included, header));
        Result<void> done;
        context.extensions.for_each([&](const Extension& extension) {
            if (!done || !matches(extension)) return;
            if (done = begin(context, included, header); done) done = show(extension);
        });
        JF_TRY(std::move(done));
        for (const Include& include : context.includes) {
            if (wanted_.empty())
                JF_TRY(line("  Include =>        ", fmt::format("'{}'", include.text), include.origin));
            else if (const Context* next = plan_->context(include.context); next && include_depth_ < 64) {
                ++include_depth_;
                auto shown = show(*next, true);
                --include_depth_;
                JF_TRY(std::move(shown));
            }
        }
        if (wanted_.empty()) {
            for (const IgnorePattern& entry : context.ignore_patterns)
                JF_TRY(line("  Ignore pattern => ", fmt::format("'{}'", entry.pattern.text()), entry.origin));
            for (const Switch& entry : context.switches)
                JF_TRY(line("  Alt. Switch =>    ", fmt::format("'{}/{}'", entry.name, entry.data), entry.origin));
        }
        if (header) JF_TRY(console_.write("\n"));
        return {};
    }
    Result<void> totals() {
        const auto plural = [](std::size_t count, const char* one, const char* many) { return count == 1 ? one : many; };
        return console_.print("-= {} {} ({} {}) in {} {}. =-\n", extensions_, plural(extensions_, "extension", "extensions"),
                              priorities_, plural(priorities_, "priority", "priorities"), contexts_,
                              plural(contexts_, "context", "contexts"));
    }
    std::size_t extensions() const { return extensions_; }

  private:
    bool matches(const Extension& extension) const {
        if (wanted_.empty() || extension.pattern.text() == wanted_) return true;
        return extension.pattern.matches(wanted_);
    }
    Result<void> begin(const Context& context, bool included, bool& header) {
        if (std::exchange(header, true)) return {};
        ++contexts_;
        JF_TRY(console_.print("[ {} '{}' created by '{}' ]\n", included ? "Included context" : "Context", context.name,
                              context.registrar.text()));
        if (context.autohints) JF_TRY(console_.write("Autohints support enabled\n"));
        return {};
    }
    Result<void> line(std::string_view what, const std::string& text, const PlanOrigin& origin) {
        JF_TRY(rest());
        return console_.print("{}{:<45} [{}]\n", what, text, origin_of(origin.registrar, origin.file, origin.line));
    }
    static std::string origin_of(Name registrar, Name file, std::uint32_t line) {
        return file.empty() ? registrar.text() : fmt::format("{}:{}", file.text(), line);
    }
    Result<void> show(const Extension& extension) {
        ++extensions_;
        std::string head = extension.caller_id
                               ? fmt::format("'{}' (CID match '{}') =>", extension.pattern.text(), extension.caller_id->text())
                               : fmt::format("'{}' =>", extension.pattern.text());
        for (const auto& step : extension.steps) {
            const Priority& priority = *step.priority;
            ++priorities_;
            if (head.empty() && !priority.label.empty()) head = fmt::format("   [{}]", priority.label);
            const std::string arguments = priority.arguments.source_text();
            const std::string what = step.number == hint_priority
                                         ? fmt::format("hint: {}", arguments)
                                         : fmt::format("{}. {}({})", step.number, priority.application.text(), arguments);
            JF_TRY(rest());
            JF_TRY(console_.print("  {:<17} {:<45} [{}]\n", head, what,
                                  origin_of(priority.registrar, priority.file, priority.line)));
            head.clear();
        }
        return {};
    }
    // A plan of 100,000 lines must not hold up calls.
    Result<void> rest() {
        if (on_fiber() && ++rows_ % 64 == 0) JF_TRY(yield());
        return {};
    }

    Console& console_;
    std::shared_ptr<const Dialplan> plan_;
    std::string_view wanted_;
    std::vector<const Context*> seen_;
    std::size_t contexts_ = 0, extensions_ = 0, priorities_ = 0, rows_ = 0, include_depth_ = 0;
};

// "[extension@][context]"
struct ExtensionAt {
    std::string extension, context;
};
ExtensionAt split_at(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos) return {{}, std::string(text)};
    return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

Result<void> show_dialplan(Console& console, CommandWords words) {
    if (words.size() > 1) return fail(ErrorCode::invalid, "Usage: dialplan show [[extension@]context]");
    const ExtensionAt wanted = words.empty() ? ExtensionAt{} : split_at(words[0]);
    const auto plan = current_dialplan();
    Listing listing(console, plan, wanted.extension);
    if (wanted.context.empty()) {
        for (const Context* context : plan->contexts()) JF_TRY(listing.show(*context));
    } else {
        const Context* context = plan->context(wanted.context);
        if (!context) return fail(ErrorCode::not_found, "There is no existence of '{}' context", wanted.context);
        JF_TRY(listing.show(*context));
    }
    if (!wanted.extension.empty() && listing.extensions() == 0)
        return wanted.context.empty()
                   ? fail(ErrorCode::not_found, "There is no existence of '{}' extension in all contexts", wanted.extension)
                   : fail(ErrorCode::not_found, "There is no existence of {}@{} extension", wanted.extension, wanted.context);
    return listing.totals();
}

std::vector<std::string> context_names(CommandWords, std::size_t, std::string_view word) {
    std::vector<std::string> names;
    const ExtensionAt typed = split_at(word);
    const std::string before = word.contains('@') ? typed.extension + "@" : std::string();
    for (const Context* context : current_dialplan()->contexts())
        if (starts_with_ignoring_case(context->name, typed.context)) names.push_back(before + context->name);
    return names;
}

// --- changes -------------------------------------------------------------------------------------------------------------

Result<void> reload_dialplan(Console& console, CommandWords) {
    JF_TRY(reload_configuration({"extensions.conf"}));
    return console.write("Dialplan reloaded.\n");
}

Result<void> check_dialplan(Console& console, CommandWords) {
    const Diagnostics findings = JF_TRY(check_current_dialplan());
    for (const Diagnostic& finding : findings.list()) JF_TRY(console.print("{}\n", finding.to_string()));
    return console.print("{} problems found\n", findings.list().size());
}

PlanOrigin by_console() { return {file_registrar(), Name(), 0}; }

// The last words, as in "... into CONTEXT".
Result<std::string> context_after(CommandWords words, std::string_view preposition, std::string_view usage) {
    if (words.size() < 3 || words[1] != preposition) return fail(ErrorCode::invalid, "Usage: {}", usage);
    return words[2];
}

// "extension[/caller],priority[(label)],application[(arguments)]"
struct NewLine {
    std::string extension, label, application, arguments;
    std::optional<std::string> caller_id;
    int priority = 0;
};
Result<NewLine> parse_line(std::string_view text) {
    const Halves head = split_once(text, ',');
    const Halves tail = split_once(head.second, ',');
    const Halves name = split_once(head.first, '/');
    NewLine line;
    line.extension = trim(name.first);
    if (name.found) line.caller_id = std::string(name.second);
    std::string_view number = trim(tail.first);
    if (const auto open = number.find('('); open != std::string_view::npos && number.ends_with(')')) {
        line.label = number.substr(open + 1, number.size() - open - 2);
        number = number.substr(0, open);
    }
    if (number == "hint")
        line.priority = hint_priority;
    else
        line.priority = parse_number<int>(number).value_or(0);
    if (line.extension.empty() || line.priority == 0 || trim(tail.second).empty())
        return fail(ErrorCode::invalid, "'{}' is not of the form extension,priority,application(arguments)", text);
    if (line.priority == hint_priority) {
        line.arguments = trim(tail.second);
        return line;
    }
    // Asterisk takes "application,arguments" here as well.
    const Halves comma = split_once(tail.second, ',');
    const bool old_form = comma.found && !comma.first.contains('(');
    const ApplicationCall call = old_form ? ApplicationCall{trim(comma.first), comma.second} : split_application(tail.second);
    line.application = call.name;
    line.arguments = call.arguments;
    return line;
}

Result<void> add_extension(Console& console, CommandWords words) {
    constexpr std::string_view usage = "dialplan add extension EXTENSION,PRIORITY,APPLICATION(ARGUMENTS) into CONTEXT [replace]";
    const std::string context = JF_TRY(context_after(words, "into", usage));
    const bool replace = words.size() == 4 && words[3] == "replace";
    if (words.size() > 3 && !replace) return fail(ErrorCode::invalid, "Usage: {}", usage);
    const NewLine line = JF_TRY(parse_line(words[0]));
    // By value: during a reload the change is made a second time.
    const auto problems = std::make_shared<std::vector<std::string>>();
    JF_TRY(change_dialplan([line, context, problems, replace](DialplanBuilder& builder) {
        ExtensionLine added{.context = context,
                            .extension = line.extension,
                            .priority = line.priority,
                            .label = line.label,
                            .application = line.application,
                            .arguments = line.arguments,
                            .origin = by_console()};
        if (line.caller_id) added.caller_id = *line.caller_id;
        return builder.add(added, replace, problems.get());
    }));
    for (const std::string& problem : *problems) JF_TRY(console.print("Warning: {}\n", problem));
    return console.print("Extension '{}' added into '{}' context\n", words[0], context);
}

Result<void> remove_extension(Console& console, CommandWords words) {
    if (words.empty() || words.size() > 2)
        return fail(ErrorCode::invalid, "Usage: dialplan remove extension EXTENSION[/CALLER]@CONTEXT [PRIORITY]");
    const ExtensionAt which = split_at(words[0]);
    std::optional<int> priority;
    if (words.size() == 2) {
        priority = words[1] == "hint" ? std::optional(hint_priority) : parse_number<int>(words[1]);
        if (!priority) return fail(ErrorCode::invalid, "'{}' is no priority", words[1]);
    }
    JF_TRY(change_dialplan([which, priority](DialplanBuilder& builder) {
        const Halves name = split_once(which.extension, '/');
        return builder.remove(which.context, name.first,
                              name.found ? std::optional<std::string_view>(name.second) : std::nullopt, priority);
    }));
    if (priority) return console.print("Extension {} with priority {} removed\n", words[0], words[1]);
    return console.print("Whole extension {} removed\n", words[0]);
}

Result<void> add_include(Console& console, CommandWords words) {
    const std::string context = JF_TRY(context_after(words, "into", "dialplan add include CONTEXT[,TIMES] into CONTEXT"));
    const std::string included = words[0];
    JF_TRY(change_dialplan(
        [=](DialplanBuilder& builder) { return builder.add_include(context, included, by_console()); }));
    return console.print("Context '{}' included in '{}' context\n", included, context);
}

Result<void> remove_include(Console& console, CommandWords words) {
    const std::string context = JF_TRY(context_after(words, "from", "dialplan remove include CONTEXT from CONTEXT"));
    const std::string included = words[0];
    JF_TRY(change_dialplan([=](DialplanBuilder& builder) { return builder.remove_include(context, included); }));
    return console.print("We are not including '{}' into '{}' now\n", included, context);
}

Result<void> add_ignore_pattern(Console& console, CommandWords words) {
    const std::string context = JF_TRY(context_after(words, "into", "dialplan add ignorepat PATTERN into CONTEXT"));
    const std::string pattern = words[0];
    JF_TRY(change_dialplan(
        [=](DialplanBuilder& builder) { return builder.add_ignore_pattern(context, pattern, by_console()); }));
    return console.print("Ignore pattern '{}' added into the context '{}'\n", pattern, context);
}

Result<void> remove_ignore_pattern(Console& console, CommandWords words) {
    const std::string context = JF_TRY(context_after(words, "from", "dialplan remove ignorepat PATTERN from CONTEXT"));
    const std::string pattern = words[0];
    JF_TRY(change_dialplan([=](DialplanBuilder& builder) { return builder.remove_ignore_pattern(context, pattern); }));
    return console.print("Ignore pattern '{}' removed from the context '{}'\n", pattern, context);
}

Result<void> remove_context(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: dialplan remove context CONTEXT");
    JF_TRY(change_dialplan([name = words[0]](DialplanBuilder& builder) { return builder.remove_context(name); }));
    return console.print("Removed context '{}'\n", words[0]);
}

// --- variables -------------------------------------------------------------------------------------------------------------

Result<void> show_globals(Console& console, CommandWords) {
    const std::vector<Variables::Entry> all = global_variables().all();  // a copy: writing may wait
    for (const Variables::Entry& entry : all) JF_TRY(console.print("   {}={}\n", entry.name, entry.value));
    return console.print("\n    -- {} variable(s)\n", all.size());
}

Result<void> set_global(Console& console, CommandWords words) {
    if (words.size() != 2) return fail(ErrorCode::invalid, "Usage: dialplan set global NAME VALUE");
    set_global_variable(words[0], words[1]);
    return console.print("\n    -- Global variable '{}' set to '{}'\n", words[0], words[1]);
}

Result<void> set_channel_variable(Console& console, CommandWords words) {
    if (words.size() != 3) return fail(ErrorCode::invalid, "Usage: dialplan set chanvar CHANNEL NAME VALUE");
    const auto channel = JF_TRY(named_channel(words[0]))->share();
    JF_TRY(write_expression(channel.get(), words[1], words[2]));
    return console.print("\n    -- Channel variable '{}' set to '{}' for '{}'\n", words[1], words[2], words[0]);
}

Result<void> show_channel_variables(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: dialplan show chanvar CHANNEL");
    const std::vector<Variables::Entry> all = JF_TRY(named_channel(words[0]))->variables().all();
    for (const Variables::Entry& entry : all) JF_TRY(console.print("{}={}\n", entry.name, entry.value));
    return {};
}

Result<void> evaluate(Console& console, CommandWords words) {
    if (words.empty()) return fail(ErrorCode::invalid, "Usage: dialplan eval function FUNCTION(ARGUMENTS)");
    const std::string text = join(words, " ");
    const std::string value = JF_TRY(read_expression(nullptr, text));
    return console.print("Return Value: Success\nResult: {}\n", value);
}

Result<void> trace(Console& console, CommandWords words) {
    if (words.empty() || words.size() > 2 || (words.size() == 2 && words[1] != "off"))
        return fail(ErrorCode::invalid, "Usage: dialplan trace CHANNEL|all [off]");
    const bool on = words.size() == 1;
    ChannelId id;
    if (words[0] != "all") id = JF_TRY(named_channel(words[0]))->id();
    trace_dialplan(id, on);
    return console.print("Dialplan trace {} for {}\n", on ? "on" : "off", words[0]);
}

// --- hints -----------------------------------------------------------------------------------------------------------------

Result<void> print_hint(Console& console, const HintSummary& hint) {
    return console.print("{:<20.20}: {:<20.20}  State:{:<15.15} Presence:{:<15.15} Watchers {:>2}\n",
                         hint.extension + "@" + hint.context, hint.hint, to_string(hint.state), "not_set", hint.watchers);
}

Result<void> show_hints(Console& console, CommandWords) {
    const auto hints = list_hints();
    if (hints.empty()) return console.write("There are no registered dialplan hints\n");
    JF_TRY(console.write("\n    -= Registered Jackfield Dial Plan Hints =-\n"));
    std::size_t rows = 0;
    for (const HintSummary& hint : hints) {
        JF_TRY(print_hint(console, hint));
        if (on_fiber() && ++rows % 64 == 0) JF_TRY(yield());
    }
    return console.print("----------------\n- {} hints registered\n", hints.size());
}

Result<void> show_hint(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: core show hint EXTENSION[@CONTEXT]");
    const Halves wanted = split_once(words[0], '@');
    std::size_t count = 0;
    for (const HintSummary& hint : list_hints()) {
        if (hint.extension != wanted.first || (wanted.found && hint.context != wanted.second)) continue;
        JF_TRY(print_hint(console, hint));
        ++count;
    }
    if (count == 0) return console.print("No hints matching extension {}\n", words[0]);
    return console.print("{} hint{} matching extension {}\n", count, count == 1 ? "" : "s", words[0]);
}

// Commands that have an old and a new name.
Result<void> add_both(Module& core, std::initializer_list<CommandInfo> infos, CommandFunction function,
                      CommandCompletion completion = {}) {
    for (const CommandInfo& info : infos) JF_TRY(core.add(info, function, completion));
    return {};
}

Result<void> add_variable_commands(Module& core) {
    JF_TRY(add_both(core,
                    {CommandInfo{"dialplan show globals", "List the global variables", "One NAME=VALUE a line."},
                     CommandInfo{"core show globals", "List the global variables", "The same as `dialplan show globals`."}},
                    show_globals));
    JF_TRY(add_both(core,
                    {CommandInfo{"dialplan set global NAME VALUE", "Set a global variable", "Until the daemon ends."},
                     CommandInfo{"core set global NAME VALUE", "Set a global variable", "The same as `dialplan set global`."}},
                    set_global));
    JF_TRY(add_both(core,
                    {CommandInfo{"dialplan set chanvar CHANNEL NAME VALUE", "Set a variable or function of a channel",
                                 "CHANNEL is a name or a unique id."},
                     CommandInfo{"core set chanvar CHANNEL NAME VALUE", "Set a variable or function of a channel",
                                 "The same as `dialplan set chanvar`."}},
                    set_channel_variable, channel_names));
    JF_TRY(core.add(CommandInfo{"dialplan show chanvar CHANNEL", "List a channel's variables", "One NAME=VALUE a line."},
                    show_channel_variables, channel_names));
    return core.add(CommandInfo{"dialplan eval function FUNCTION", "Evaluate a dialplan function",
                                "Without a channel: FUNCTION(ARGUMENTS)."},
                    evaluate);
}

Result<void> add_change_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"dialplan add extension LINE into CONTEXT [replace]", "Add a priority to the plan",
                                "LINE is extension[/caller],priority[(label)],application(arguments). Gone after a reload."},
                    add_extension));
    JF_TRY(core.add(CommandInfo{"dialplan remove extension EXTENSION@CONTEXT [PRIORITY]",
                                "Remove an extension or a priority", "EXTENSION may have /caller behind it."},
                    remove_extension, context_names));
    JF_TRY(core.add(CommandInfo{"dialplan add include CONTEXT into CONTEXT", "Include a context in another",
                                "The first one may have times behind it: lunch,12:00-13:00."},
                    add_include, context_names));
    JF_TRY(core.add(CommandInfo{"dialplan remove include CONTEXT from CONTEXT", "Remove an include",
                                "The first one as it was written."},
                    remove_include, context_names));
    JF_TRY(core.add(CommandInfo{"dialplan add ignorepat PATTERN into CONTEXT", "Keep dial tone after some digits",
                                "As ignorepat in extensions.conf."},
                    add_ignore_pattern));
    JF_TRY(core.add(CommandInfo{"dialplan remove ignorepat PATTERN from CONTEXT", "Remove an ignore pattern",
                                "As it was written."},
                    remove_ignore_pattern));
    return core.add(CommandInfo{"dialplan remove context CONTEXT", "Remove a context", "With all that is in it."},
                    remove_context, context_names);
}

}  // namespace

Result<void> add_dialplan_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"dialplan show [CONTEXT]", "Show the dialplan",
                                "All of it, one CONTEXT, or what EXTENSION@CONTEXT matches."},
                    show_dialplan, context_names));
    JF_TRY(core.add(CommandInfo{"dialplan reload", "Read extensions.conf anew",
                                "A file with an error changes nothing. Running calls finish on the plan they began with."},
                    reload_dialplan));
    JF_TRY(core.add(CommandInfo{"dialplan check", "Look for mistakes in the plan",
                                "Missing contexts, labels, applications and functions, and what no call can reach."},
                    check_dialplan));
    JF_TRY(core.add(CommandInfo{"dialplan trace CHANNEL [off]", "Show a call's steps with their values",
                                "Of CHANNEL until it ends, or of `all` calls. The consoles print them as they happen."},
                    trace, channel_names_and_all));
    JF_TRY(add_change_commands(core));
    JF_TRY(add_variable_commands(core));
    JF_TRY(core.add(CommandInfo{"core show hints", "List the hints", "States of extensions."}, show_hints));
    return core.add(CommandInfo{"core show hint EXTENSION", "Show the hint of an extension", "EXTENSION may have @CONTEXT."},
                    show_hint);
}

}  // namespace jackfield
