// Edits one configuration file and keeps everything else of it: comments, blank lines, order, spelling.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/lexer.hpp"

namespace jackfield {

// One file as its lines; includes are lines like others (a ConfigEntry's place tells which file to edit). Lines that were
// not edited are written back byte by byte. A plain value; pure; one thread.
class ConfigDocument {
  public:
    // Never fails: malformed lines are kept as they are.
    static ConfigDocument parse(std::string text);
    std::string text() const;

    // Which section: its name, and of several with that name the one that has these settings ("type=endpoint&...", also
    // with commas), or the first; or the one whose header stands in that line (from 1).
    struct Section {
        std::string name;
        std::string filter = {};
        std::size_t line = 0;
    };
    bool has(const Section& section) const { return !all(section, 1).empty(); }
    std::size_t count(const Section& section) const;  // how many there are that it fits
    // As written in this file: without inheritance and includes; the last value of the key.
    std::optional<std::string> value(const Section& section, std::string_view key) const;

    // All of them: not_found when the section isn't there; invalid when a name or value can't be written in the syntax
    // (line ends, "=" in a key, "]" in a section's name); refused when a block comment begins or ends in a line that would
    // have to change, since that would change the meaning of other lines.
    // Sets the last line of the key, or adds one after the section's last setting. The line's comment stays.
    Result<void> set(const Section& section, std::string_view key, std::string_view value);
    // Adds a line also if the key is there already.
    Result<void> add(const Section& section, std::string_view key, std::string_view value,
                     ConfigOperator op = ConfigOperator::assign);
    // Sets the line of the key that has the value `old_value`.
    Result<void> replace(const Section& section, std::string_view key, std::string_view old_value, std::string_view value);
    // The same as add(), in front of the section's setting number `place` (from 0), or behind the last one.
    Result<void> insert(const Section& section, std::size_t place, std::string_view key, std::string_view value,
                        ConfigOperator op = ConfigOperator::assign);
    // Removes the section's setting number `place` (from 0); not_found when it has fewer.
    Result<void> remove_at(const Section& section, std::size_t place);
    // Removes the lines of the key (with that value, if given); not_found when there is none.
    Result<void> remove(const Section& section, std::string_view key, std::optional<std::string_view> value = {});
    // Adds a section at the end; options stand in its parentheses, e.g. "!" or "template,+".
    Result<void> add_section(std::string_view name, std::string_view options = {});
    // Removes it with its settings and the comments between them; comments above its header stay.
    Result<void> remove_section(const Section& section);
    Result<void> rename_section(const Section& section, std::string_view name);
    // Removes its settings, keeps the header.
    Result<void> empty_section(const Section& section);

  private:
    struct Line {
        std::string text;  // as in the file, without the newline
        ConfigLine::Kind kind = ConfigLine::Kind::blank;
        std::string name, value;
        bool open = false;  // ends inside a block comment
    };
    struct Extent {
        std::size_t header, end;  // lines [header, end)
    };
    static Result<Line> make_setting(std::string_view key, std::string_view value, ConfigOperator op);
    bool open_before(std::size_t line) const { return line > 0 && lines_[line - 1].open; }
    // Fails when a block comment crosses an edge of one of the lines [first, end).
    Result<void> check_comments(std::size_t first, std::size_t end) const;
    Result<Extent> find(const Section& section) const;
    std::vector<Extent> all(const Section& section, std::size_t most = static_cast<std::size_t>(-1)) const;
    bool passes(const Extent& extent, std::string_view filter) const;
    // Gives the setting in that line another value.
    Result<void> set_line(std::size_t at, std::string_view key, std::string_view value);
    // The line of the section's setting number `place`.
    std::optional<std::size_t> setting_line(const Extent& extent, std::size_t place) const;
    std::optional<std::size_t> last_line(const Extent& extent, std::string_view key) const;

    std::vector<Line> lines_;
    bool final_newline_ = true;
};

// Replaces a file in one step: writes beside it, syncs (unless told not to), renames; mode and owner are kept. Blocks on the
// disk. Unsynced, what is written within the last seconds before a loss of power may be lost.
Result<void> write_config_file(const std::string& path, std::string_view text, bool sync = true);

}  // namespace jackfield
