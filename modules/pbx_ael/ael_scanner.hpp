// Characters and words of AEL, with the line where they stand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jackfield::ael {

class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool at_end() {
        skip_blanks();
        return at_ == text_.size();
    }
    std::uint32_t line() const { return line_; }
    // The next character that is no blank and in no comment; '\0' at the end.
    char peek() {
        skip_blanks();
        return at_ < text_.size() ? text_[at_] : '\0';
    }
    bool peek(std::string_view word) {
        skip_blanks();
        return text_.substr(at_).starts_with(word);
    }
    // Takes it when it is next.
    bool take(std::string_view word);
    // A name: everything up to a blank or one of ; { } ( ) = > , & | : " '. Empty when none is next.
    std::string word();
    // The text up to one of `ends` outside of ${}, $[], () and quotes, without blanks around it; that character stays.
    std::string text_until(std::string_view ends);
    // What stands in the parentheses that open next, without them; empty and false when they never close.
    bool parenthesised(std::string& inside);
    // Goes on behind the next of ; and }, or at the end: after a mistake.
    void skip_statement();
    std::size_t position() const { return at_; }
    void go_back(std::size_t position, std::uint32_t line) {
        at_ = position;
        line_ = line;
    }

  private:
    void skip_blanks();
    void step();

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
};

}  // namespace jackfield::ael
