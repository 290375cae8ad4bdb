// Functions of one text.
#include <algorithm>

#include "core/dialplan/expression_regex.hpp"
#include "modules/func_strings/func_strings.hpp"

namespace jackfield::func_strings {
namespace {

constexpr FunctionInfo len_info{.name = "LEN",
                                .syntax = "LEN(text)",
                                .synopsis = "How many bytes a text has",
                                .text = "Characters outside ASCII count as several."};
constexpr FunctionInfo upper_info{.name = "TOUPPER",
                                  .syntax = "TOUPPER(text)",
                                  .synopsis = "The text in capital letters",
                                  .text = "Letters of ASCII only."};
constexpr FunctionInfo lower_info{.name = "TOLOWER",
                                  .syntax = "TOLOWER(text)",
                                  .synopsis = "The text in small letters",
                                  .text = "Letters of ASCII only."};
constexpr FunctionInfo trim_info{.name = "TRIM",
                                 .syntax = "TRIM(text)",
                                 .synopsis = "The text without blanks at its ends",
                                 .text = "Blanks, tabs and line ends."};
constexpr FunctionInfo ltrim_info{.name = "LTRIM",
                                  .syntax = "LTRIM(text)",
                                  .synopsis = "The text without blanks at its beginning",
                                  .text = "Blanks, tabs and line ends."};
constexpr FunctionInfo rtrim_info{.name = "RTRIM",
                                  .syntax = "RTRIM(text)",
                                  .synopsis = "The text without blanks at its end",
                                  .text = "Blanks, tabs and line ends."};
constexpr FunctionInfo quote_info{.name = "QUOTE",
                                  .syntax = "QUOTE(text)",
                                  .synopsis = "The text in double quotes",
                                  .text = "Quotes and backslashes in it get a backslash."};
constexpr FunctionInfo csv_info{.name = "CSV_QUOTE",
                                .syntax = "CSV_QUOTE(text)",
                                .synopsis = "The text as a field of a CSV file",
                                .text = "In double quotes, with those in it doubled."};
constexpr FunctionInfo pass_info{.name = "PASSTHRU",
                                 .syntax = "PASSTHRU(text)",
                                 .synopsis = "The text itself",
                                 .text = "For functions that want the name of a variable and shall get a value."};
constexpr FunctionInfo eval_info{.name = "EVAL",
                                 .syntax = "EVAL(text)",
                                 .synopsis = "The text with its variables replaced once more",
                                 .text = "Never give it what a caller sent."};
constexpr FunctionInfo keypad_info{.name = "KEYPADHASH",
                                   .syntax = "KEYPADHASH(text)",
                                   .synopsis = "The keys of a telephone that spell the text",
                                   .text = "Les gives 537. What is no letter or digit is left out."};
constexpr FunctionInfo replace_info{.name = "REPLACE",
                                    .syntax = "REPLACE(variable,characters[,replacement])",
                                    .synopsis = "A variable's value with some characters replaced",
                                    .text = "Without a replacement they are taken out. The characters may be written as \\n, \\t or "
                                            "\\x41. The variable is named without ${ }."};
constexpr FunctionInfo str_replace_info{.name = "STRREPLACE",
                                        .syntax = "STRREPLACE(variable,text[,replacement[,times]])",
                                        .synopsis = "A variable's value with a text in it replaced",
                                        .text = "At most so many times, or everywhere. The variable is named without ${ }."};
constexpr FunctionInfo between_info{.name = "STRBETWEEN",
                                    .syntax = "STRBETWEEN(variable,begin,end)",
                                    .synopsis = "What stands between two texts in a variable's value",
                                    .text = "Empty when one of them is not there. The variable is named without ${ }."};
constexpr FunctionInfo regex_info{.name = "REGEX",
                                  .syntax = "REGEX(\"expression\" text)",
                                  .synopsis = "1 when the text matches a regular expression, else 0",
                                  .text = "POSIX extended syntax; a blank after the quotes does not belong to the text."};

using Change = std::string (*)(std::string_view text);
template <Change change>
Result<std::string> of_text(Channel*, const Arguments& arguments) {
    return change(arguments.raw());
}

constexpr std::string_view blanks = " \t\r\n";
std::string length(std::string_view text) { return std::to_string(text.size()); }
std::string trim_both(std::string_view text) { return std::string(trim(text)); }
std::string trim_left(std::string_view text) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(blanks)));
    return std::string(text);
}
std::string trim_right(std::string_view text) {
    const auto last = text.find_last_not_of(blanks);
    return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
}
std::string itself(std::string_view text) { return std::string(text); }

std::string quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::string csv_quote(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += c;
        quoted += c;
    }
    return quoted + '"';
}

std::string keypad(std::string_view text) {
    constexpr std::string_view keys = "22233344455566677778889999";
    std::string all;
    for (const char c : to_lower(text)) {
        if (c >= 'a' && c <= 'z') all += keys[static_cast<std::size_t>(c - 'a')];
        if (c >= '0' && c <= '9') all += c;
    }
    return all;
}

Result<std::string> evaluate(Channel* channel, const Arguments& arguments) { return substitute(channel, arguments.raw()); }

Result<std::string> replace(Channel* channel, const Arguments& arguments) {
    const auto parts = split_raw_arguments(arguments.raw(), ',', 3);
    if (parts.size() < 2) return fail(ErrorCode::invalid, "REPLACE needs a variable and the characters to replace");
    const std::string find = characters(parts[1]);
    const std::string by = parts.size() > 2 ? characters(parts[2]) : std::string();
    const std::string value = JF_TRY(read_expression(channel, trim(parts[0])));
    std::string result;
    for (const char c : value) {
        if (!find.contains(c))
            result += c;
        else if (!by.empty())
            result += by.front();
    }
    return result;
}

Result<std::string> replace_text(Channel* channel, const Arguments& arguments) {
    if (!arguments.has(1)) return fail(ErrorCode::invalid, "STRREPLACE needs a variable and the text to replace");
    const auto times = arguments.has(3) ? parse_number<unsigned>(trim(arguments[3])) : UINT_MAX;
    if (!times) return fail(ErrorCode::invalid, "STRREPLACE: '{}' is no number", arguments[3]);
    std::string value = JF_TRY(read_expression(channel, trim(arguments[0])));
    std::size_t at = 0;
    constexpr std::size_t longest = 65536;
    for (unsigned done = 0; done < *times && (at = value.find(arguments[1], at)) != std::string::npos; ++done) {
        if (value.size() > longest) return fail(ErrorCode::limit, "STRREPLACE: the value has become too long");
        value.replace(at, arguments[1].size(), arguments[2]);
        at += arguments[2].size();
    }
    return value;
}

Result<std::string> between(Channel* channel, const Arguments& arguments) {
    if (!arguments.has(1) || !arguments.has(2)) return fail(ErrorCode::invalid, "STRBETWEEN needs a variable, begin and end");
    const std::string value = JF_TRY(read_expression(channel, trim(arguments[0])));
    const auto begin = value.find(arguments[1]);
    if (begin == std::string::npos) return std::string();
    const auto from = begin + arguments[1].size();
    const auto end = value.find(arguments[2], from);
    return end == std::string::npos ? std::string() : value.substr(from, end - from);
}

Result<std::string> regex(Channel*, const Arguments& arguments) {
    std::string_view text = arguments.raw();
    const auto open = text.find('"');
    if (open == std::string_view::npos) return fail(ErrorCode::invalid, "REGEX: the expression stands in double quotes");
    std::string expression;
    std::size_t at = open + 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
        // \" stands for a quote; all other backslashes belong to the expression.
        if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '"') ++at;
        expression += text[at];
    }
    if (at >= text.size()) return fail(ErrorCode::invalid, "REGEX: the closing quote is missing");
    text.remove_prefix(at + 1);
    if (text.starts_with(' ')) text.remove_prefix(1);
    const PosixMatch match = JF_TRY(match_posix(text, expression, false));
    return match.matched ? "1" : "0";
}

}  // namespace

Result<void> add_texts(Module& module) {
    JF_TRY(module.add(len_info, FunctionBody{of_text<length>}));
    JF_TRY(module.add(upper_info, FunctionBody{of_text<to_upper>}));
    JF_TRY(module.add(lower_info, FunctionBody{of_text<to_lower>}));
    JF_TRY(module.add(trim_info, FunctionBody{of_text<trim_both>}));
    JF_TRY(module.add(ltrim_info, FunctionBody{of_text<trim_left>}));
    JF_TRY(module.add(rtrim_info, FunctionBody{of_text<trim_right>}));
    JF_TRY(module.add(quote_info, FunctionBody{of_text<quote>}));
    JF_TRY(module.add(csv_info, FunctionBody{of_text<csv_quote>}));
    JF_TRY(module.add(pass_info, FunctionBody{of_text<itself>}));
    JF_TRY(module.add(keypad_info, FunctionBody{of_text<keypad>}));
    JF_TRY(module.add(eval_info, FunctionBody{evaluate}));
    JF_TRY(module.add(replace_info, FunctionBody{replace}));
    JF_TRY(module.add(str_replace_info, FunctionBody{replace_text}));
    JF_TRY(module.add(between_info, FunctionBody{between}));
    return module.add(regex_info, FunctionBody{regex});
}

}  // namespace jackfield::func_strings
