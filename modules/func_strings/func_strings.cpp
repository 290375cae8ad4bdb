// func_strings: texts, lists and times in the dialplan.
#include "modules/func_strings/func_strings.hpp"

namespace jackfield::func_strings {

std::optional<char> take_character(std::string_view& text) {
    if (text.empty()) return {};
    const char first = text.front();
    text.remove_prefix(1);
    if (first != '\\' || text.empty()) return first;
    const char kind = text.front();
    text.remove_prefix(1);
    switch (kind) {
        case 'a': return '\a';
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'v': return '\v';
        case 'x':
        case '0': break;
        default: return kind;
    }
    const int base = kind == 'x' ? 16 : 8;
    const std::size_t longest = kind == 'x' ? 2 : 3;
    unsigned value = 0;
    const char* const begin = text.data();
    const auto [end, error] = std::from_chars(begin, begin + std::min(longest, text.size()), value, base);
    if (error != std::errc{}) return kind == 'x' ? 'x' : '\0';
    text.remove_prefix(static_cast<std::size_t>(end - begin));
    return static_cast<char>(value);
}

std::string characters(std::string_view text) {
    std::string all;
    while (const auto next = take_character(text)) all += *next;
    return all;
}

}  // namespace jackfield::func_strings

using namespace jackfield;

namespace {

Result<void> load(Module& module) {
    JF_TRY(func_strings::add_texts(module));
    JF_TRY(func_strings::add_fields(module));
    return func_strings::add_times(module);
}

}  // namespace

JACKFIELD_MODULE("func_strings", "Texts, lists and times", load)
