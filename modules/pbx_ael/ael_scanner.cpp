// Characters and words of AEL.
#include "modules/pbx_ael/ael_scanner.hpp"

#include "core/base/strings.hpp"

namespace jackfield::ael {

void Scanner::step() {
    if (text_[at_++] == '\n') ++line_;
}

void Scanner::skip_blanks() {
    while (at_ < text_.size()) {
        const std::string_view rest = text_.substr(at_);
        if (rest.starts_with("//")) {
            while (at_ < text_.size() && text_[at_] != '\n') step();
        } else if (rest.starts_with("/*")) {
            const auto end = text_.find("*/", at_ + 2);
            const std::size_t stop = end == std::string_view::npos ? text_.size() : end + 2;
            while (at_ < stop) step();
        } else if (std::string_view(" \t\r\n").contains(rest.front())) {
            step();
        } else {
            return;
        }
    }
}

bool Scanner::take(std::string_view word) {
    if (!peek(word)) return false;
    at_ += word.size();
    return true;
}

std::string Scanner::word() {
    skip_blanks();
    const std::size_t begin = at_;
    int brackets = 0;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '[') ++brackets;
        if (c == ']' && brackets) --brackets;
        if (!brackets && std::string_view(" \t\r\n;{}()=>,&|:\"'").contains(c)) break;
        step();
    }
    return std::string(text_.substr(begin, at_ - begin));
}

std::string Scanner::text_until(std::string_view ends) {
    skip_blanks();
    const std::size_t begin = at_;
    int depth = 0;
    bool quoted = false;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (depth == 0 && !quoted && ends.contains(c)) break;
        if (c == '\\' && at_ + 1 < text_.size()) step();
        if (c == '"') quoted = !quoted;
        if (!quoted && (c == '(' || c == '{' || c == '[')) ++depth;
        if (!quoted && (c == ')' || c == '}' || c == ']') && depth) --depth;
        step();
    }
    std::string text(trim(text_.substr(begin, at_ - begin)));
    for (char& c : text)
        if (c == '\n' || c == '\r') c = ' ';
    return text;
}

bool Scanner::parenthesised(std::string& inside) {
    if (!take("(")) return false;
    inside = text_until(")");
    return take(")");
}

void Scanner::skip_statement() {
    (void)text_until(";}");
    (void)take(";");
}

}  // namespace jackfield::ael
