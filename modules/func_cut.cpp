// func_cut: CUT and SORT.
#include <algorithm>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo cut_info{.name = "CUT",
                                .syntax = "CUT(variable,separator,parts)",
                                .synopsis = "Some parts of a variable's value",
                                .text = "Parts are numbers and ranges joined by &, counted from 1: 1-3&5, 2-, -3. The separator is - when "
                                        "it is left out; a comma is written \\\\,. The variable is named without ${ }."};
constexpr FunctionInfo sort_info{.name = "SORT",
                                 .syntax = "SORT(key1:value1[,key2:value2...])",
                                 .synopsis = "Keys in the order of their numbers",
                                 .text = "The smallest number first; keys are separated by commas."};

struct Range {
    std::size_t first, last;
};
Result<Range> parse_range(std::string_view text) {
    text = trim(text);
    const Halves ends = split_once(text, '-');
    const auto first = ends.first.empty() ? std::optional<std::size_t>(1) : parse_number<std::size_t>(ends.first);
    auto last = first;
    if (ends.found) last = ends.second.empty() ? SIZE_MAX : parse_number<std::size_t>(ends.second);
    if (!first || !last || *first == 0 || text.empty() || text == "-")
        return fail(ErrorCode::invalid, "CUT: '{}' is no part or range of parts", text);
    return Range{*first, *last};
}

Result<std::string> cut(Channel* channel, const Arguments& arguments) {
    const auto written = split_arguments(arguments.raw(), ',', 3);
    if (written.size() < 3) return fail(ErrorCode::invalid, "CUT needs a variable, a separator and the wanted parts");
    const char separator = written[1].empty() ? '-' : written[1] == "t" && arguments.raw().contains("\\t") ? '\t' : written[1].front();
    const std::string value = JF_TRY(read_expression(channel, trim(written[0])));
    const auto parts = split(value, separator);
    std::string result;
    bool first = true;
    for (const std::string_view text : split(written[2], '&')) {
        const Range range = JF_TRY(parse_range(text));
        for (std::size_t i = range.first; i <= range.last && i <= parts.size(); ++i) {
            if (!std::exchange(first, false)) result += separator;
            result += parts[i - 1];
        }
    }
    return result;
}

Result<std::string> sort(Channel*, const Arguments& arguments) {
    std::vector<std::pair<double, std::string_view>> entries;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const Halves halves = split_once(arguments[i], ':');
        const auto value = parse_number<double>(trim(halves.second));
        if (!value) return fail(ErrorCode::invalid, "SORT: '{}' is not of the form key:number", arguments[i]);
        entries.emplace_back(*value, halves.first);
    }
    std::ranges::stable_sort(entries, {}, &std::pair<double, std::string_view>::first);
    std::string result;
    for (const auto& [value, key] : entries) {
        if (!result.empty()) result += ',';
        result += key;
    }
    return result;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(cut_info, FunctionBody{cut}));
    return module.add(sort_info, FunctionBody{sort});
}

}  // namespace

JACKFIELD_MODULE("func_cut", "Parts of texts", load)
