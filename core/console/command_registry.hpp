// The commands there are: a tree of words. Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/console/command.hpp"
#include "core/console/command_line.hpp"

namespace jackfield {

struct RegisteredCommand {
    std::string name;             // the literal words, "core show channels"
    CommandPattern pattern;
    std::string usage_line;       // CommandInfo::words
    std::string synopsis, text;
    bool needs_root = false;
    CommandFunction function;
    CommandCompletion completion;
    Gate* gate = nullptr;         // of the module that registered it
    std::string alias_of;         // of cli_aliases.conf: what is run instead
};

class CommandRegistry {
  public:
    // Errors: exists, invalid (no literal word).
    Result<Registration> add(RegisteredCommand command);

    struct Match {
        std::shared_ptr<const RegisteredCommand> command;
        std::vector<std::string> arguments;
    };
    // By words, each may be shortened as long as it stays unambiguous; a word that is there in full always wins. Errors:
    // not_found, and invalid for an ambiguous one, naming the candidates.
    Result<Match> find(std::span<const std::string> words) const;
    std::vector<std::string> complete(std::string_view line) const;
    // Sorted by words; those whose words begin with `prefix`.
    std::vector<std::shared_ptr<const RegisteredCommand>> list(std::span<const std::string> prefix = {}) const;

    static CommandRegistry& instance();

  private:
    struct Node {
        std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
        std::shared_ptr<const RegisteredCommand> command;
    };
    struct Found {
        const Node* node = nullptr;
        std::size_t taken = 0;                  // words
        std::vector<std::string> candidates;    // when ambiguous
    };
    static Found descend(const Node& node, std::span<const std::string> words, std::size_t taken);
    Node root_;
};

// Adds another name for a command and its first words ("reload" for "core reload").
Result<Registration> add_command_alias(std::string_view alias, std::string_view command, Gate* gate = nullptr);

}  // namespace jackfield
