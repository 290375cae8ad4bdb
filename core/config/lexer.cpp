// Lines of a configuration file: comments taken off, sections, settings and directives told apart.
#include "core/config/lexer.hpp"

#include <cstring>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

// ";--" opens a block comment unless a further dash follows: ";-----" is a ruler that people draw.
bool opens_block(std::string_view at) { return at.starts_with(";--") && !at.starts_with(";---"); }

void split_section(ConfigLine& line, std::string_view text) {
    const auto end = text.find(']');
    if (end == text.npos) {
        line.kind = ConfigLine::Kind::malformed;
        line.problem = "the section's name has no closing ]";
        return;
    }
    line.kind = ConfigLine::Kind::section;
    line.name = trim(text.substr(1, end - 1));
    const auto after = trim(text.substr(end + 1));
    if (after.empty()) return;
    if (after.front() == '(' && after.back() == ')' && after.find(')') == after.size() - 1) {
        line.has_options = true;
        line.value = trim(after.substr(1, after.size() - 2));
        return;
    }
    line.kind = ConfigLine::Kind::malformed;
    line.problem = after.front() == '(' ? "the section's options have no closing ) at the end of the line"
                                        : "text after the section's ]; only (!), (+) and templates may follow";
}

void split_setting(ConfigLine& line, std::string_view text) {
    // A first character after a backslash is text, so that keys may begin with [ or #.
    const bool escaped = text.starts_with('\\');
    if (escaped) text.remove_prefix(1);
    const auto equals = text.find('=', escaped ? 1 : 0);
    if (equals == text.npos) {
        line.kind = ConfigLine::Kind::malformed;
        line.problem = "no = in the line; write key = value";
        return;
    }
    line.kind = ConfigLine::Kind::setting;
    auto key = text.substr(0, equals);
    auto value = text.substr(equals + 1);
    if (key.ends_with('+')) {
        line.op = ConfigOperator::append;
        key.remove_suffix(1);
        line.value = value;  // blanks in front are kept: they separate the old text from the new
    } else if (value.starts_with('>')) {
        line.op = ConfigOperator::arrow;
        line.value = trim(value.substr(1));
    } else {
        line.value = trim(value);
    }
    line.name = trim(key);
    if (line.name.empty()) {
        line.kind = ConfigLine::Kind::malformed;
        line.problem = "nothing stands before the =; write key = value";
    }
}

}  // namespace

ConfigLexer::ConfigLexer(std::string_view text, std::pmr::memory_resource* arena) : rest_(text), arena_(arena) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
}

bool ConfigLexer::next(ConfigLine& line) {
    if (rest_.empty()) return false;
    line = ConfigLine{};
    line.number = ++number_;
    const auto* const end = static_cast<const char*>(std::memchr(rest_.data(), '\n', rest_.size()));
    const auto size = end ? static_cast<std::size_t>(end - rest_.data()) : rest_.size();
    line.raw = rest_.substr(0, size);
    rest_.remove_prefix(end ? size + 1 : size);

    const auto text = trim(without_comments(line.raw));
    if (text.empty()) return true;
    if (text.front() == '[') {
        split_section(line, text);
    } else if (text.front() == '#') {
        line.kind = ConfigLine::Kind::directive;
        const auto blank = text.find_first_of(" \t\"<");
        line.name = text.substr(1, blank == text.npos ? text.npos : blank - 1);
        line.value = blank == text.npos ? std::string_view{} : trim(text.substr(blank));
    } else {
        split_setting(line, text);
    }
    return true;
}

std::string_view ConfigLexer::without_comments(std::string_view line) {
    if (depth_ == 0 && std::memchr(line.data(), ';', line.size()) == nullptr) return line;
    // Most comments reach to the line's end with no escape before them: no copy.
    if (depth_ == 0) {
        const auto first = line.find(';');
        if ((first == 0 || line[first - 1] != '\\') && !opens_block(line.substr(first))) return line.substr(0, first);
    }
    auto* const copy = static_cast<char*>(arena_->allocate(line.size(), 1));
    std::size_t size = 0;
    for (std::size_t i = 0; i < line.size();) {
        const auto at = line.substr(i);
        if (depth_ > 0) {
            if (at.starts_with("--;")) {
                --depth_;
                i += 3;
            } else if (opens_block(at)) {
                ++depth_;
                i += 3;
            } else {
                ++i;
            }
        } else if (at.starts_with("\\;")) {
            copy[size++] = ';';
            i += 2;
        } else if (at.front() == ';') {
            if (!opens_block(at)) break;
            comment_line_ = number_;
            ++depth_;
            i += 3;
        } else {
            copy[size++] = at.front();
            ++i;
        }
    }
    return {copy, size};
}

}  // namespace jackfield
