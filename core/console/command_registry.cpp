// The commands there are: registering, finding by abbreviated words, completion, running.
#include "core/console/command_registry.hpp"

#include <algorithm>
#include <exception>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/console/permissions.hpp"

namespace jackfield {

CommandRegistry& CommandRegistry::instance() {
    static CommandRegistry registry;
    return registry;
}

Result<Registration> CommandRegistry::add(RegisteredCommand command) {
    if (command.pattern.literal.empty())
        return fail(ErrorCode::invalid, "the command '{}' begins with no word", command.usage_line);
    Node* node = &root_;
    for (const std::string& word : command.pattern.literal) {
        auto& child = node->children[word];
        if (!child) child = std::make_unique<Node>();
        node = child.get();
    }
    command.name = join(command.pattern.literal, " ");
    if (node->command)
        return fail(ErrorCode::exists, "the command '{}' is registered already by {}", command.name,
                    node->command->gate ? node->command->gate->name() : "the core");
    node->command = std::make_shared<const RegisteredCommand>(std::move(command));
    return Registration([this, words = node->command->pattern.literal] {
        std::vector<Node*> path{&root_};
        for (const std::string& word : words) path.push_back(path.back()->children[word].get());
        path.back()->command.reset();
        for (std::size_t i = words.size(); i > 0 && !path[i]->command && path[i]->children.empty(); --i)
            path[i - 1]->children.erase(words[i - 1]);
    });
}

// Takes as many words as lead on. A node that is a command itself is left only for a child named in full, since the
// next word may be its argument.
CommandRegistry::Found CommandRegistry::descend(const Node& node, std::span<const std::string> words,
                                                std::size_t taken) {
    if (taken == words.size()) return {&node, taken, {}};
    const std::string& word = words[taken];
    if (const auto exact = node.children.find(word); exact != node.children.end())
        return descend(*exact->second, words, taken + 1);
    if (node.command || word.empty()) return {&node, taken, {}};

    std::vector<Found> found;
    std::vector<std::string> candidates;
    for (auto child = node.children.lower_bound(word);
         child != node.children.end() && child->first.starts_with(word); ++child) {
        candidates.push_back(child->first);
        Found deeper = descend(*child->second, words, taken + 1);
        // Of several words that begin alike only those count that lead to a command or to the end of the line.
        if (deeper.taken == words.size() || deeper.node->command) found.push_back(std::move(deeper));
    }
    if (found.size() == 1) return std::move(found.front());
    if (candidates.size() > 1) return {&node, taken, std::move(candidates)};
    return {&node, taken, {}};
}

Result<CommandRegistry::Match> CommandRegistry::find(std::span<const std::string> words) const {
    const Found found = descend(root_, words, 0);
    if (found.node->command)
        return Match{found.node->command, std::vector<std::string>(words.begin() + found.taken, words.end())};
    const std::string line = join(words, " ");
    if (!found.candidates.empty())
        return fail(ErrorCode::invalid, "'{}' is ambiguous: {} may be {}", line, words[found.taken],
                    join(found.candidates, ", "));
    return fail(ErrorCode::not_found, "No such command '{}' (type 'core show help {}' for other possible commands)",
                line, words.empty() ? std::string() : join(words.first(std::min<std::size_t>(words.size(), 2)), " "));
}

std::vector<std::string> CommandRegistry::complete(std::string_view line) const {
    CommandLine typed = split_command_line(line);
    const std::string word = typed.ends_in_word ? std::move(typed.words.back()) : std::string();
    if (typed.ends_in_word) typed.words.pop_back();

    const Found found = descend(root_, typed.words, 0);
    if (!found.candidates.empty()) return {};
    std::vector<std::string> completions;
    if (found.taken == typed.words.size())
        for (auto child = found.node->children.lower_bound(word);
             child != found.node->children.end() && child->first.starts_with(word); ++child)
            completions.push_back(child->first);
    if (const auto command = found.node->command) {
        const std::span<const std::string> arguments = std::span(typed.words).subspan(found.taken);
        std::vector<std::string> more;
        if (command->completion) {
            const RunningGate running(command->gate);
            more = command->completion(arguments, arguments.size(), word);
        } else {
            more = command->pattern.alternatives(arguments.size());
        }
        for (std::string& each : more)
            if (starts_with_ignoring_case(each, word)) completions.push_back(std::move(each));
    }
    std::ranges::sort(completions);
    completions.erase(std::unique(completions.begin(), completions.end()), completions.end());
    return completions;
}

std::vector<std::shared_ptr<const RegisteredCommand>> CommandRegistry::list(std::span<const std::string> prefix) const {
    std::vector<std::shared_ptr<const RegisteredCommand>> all;
    const auto visit = [&](const auto& self, const Node& node, std::size_t depth) -> void {
        if (node.command && depth >= prefix.size()) all.push_back(node.command);
        for (const auto& [word, child] : node.children)
            if (depth >= prefix.size() || word.starts_with(prefix[depth])) self(self, *child, depth + 1);
    };
    visit(visit, root_, 0);
    return all;
}

Result<Registration> register_in(Module& module, const CommandInfo& info, CommandFunction function,
                                 CommandCompletion completion) {
    RegisteredCommand command;
    command.pattern = CommandPattern::parse(info.words);
    command.usage_line = info.words.text;
    command.synopsis = info.synopsis.text;
    command.text = info.text.text;
    command.needs_root = info.needs_root;
    command.function = std::move(function);
    command.completion = std::move(completion);
    command.gate = &module.gate();
    return CommandRegistry::instance().add(std::move(command));
}

Result<Registration> add_command_alias(std::string_view alias, std::string_view command, Gate* gate) {
    RegisteredCommand entry;
    entry.pattern = CommandPattern::parse(alias);
    entry.usage_line = alias;
    entry.synopsis = fmt::format("Alias for '{}'", command);
    entry.text = entry.synopsis;
    entry.alias_of = command;
    entry.gate = gate;
    return CommandRegistry::instance().add(std::move(entry));
}

Result<void> run_command(Console& console, std::string_view line) {
    constexpr unsigned alias_depth = 8;
    std::vector<std::string> words = split_command_line(line).words;
    if (words.empty()) return {};
    for (unsigned depth = 0; depth < alias_depth; ++depth) {
        CommandRegistry::Match match = JF_TRY(CommandRegistry::instance().find(words));
        const RegisteredCommand& command = *match.command;
        if (!command.alias_of.empty()) {
            words = split_command_line(command.alias_of).words;
            words.insert(words.end(), match.arguments.begin(), match.arguments.end());
            continue;
        }
        JF_TRY(command_permissions().check(console.user(), command));
        Gate::Pass pass;
        if (command.gate) pass = JF_TRY(command.gate->enter());
        const RunningGate running(command.gate);
        try {
            return command.function(console, match.arguments);
        } catch (const std::exception& exception) {
            log_error("The command '{}' threw an exception: {}", command.name, exception.what());
            return fail(ErrorCode::failed, "the command failed by an exception: {}", exception.what());
        }
    }
    return fail(ErrorCode::invalid, "the aliases of '{}' lead in a circle", line);
}

std::vector<std::string> complete_command(std::string_view line) { return CommandRegistry::instance().complete(line); }

}  // namespace jackfield
