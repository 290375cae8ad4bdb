// Patterns of Lua with a bound on the steps.
#include "modules/pbx_lua/lua_pattern.hpp"

#include <cctype>

namespace jackfield::lua {
namespace {

using CharacterSet = std::bitset<256>;

std::size_t place_of(char c) { return static_cast<unsigned char>(c); }

// %a and its like; the letter itself where it is no class.
CharacterSet class_set(char letter) {
    int (*test)(int) = nullptr;
    switch (std::tolower(static_cast<unsigned char>(letter))) {
        case 'a': test = std::isalpha; break;
        case 'c': test = std::iscntrl; break;
        case 'd': test = std::isdigit; break;
        case 'g': test = std::isgraph; break;
        case 'l': test = std::islower; break;
        case 'p': test = std::ispunct; break;
        case 's': test = std::isspace; break;
        case 'u': test = std::isupper; break;
        case 'w': test = std::isalnum; break;
        case 'x': test = std::isxdigit; break;
        default: break;
    }
    CharacterSet set;
    if (!test) return set.set(place_of(letter));
    for (int c = 0; c < 256; ++c) set[static_cast<std::size_t>(c)] = test(c) != 0;
    return std::isupper(static_cast<unsigned char>(letter)) ? ~set : set;
}

}  // namespace

// One pass over the pattern's text.
class LuaPattern::Parser {
  public:
    Parser(std::string_view text, LuaPattern& pattern) : text_(text), pattern_(pattern) {}

    Result<void> parse() {
        while (at_ < text_.size()) {
            if (pattern_.items_.size() >= most_items) return fail(ErrorCode::invalid, "pattern too complex");
            const char c = text_[at_++];
            if (c == '(')
                JF_TRY(open());
            else if (c == ')')
                JF_TRY(close());
            else if (c == '$' && at_ == text_.size())
                add({.kind = Kind::end});
            else
                JF_TRY(piece(c));
        }
        if (!open_.empty()) return fail(ErrorCode::invalid, "unfinished capture");
        return {};
    }

  private:
    void add(Item item) { pattern_.items_.push_back(item); }

    Result<void> open() {
        if (pattern_.captures_ == most_captures) return fail(ErrorCode::invalid, "too many captures");
        const std::size_t capture = pattern_.captures_++;
        if (at_ < text_.size() && text_[at_] == ')') {
            ++at_;
            add({.kind = Kind::position, .capture = capture});
            return {};
        }
        open_.push_back(capture);
        add({.kind = Kind::open, .capture = capture});
        return {};
    }
    Result<void> close() {
        if (open_.empty()) return fail(ErrorCode::invalid, "invalid pattern capture");
        add({.kind = Kind::close, .capture = open_.back()});
        open_.pop_back();
        return {};
    }

    // A set of characters with what may follow it, or one of %b, %f, %1.
    Result<void> piece(char c) {
        CharacterSet set;
        if (c == '.') {
            set.set();
        } else if (c == '[') {
            set = JF_TRY(bracket());
        } else if (c == '%') {
            if (at_ == text_.size()) return fail(ErrorCode::invalid, "malformed pattern (ends with '%')");
            const char letter = text_[at_++];
            if (letter == 'b') return balanced();
            if (letter == 'f') return frontier();
            if (letter >= '0' && letter <= '9') return back(letter);
            set = class_set(letter);
        } else {
            set.set(place_of(c));
        }
        add({.kind = quantity(), .set = set});
        return {};
    }
    Kind quantity() {
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        const Kind kind = c == '*' ? Kind::any : c == '+' ? Kind::most : c == '-' ? Kind::fewest : c == '?' ? Kind::maybe : Kind::one;
        if (kind != Kind::one) ++at_;
        return kind;
    }
    // Behind its `[`. A `]` at the beginning stands for itself.
    Result<CharacterSet> bracket() {
        CharacterSet set;
        const bool negated = at_ < text_.size() && text_[at_] == '^';
        if (negated) ++at_;
        for (bool first = true;; first = false) {
            if (at_ == text_.size()) return fail(ErrorCode::invalid, "malformed pattern (missing ']')");
            const char c = text_[at_++];
            if (c == ']' && !first) return negated ? ~set : set;
            if (c == '%') {
                if (at_ == text_.size()) return fail(ErrorCode::invalid, "malformed pattern (missing ']')");
                set |= class_set(text_[at_++]);
            } else if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
                for (std::size_t each = place_of(c); each <= place_of(text_[at_ + 1]); ++each) set.set(each);
                at_ += 2;
            } else {
                set.set(place_of(c));
            }
        }
    }
    Result<void> balanced() {
        if (text_.size() - at_ < 2) return fail(ErrorCode::invalid, "malformed pattern (missing arguments to '%b')");
        add({.kind = Kind::balanced, .left = text_[at_], .right = text_[at_ + 1]});
        at_ += 2;
        return {};
    }
    Result<void> frontier() {
        if (at_ == text_.size() || text_[at_] != '[') return fail(ErrorCode::invalid, "missing '[' after '%f' in pattern");
        ++at_;
        add({.kind = Kind::frontier, .set = JF_TRY(bracket())});
        return {};
    }
    Result<void> back(char digit) {
        const auto number = static_cast<std::size_t>(digit - '1');
        bool whole = digit != '0' && number < pattern_.captures_;
        for (const std::size_t each : open_) whole = whole && each != number;
        if (!whole) return fail(ErrorCode::invalid, "invalid capture index %{}", digit);
        add({.kind = Kind::back, .capture = number});
        return {};
    }

    std::string_view text_;
    LuaPattern& pattern_;
    std::size_t at_ = 0;
    std::vector<std::size_t> open_;
};

// A try at one place. Recursion goes one level deeper for each item that can match in several ways, or that has to be undone.
class LuaPattern::Run {
  public:
    Run(const LuaPattern& pattern, std::string_view text, const Spend& spend, Match& result)
        : items_(pattern.items_), text_(text), spend_(spend), result_(result) {}

    std::size_t from(std::size_t item, std::size_t at) {
        for (; item < items_.size(); ++item) {
            step();
            const Item& now = items_[item];
            switch (now.kind) {
                case Kind::one:
                    if (!fits(now, at)) return npos;
                    ++at;
                    break;
                case Kind::end:
                    if (at != text_.size()) return npos;
                    break;
                case Kind::frontier:
                    if (now.set[at ? place_of(text_[at - 1]) : 0] || !now.set[at < text_.size() ? place_of(text_[at]) : 0]) return npos;
                    break;
                case Kind::back:
                    if ((at = repeated(now, at)) == npos) return npos;
                    break;
                case Kind::balanced:
                    if ((at = balance(now, at)) == npos) return npos;
                    break;
                case Kind::any: return longest(item, at, 0);
                case Kind::most: return longest(item, at, 1);
                case Kind::fewest: return shortest(item, at);
                case Kind::maybe:
                    if (fits(now, at))
                        if (const std::size_t end = from(item + 1, at + 1); end != npos) return end;
                    break;
                case Kind::open:
                case Kind::position:
                case Kind::close: return capture(item, at);
            }
        }
        return at;
    }
    void finish() { spend_(steps_); }

  private:
    void step() {
        if (++steps_ < 10'000) return;
        spend_(steps_);
        steps_ = 0;
    }
    bool fits(const Item& item, std::size_t at) const { return at < text_.size() && item.set[place_of(text_[at])]; }

    std::size_t longest(std::size_t item, std::size_t at, std::size_t least) {
        std::size_t count = 0;
        for (; fits(items_[item], at + count); ++count) step();
        for (;; --count) {
            if (count < least) return npos;
            if (const std::size_t end = from(item + 1, at + count); end != npos) return end;
            if (count == 0) return npos;
        }
    }
    std::size_t shortest(std::size_t item, std::size_t at) {
        for (;; ++at) {
            step();
            if (const std::size_t end = from(item + 1, at); end != npos) return end;
            if (!fits(items_[item], at)) return npos;
        }
    }
    std::size_t capture(std::size_t item, std::size_t at) {
        const Item& now = items_[item];
        const Capture before = result_.captures[now.capture];
        if (now.kind == Kind::close)
            result_.captures[now.capture].end = at;
        else
            result_.captures[now.capture] = {at, now.kind == Kind::position ? at : npos, now.kind == Kind::position};
        const std::size_t end = from(item + 1, at);
        if (end == npos) result_.captures[now.capture] = before;
        return end;
    }
    std::size_t repeated(const Item& item, std::size_t at) const {
        const Capture& earlier = result_.captures[item.capture];
        if (earlier.position) return npos;
        const std::string_view wanted = text_.substr(earlier.begin, earlier.end - earlier.begin);
        return text_.substr(at).starts_with(wanted) ? at + wanted.size() : npos;
    }
    std::size_t balance(const Item& item, std::size_t at) {
        if (at >= text_.size() || text_[at] != item.left) return npos;
        std::size_t depth = 1;
        while (++at < text_.size()) {
            step();
            if (text_[at] == item.right) {
                if (--depth == 0) return at + 1;
            } else if (text_[at] == item.left) {
                ++depth;
            }
        }
        return npos;
    }

    const std::vector<Item>& items_;
    std::string_view text_;
    const Spend& spend_;
    Match& result_;
    std::size_t steps_ = 0;
};

Result<LuaPattern> LuaPattern::parse(std::string_view text, bool anchors) {
    LuaPattern pattern;
    if (anchors && text.starts_with('^')) {
        pattern.anchored_ = true;
        text.remove_prefix(1);
    }
    JF_TRY(Parser(text, pattern).parse());
    return pattern;
}

void LuaPattern::match(std::string_view text, std::size_t at, const Spend& spend, Match& found) const {
    found.captures.assign(captures_, {});
    Run run(*this, text, spend, found);
    found.end = run.from(0, at);
    run.finish();
}

}  // namespace jackfield::lua
