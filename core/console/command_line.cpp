// Words of a command line, and the pattern of words that a command declares.
#include "core/console/command_line.hpp"

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_literal(std::string_view word) {
    return std::ranges::all_of(word, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '!' || c == '?';
    });
}

}  // namespace

CommandLine split_command_line(std::string_view line) {
    CommandLine result;
    bool inside = false, quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (!quoted && (is_blank(c) || c == '\r' || c == '\n')) {
            inside = false;
            continue;
        }
        if (!inside) {
            result.words.emplace_back();
            inside = true;
        }
        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && i + 1 < line.size())
            result.words.back() += line[++i];
        else
            result.words.back() += c;
    }
    result.ends_in_word = inside;
    return result;
}

std::string quote_word(std::string_view word) {
    if (!word.empty() && word.find_first_of(" \t\"\\") == std::string_view::npos) return std::string(word);
    std::string quoted = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

CommandPattern CommandPattern::parse(std::string_view words) {
    CommandPattern pattern;
    for (const std::string_view word : split_list(words, ' ')) {
        if (pattern.arguments.empty() && is_literal(word))
            pattern.literal.emplace_back(word);
        else
            pattern.arguments.emplace_back(word);
    }
    return pattern;
}

std::vector<std::string> CommandPattern::alternatives(std::size_t index) const {
    if (index >= arguments.size()) return {};
    std::string_view text = arguments[index];
    while (!text.empty() && (text.front() == '[' || text.front() == '{')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ']' || text.back() == '}')) text.remove_suffix(1);
    std::vector<std::string> words;
    for (const std::string_view word : split_list(text, '|'))
        if (is_literal(word)) words.emplace_back(word);
    return words;
}

}  // namespace jackfield
