// Lines of a configuration file: comments taken off, sections, settings and directives told apart. Private to core/config.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>

namespace jackfield {

enum class ConfigOperator : std::uint8_t {
    assign,  // key = value
    arrow,   // key => value
    append,  // key += value
};

struct ConfigLine {
    enum class Kind : std::uint8_t { blank, section, setting, directive, malformed } kind = Kind::blank;
    std::uint32_t number = 0;
    std::string_view raw;      // the physical line without its newline
    std::string_view name;     // of the section, key or directive (without #)
    std::string_view value;    // of the setting or directive; what stands in the section's parentheses
    ConfigOperator op = ConfigOperator::assign;
    bool has_options = false;  // the section has parentheses
    const char* problem = nullptr;  // malformed: what to say
};

// Reads a text line by line. Views point into the text, or into the arena where an escape or a comment inside the line
// made a copy necessary. A UTF-8 byte order mark is skipped.
class ConfigLexer {
  public:
    ConfigLexer(std::string_view text, std::pmr::memory_resource* arena);
    // False at the end of the text.
    bool next(ConfigLine& line);
    // True after a line that ends inside a block comment.
    bool in_comment() const { return depth_ > 0; }
    // The line at which a block comment began that the text never ends; 0 when there is none.
    std::uint32_t open_comment() const { return depth_ > 0 ? comment_line_ : 0; }

  private:
    std::string_view without_comments(std::string_view line);
    std::string_view rest_;
    std::pmr::memory_resource* arena_;
    std::uint32_t number_ = 0;
    std::uint32_t depth_ = 0;  // of nested ;-- --;
    std::uint32_t comment_line_ = 0;
};

}  // namespace jackfield
