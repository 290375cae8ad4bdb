// Extensions and caller numbers as the dialplan writes them.
#include "core/dialplan/pattern.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bitset>
#include <mutex>

namespace jackfield {
namespace {

using CharacterSet = std::bitset<256>;

// Every set of characters that any pattern uses, found by its number. Entries are written once, before their number
// is known to anyone, so that reading needs no lock.
constexpr std::size_t max_sets = 4096;
struct SetTable {
    std::array<CharacterSet, max_sets> sets;
    std::size_t count = 1;  // number 0 means no set
    std::mutex mutex;
};
SetTable& table() {
    static SetTable instance;
    return instance;
}

}  // namespace

Result<PatternSymbol> PatternSymbol::set(std::string_view characters) {
    CharacterSet wanted;
    for (const unsigned char c : characters) wanted.set(c);
    if (wanted.none()) return fail(ErrorCode::invalid, "an empty set of characters");
    std::uint32_t lowest = 0;
    while (!wanted[lowest]) ++lowest;
    if (wanted.count() == 1) return character(static_cast<unsigned char>(lowest));

    SetTable& known = table();
    const std::lock_guard lock(known.mutex);
    std::size_t number = 1;
    while (number < known.count && known.sets[number] != wanted) ++number;
    if (number == max_sets) return fail(ErrorCode::limit, "more than {} different character sets", max_sets - 1);
    if (number == known.count) known.sets[known.count++] = wanted;
    const auto rank = static_cast<std::uint32_t>(wanted.count()) << 8 | lowest;
    return PatternSymbol(rank << rank_shift | static_cast<std::uint32_t>(number));
}

bool PatternSymbol::set_contains(unsigned char c) const { return table().sets[value_ & set_mask][c]; }

// Of two sets of equal size and first character the one with the lower characters comes first.
std::strong_ordering PatternSymbol::compare_sets(const PatternSymbol& other) const {
    const CharacterSet &a = table().sets[value_ & set_mask], &b = table().sets[other.value_ & set_mask];
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i]) return a[i] ? std::strong_ordering::less : std::strong_ordering::greater;
    return std::strong_ordering::equal;
}

namespace {

// The inside of [...]: single characters and ranges; a dash at either end is itself.
std::string expand_set(std::string_view inside) {
    std::string characters;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        if (i + 2 < inside.size() && inside[i + 1] == '-') {
            const int last = static_cast<unsigned char>(inside[i + 2]);
            for (int c = static_cast<unsigned char>(inside[i]); c <= last; ++c) characters += static_cast<char>(c);
            i += 2;
        } else {
            characters += inside[i];
        }
    }
    return characters;
}

Result<PatternSymbol> symbol_of(char c) {
    switch (c) {
        case 'x':
        case 'X':
            return PatternSymbol::set("0123456789");
        case 'z':
        case 'Z':
            return PatternSymbol::set("123456789");
        case 'n':
        case 'N':
            return PatternSymbol::set("23456789");
        case '.':
            return PatternSymbol::one_or_more();
        case '!':
            return PatternSymbol::zero_or_more();
        default:
            return PatternSymbol::character(static_cast<unsigned char>(c));
    }
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view written) {
    if (written.size() > max_number_length)
        return fail(ErrorCode::limit, "an extension of more than {} characters", max_number_length);
    Pattern result;
    result.text_ = written;
    result.is_pattern_ = written.starts_with('_');
    if (!result.is_pattern_) {
        for (const char c : written)
            if (c != '-') result.symbols_.push_back(PatternSymbol::character(static_cast<unsigned char>(c)));
        return result;
    }
    for (std::size_t i = 1; i < written.size(); ++i) {
        if (written[i] == '-') continue;
        if (written[i] != '[') {
            const PatternSymbol symbol = JF_TRY(symbol_of(written[i]));
            result.symbols_.push_back(symbol);
            continue;
        }
        const auto close = written.find(']', i);
        if (close == std::string_view::npos)
            return fail(ErrorCode::invalid, "`]` is missing in the pattern `{}`", written);
        const std::string characters = expand_set(written.substr(i + 1, close - i - 1));
        i = close;
        if (characters.empty()) continue;
        const PatternSymbol symbol = JF_TRY(PatternSymbol::set(characters));
        result.symbols_.push_back(symbol);
    }
    if (result.symbols_.empty()) return fail(ErrorCode::invalid, "the pattern `{}` has nothing after its `_`", written);
    return result;
}

bool Pattern::matches(std::string_view written_number, MatchMode mode) const {
    std::string buffer;
    const std::string_view number = without_dashes(written_number, buffer);
    for (std::size_t i = 0; i < symbols_.size(); ++i) {
        const PatternSymbol symbol = symbols_[i];
        if (symbol.is_zero_or_more()) return mode != MatchMode::match_more;
        if (i == number.size()) return mode != MatchMode::match;
        if (symbol.is_one_or_more()) return true;
        if (!symbol.contains(static_cast<unsigned char>(number[i]))) return false;
    }
    return number.size() == symbols_.size() && mode != MatchMode::match_more;
}

std::strong_ordering Pattern::operator<=>(const Pattern& other) const {
    if (is_pattern_ != other.is_pattern_)
        return is_pattern_ ? std::strong_ordering::greater : std::strong_ordering::less;
    const std::size_t common = std::min(symbols_.size(), other.symbols_.size());
    for (std::size_t i = 0; i < common; ++i)
        if (const auto order = symbols_[i] <=> other.symbols_[i]; order != 0) return order;
    // The end of a pattern is its least specific place; of two names the shorter one comes first.
    const auto by_length = symbols_.size() <=> other.symbols_.size();
    return is_pattern_ ? 0 <=> by_length : by_length;
}

std::string_view without_dashes(std::string_view number, std::string& buffer) {
    if (number.find('-') == std::string_view::npos) return number;
    buffer = number;
    std::erase(buffer, '-');
    return buffer;
}

}  // namespace jackfield
