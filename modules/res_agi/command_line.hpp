// What a script sends: lines, and the words of a line. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::agi {

// Splits at blanks and tabs outside of double quotes. A backslash takes the next character as it is, inside of quotes
// too; quotes that stand next to other text belong to its word, and "" alone is an empty word. What comes after the
// `most`-th word is left out.
constexpr std::size_t most_words = 127;
std::vector<std::string> split_words(std::string_view line, std::size_t most = most_words);

// Cuts a stream of bytes into lines. A line ends with LF or CR LF; one above the limit is given once, as too long, and
// nothing of it is kept.
class LineCutter {
  public:
    static constexpr std::size_t longest_line = 64 * 1024;
    explicit LineCutter(std::size_t limit = longest_line) : limit_(limit) {}

    struct Line {
        std::string text;
        bool too_long = false;  // the text is empty then
    };
    void feed(std::string_view bytes);
    // The next whole line, if one has come.
    std::optional<Line> next();
    // What stands behind the last line end when no more bytes will come.
    std::optional<Line> rest();

  private:
    std::size_t limit_;
    std::string buffer_;
    std::size_t searched_ = 0;  // so far there is no line end
    bool skipping_ = false;     // within a line that was too long
};

}  // namespace jackfield::agi
