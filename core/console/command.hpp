// CLI commands: what modules register and how they answer.
#pragma once

#include <fmt/core.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/dialplan/application.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// Where a command's answer goes: a console, an AMI client, a test. Lines beyond a bound wait for the reader.
class Console {
  public:
    virtual ~Console() = default;
    // Waits when the reader is slow. Errors: closed (the reader has gone; listings stop then).
    virtual Result<void> write(std::string_view text) = 0;
    virtual bool colours() const { return false; }
    virtual unsigned width() const { return 80; }
    virtual uid_t user() const { return 0; }

    template <class... A>
    Result<void> print(fmt::format_string<A...> format, A&&... arguments) {
        return write(fmt::format(format, std::forward<A>(arguments)...));
    }
};

struct CommandInfo {
    Text words;       // "core show channels [concise|verbose|count]": literal words, then what is taken as arguments
    Text synopsis;    // one line for `core show help`
    Text text;        // usage in full
    bool needs_root = false;  // permission `root` of cli_permissions.conf by default: stop, restart, module unload, ...
};
using CommandWords = std::span<const std::string>;
// Runs on a fiber and may wait. `arguments`: the words after the literal ones. Errors are printed and make -rx exit 1.
using CommandFunction = std::function<Result<void>(Console& console, CommandWords arguments)>;
// Words that may come at position `index` of the arguments; those that do not begin with `word` are left out later.
using CommandCompletion =
    std::function<std::vector<std::string>(CommandWords arguments, std::size_t index, std::string_view word)>;
Result<Registration> register_in(Module& module, const CommandInfo& info, CommandFunction function,
                                 CommandCompletion completion = {});

// Finds the command by its words (unambiguous abbreviations too) and runs it. Waits. Errors: not_found "No such command
// 'x' (type 'core show help x' for other possible commands)", refused.
Result<void> run_command(Console& console, std::string_view line);
std::vector<std::string> complete_command(std::string_view line);

// Aligned columns for listings: header once, rows in slices, so that a long list stalls nobody.
class Table {
  public:
    struct Column {
        std::string title;
        unsigned width;           // 0: what is left
        bool right = false;
    };
    Table(Console& console, std::vector<Column> columns);
    Result<void> header();  // once; row() does it as well, so needed only for a list that may be empty
    Result<void> row(std::vector<std::string> cells);  // may wait

  private:
    Console& console_;
    std::vector<Column> columns_;
    std::size_t rows_ = 0;
    bool header_written_ = false;
};

}  // namespace jackfield
