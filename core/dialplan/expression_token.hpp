// Words and signs of a $[...] expression.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace jackfield {

struct ExpressionToken {
    enum class Kind {
        end,
        number,
        word,
        open,
        close,
        comma,
        condition,
        otherwise,
        logical_or,
        logical_and,
        equal,
        not_equal,
        less,
        greater,
        less_equal,
        greater_equal,
        plus,
        minus,
        times,
        divide,
        modulo,
        complement,
        colon,
        match,
        concatenate,
    };
    Kind kind = Kind::end;
    std::string_view text;     // part of the scanned text
    std::size_t position = 0;  // of its first character, counted from 0
};

// Cuts an expression into tokens. Pure; keeps a view of the text, which must live as long.
class ExpressionScanner {
  public:
    explicit ExpressionScanner(std::string_view text) : text_(text) {}
    // The next token, again and again `end` after the last.
    ExpressionToken next();
    std::string_view text() const { return text_; }

    // The first character that no token can hold ([ ] { } ` and a lone ~ or "): such are left out, as in Asterisk.
    struct Skipped {
        char character;
        std::size_t position;
    };
    std::optional<Skipped> skipped() const { return skipped_; }

  private:
    std::optional<ExpressionToken> sign();
    std::size_t word_end(std::size_t at) const;
    std::size_t variable_end(std::size_t at) const;

    std::string_view text_;
    std::size_t at_ = 0;
    std::optional<Skipped> skipped_;
};

}  // namespace jackfield
