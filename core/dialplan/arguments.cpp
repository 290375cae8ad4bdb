// Arguments of applications and functions, and option letters.
#include "core/dialplan/arguments.hpp"

#include <algorithm>

namespace jackfield {
namespace {

// Walks over one argument; knows when a separator counts.
class Nesting {
  public:
    bool open() const { return parentheses_ || brackets_ || quoted_; }
    void see(char c) {
        if (c == '(') ++parentheses_;
        if (c == ')' && parentheses_) --parentheses_;
        if (c == '[') ++brackets_;
        if (c == ']' && brackets_) --brackets_;
        if (c == '"') quoted_ = !quoted_;
    }

  private:
    int parentheses_ = 0, brackets_ = 0;
    bool quoted_ = false;
};

std::vector<std::string> divide(std::string_view text, char separator, std::size_t limit, bool keep) {
    std::vector<std::string> parts;
    if (text.empty()) return parts;
    Nesting nesting;
    std::string part;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (limit && parts.size() + 1 == limit && part.empty()) {
            parts.emplace_back(text.substr(i));
            return parts;
        }
        const char c = text[i];
        if (c == separator && !nesting.open()) {
            parts.push_back(std::move(part));
            part.clear();
            continue;
        }
        nesting.see(c);
        if (c == '\\') {
            if (keep) part += c;
            if (++i < text.size()) part += text[i];
        } else if (c != '"' || keep) {
            part += c;
        }
    }
    parts.push_back(std::move(part));
    return parts;
}

}  // namespace

std::vector<std::string> split_arguments(std::string_view text, char separator, std::size_t limit) {
    return divide(text, separator, limit, false);
}
std::vector<std::string> split_raw_arguments(std::string_view text, char separator, std::size_t limit) {
    return divide(text, separator, limit, true);
}

std::string Arguments::rest(std::size_t place) const {
    auto parts = split_raw_arguments(raw_, ',', place + 1);
    return place < parts.size() ? std::move(parts[place]) : std::string();
}

namespace {

// The argument that begins after an opening parenthesis at text[at - 1]; moves `at` behind the closing one.
// Quotes only count when the argument begins with one; a backslash outside them is removed.
std::optional<std::string> option_argument(std::string_view text, std::size_t& at) {
    std::string value;
    const bool quotes_count = at < text.size() && text[at] == '"';
    bool quoted = false;
    for (int open = 1; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '(' && !quoted) ++open;
        if (c == ')' && !quoted && --open == 0) {
            ++at;
            return value;
        }
        if (c == '"' && quotes_count) {
            quoted = !quoted;
            continue;
        }
        if (c == '\\' && at + 1 < text.size()) {
            if (quoted && text[at + 1] != '"') value += c;
            value += text[++at];
            continue;
        }
        value += c;
    }
    return {};
}

}  // namespace

Result<OptionLetters> OptionLetters::parse(std::string_view text, std::optional<std::string_view> allowed) {
    OptionLetters result;
    for (std::size_t at = 0; at < text.size();) {
        const char letter = text[at++];
        if (letter == ' ' || letter == '\t') continue;
        const bool known =
            static_cast<unsigned char>(letter) < 128 && (!allowed || allowed->find(letter) != std::string_view::npos);
        if (!known) return fail(ErrorCode::invalid, "there is no option `{}` (in `{}`)", letter, text);
        result.set_[static_cast<unsigned char>(letter)] = true;
        if (at == text.size() || text[at] != '(') continue;
        auto value = option_argument(text, ++at);
        if (!value) return fail(ErrorCode::invalid, "option `{}`: `)` is missing in `{}`", letter, text);
        std::erase_if(result.arguments_, [&](const auto& entry) { return entry.first == letter; });
        result.arguments_.emplace_back(letter, std::move(*value));
    }
    return result;
}

std::string_view OptionLetters::argument(char letter) const {
    const auto found = std::ranges::find(arguments_, letter, &std::pair<char, std::string>::first);
    return found == arguments_.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<std::string> OptionLetters::parts(char letter, char separator) const {
    return split_arguments(argument(letter), separator);
}

}  // namespace jackfield
