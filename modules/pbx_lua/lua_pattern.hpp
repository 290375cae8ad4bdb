// Patterns of Lua (Reference Manual 5.4, 6.4.1) with a bound on the steps that matching takes: those of Lua's own library can run
// for years on a short text, and nothing stops them meanwhile.
#pragma once

#include <bitset>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield::lua {

class LuaPattern {
  public:
    static constexpr std::size_t most_captures = 32, most_items = 200;
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);

    // `anchors`: a `^` at the beginning is an anchor (not so in string.gmatch). Errors: invalid, in Lua's words.
    static Result<LuaPattern> parse(std::string_view text, bool anchors = true);

    struct Capture {
        std::size_t begin = 0, end = npos;  // end: npos while it is open
        bool position = false;              // "()": `begin` is the value
    };
    struct Match {
        std::size_t end = npos;  // npos: none
        std::vector<Capture> captures;
    };
    // Every some thousand steps `spend` is told how many those were; it may throw to end the search.
    using Spend = std::function<void(std::size_t steps)>;
    // Matches at exactly that byte. Pure but for `spend`; stack in proportion to the pattern.
    void match(std::string_view text, std::size_t at, const Spend& spend, Match& found) const;

    bool anchored() const { return anchored_; }
    std::size_t captures() const { return captures_; }

  private:
    enum class Kind : unsigned char { one, any, most, fewest, maybe, open, position, close, back, balanced, frontier, end };
    struct Item {
        Kind kind;
        std::bitset<256> set = {};
        std::size_t capture = 0;   // open, position, close, back
        char left = 0, right = 0;  // balanced
    };
    class Parser;
    class Run;

    std::vector<Item> items_;
    std::size_t captures_ = 0;
    bool anchored_ = false;
};

}  // namespace jackfield::lua
