// Words and signs of a $[...] expression.
#include "core/dialplan/expression_token.hpp"

#include <array>

namespace jackfield {
namespace {

using Kind = ExpressionToken::Kind;

struct Sign {
    std::string_view text;
    Kind kind;
};
// Longer signs first, so that the longest one wins.
constexpr auto signs = std::to_array<Sign>({
    {"||", Kind::logical_or},  {"&&", Kind::logical_and},   {"==", Kind::equal},      {"=~", Kind::match},
    {"~~", Kind::concatenate}, {">=", Kind::greater_equal}, {"<=", Kind::less_equal}, {"!=", Kind::not_equal},
    {"::", Kind::otherwise},   {"|", Kind::logical_or},     {"&", Kind::logical_and}, {"=", Kind::equal},
    {">", Kind::greater},      {"<", Kind::less},           {"+", Kind::plus},        {",", Kind::comma},
    {"-", Kind::minus},        {"*", Kind::times},          {"/", Kind::divide},      {"%", Kind::modulo},
    {"?", Kind::condition},    {"!", Kind::complement},     {":", Kind::colon},       {"(", Kind::open},
    {")", Kind::close},
});

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80 ||
           std::string_view(".';\\_^#@").find(c) != std::string_view::npos;
}

// Digits, or digits, a dot and digits.
bool is_number(std::string_view text) {
    const auto dot = text.find('.');
    const auto all_digits = [](std::string_view part) {
        return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (dot == std::string_view::npos) return all_digits(text);
    return all_digits(text.substr(0, dot)) && all_digits(text.substr(dot + 1));
}

}  // namespace

ExpressionToken ExpressionScanner::next() {
    for (; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        const std::size_t start = at_;
        if (c == '"') {
            if (const auto close = text_.find('"', at_ + 1); close != std::string_view::npos) {
                at_ = close + 1;
                return {Kind::word, text_.substr(start, at_ - start), start};
            }
        } else if (const auto found = sign()) {
            return *found;
        } else if (const std::size_t end = word_end(at_); end > at_) {
            at_ = end;
            const std::string_view word = text_.substr(start, end - start);
            return {is_number(word) ? Kind::number : Kind::word, word, start};
        }
        if (!skipped_) skipped_ = Skipped{c, at_};
    }
    return {Kind::end, {}, text_.size()};
}

std::optional<ExpressionToken> ExpressionScanner::sign() {
    const std::string_view rest = text_.substr(at_);
    for (const Sign& sign : signs) {
        if (!rest.starts_with(sign.text)) continue;
        const std::size_t start = at_;
        at_ += sign.text.size();
        return ExpressionToken{sign.kind, rest.substr(0, sign.text.size()), start};
    }
    return {};
}

// End of the word at `at`. A ${...} left in the text by a value stays in one piece with what follows it.
std::size_t ExpressionScanner::word_end(std::size_t at) const {
    bool trailing = false;
    while (at < text_.size()) {
        if (text_[at] == '$') {
            if (at + 1 == text_.size()) break;
            const bool variable = text_[at + 1] == '{';
            at = variable ? variable_end(at + 2) : at + 2;
            trailing = trailing || variable;
            continue;
        }
        if (trailing ? std::string_view("-\t\r \n():?%/+=*<>!|&").find(text_[at]) != std::string_view::npos
                     : !is_word_character(text_[at]))
            break;
        ++at;
    }
    return at;
}

std::size_t ExpressionScanner::variable_end(std::size_t at) const {
    for (int open = 1; at < text_.size() && open; ++at) open += text_[at] == '{' ? 1 : text_[at] == '}' ? -1 : 0;
    return at;
}

}  // namespace jackfield
