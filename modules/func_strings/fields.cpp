// Functions of lists: texts with a separator, named by their variable.
#include <algorithm>

#include "modules/func_strings/func_strings.hpp"

namespace jackfield::func_strings {
namespace {

constexpr FunctionInfo quantity_info{.name = "FIELDQTY",
                                     .syntax = "FIELDQTY(variable,separator)",
                                     .synopsis = "How many parts a variable's value has",
                                     .text = "An empty value has none. The variable is named without ${ }."};
constexpr FunctionInfo number_info{.name = "FIELDNUM",
                                   .syntax = "FIELDNUM(variable,separator,part)",
                                   .synopsis = "At which place a part stands in a variable's value",
                                   .text = "Counted from 1; 0 when it is not there. The variable is named without ${ }."};
constexpr FunctionInfo filter_info{.name = "FILTER",
                                   .syntax = "FILTER(allowed,text)",
                                   .synopsis = "Only the allowed characters of a text",
                                   .text = "Ranges such as 0-9 and a-z are allowed; a - itself is written \\-."};
constexpr FunctionInfo list_filter_info{.name = "LISTFILTER",
                                        .syntax = "LISTFILTER(variable,separator,part)",
                                        .synopsis = "A variable's value without a part",
                                        .text = "All parts that are equal to it are left out. The variable is named without ${ }."};
constexpr FunctionInfo push_info{.name = "PUSH",
                                 .syntax = "PUSH(variable[,separator])",
                                 .synopsis = "Add a part at the end of a variable's value",
                                 .text = "Set(PUSH(list)=part). The separator is a comma by default."};
constexpr FunctionInfo unshift_info{.name = "UNSHIFT",
                                    .syntax = "UNSHIFT(variable[,separator])",
                                    .synopsis = "Add a part at the beginning of a variable's value",
                                    .text = "Set(UNSHIFT(list)=part). The separator is a comma by default."};
constexpr FunctionInfo pop_info{.name = "POP",
                                .syntax = "POP(variable[,separator])",
                                .synopsis = "Take the last part off a variable's value",
                                .text = "It gives the part. The separator is a comma by default."};
constexpr FunctionInfo shift_info{.name = "SHIFT",
                                  .syntax = "SHIFT(variable[,separator])",
                                  .synopsis = "Take the first part off a variable's value",
                                  .text = "It gives the part. The separator is a comma by default."};
constexpr FunctionInfo array_info{.name = "ARRAY",
                                  .syntax = "ARRAY(variable1[,variable2...])",
                                  .synopsis = "Set several variables from a list",
                                  .text = "Set(ARRAY(a,b)=1\\,2). Variables for which there is no part become empty."};

// A variable's value and what separates its parts.
struct List {
    std::string name, value;
    char separator = ',';

    std::vector<std::string_view> parts() const {
        return value.empty() ? std::vector<std::string_view>() : split(value, separator);
    }
};
Result<List> list_of(Channel* channel, const Arguments& arguments, bool separator_needed) {
    const auto parts = split_raw_arguments(arguments.raw(), ',', 0);
    List list;
    if (parts.empty() || trim(parts[0]).empty()) return fail(ErrorCode::invalid, "the name of a variable is missing");
    list.name = trim(parts[0]);
    // A comma as the separator arrives as \, or "," or as an empty part.
    std::string_view written = parts.size() > 1 ? std::string_view(parts[1]) : std::string_view();
    if (written.size() > 2 && written.front() == '"' && written.back() == '"')
        written = written.substr(1, written.size() - 2);
    if (const auto separator = take_character(written))
        list.separator = *separator;
    else if (separator_needed)
        return fail(ErrorCode::invalid, "the separator is missing");
    list.value = JF_TRY(read_expression(channel, list.name));
    return list;
}

Result<std::string> quantity(Channel* channel, const Arguments& arguments) {
    const List list = JF_TRY(list_of(channel, arguments, true));
    return std::to_string(list.parts().size());
}

Result<std::string> number(Channel* channel, const Arguments& arguments) {
    const List list = JF_TRY(list_of(channel, arguments, true));
    const auto parts = list.parts();
    const auto found = std::ranges::find(parts, arguments[2]);
    return std::to_string(found == parts.end() ? 0 : found - parts.begin() + 1);
}

Result<std::string> filter(Channel*, const Arguments& arguments) {
    const auto parts = split_raw_arguments(arguments.raw(), ',', 2);
    if (parts.size() < 2) return fail(ErrorCode::invalid, "FILTER needs the allowed characters and a text");
    std::array<bool, 256> allowed{};
    std::string_view left = parts[0];
    while (const auto first = take_character(left)) {
        char last = *first;
        if (left.size() > 1 && left.front() == '-') {
            left.remove_prefix(1);
            last = *take_character(left);
        }
        for (int c = static_cast<unsigned char>(*first); c <= static_cast<unsigned char>(last); ++c)
            allowed[static_cast<std::size_t>(c)] = true;
    }
    std::string kept;
    for (const char c : parts[1])
        if (allowed[static_cast<unsigned char>(c)]) kept += c;
    return kept;
}

Result<std::string> list_filter(Channel* channel, const Arguments& arguments) {
    const List list = JF_TRY(list_of(channel, arguments, true));
    std::string kept;
    bool first = true;
    for (const std::string_view part : list.parts()) {
        if (part == arguments[2]) continue;
        if (!std::exchange(first, false)) kept += list.separator;
        kept += part;
    }
    return kept;
}

Result<void> push(Channel* channel, const Arguments& arguments, std::string_view value) {
    const List list = JF_TRY(list_of(channel, arguments, false));
    const std::string before = list.value.empty() ? std::string() : list.value + list.separator;
    return write_expression(channel, list.name, before + std::string(value));
}

Result<void> unshift(Channel* channel, const Arguments& arguments, std::string_view value) {
    const List list = JF_TRY(list_of(channel, arguments, false));
    const std::string behind = list.value.empty() ? std::string() : list.separator + list.value;
    return write_expression(channel, list.name, std::string(value) + behind);
}

Result<std::string> pop(Channel* channel, const Arguments& arguments) {
    const List list = JF_TRY(list_of(channel, arguments, false));
    const auto last = list.value.rfind(list.separator);
    const bool only = last == std::string::npos;
    JF_TRY(write_expression(channel, list.name, only ? std::string() : list.value.substr(0, last)));
    return only ? list.value : list.value.substr(last + 1);
}

Result<std::string> shift(Channel* channel, const Arguments& arguments) {
    const List list = JF_TRY(list_of(channel, arguments, false));
    const Halves halves = split_once(list.value, list.separator);
    JF_TRY(write_expression(channel, list.name, halves.second));
    return std::string(halves.first);
}

Result<void> set_array(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (arguments.size() == 0) return fail(ErrorCode::invalid, "ARRAY needs names of variables");
    const auto values = split_arguments(value);
    for (std::size_t i = 0; i < arguments.size(); ++i)
        JF_TRY(write_expression(channel, trim(arguments[i]), i < values.size() ? std::string_view(values[i]) : std::string_view()));
    return {};
}

}  // namespace

Result<void> add_fields(Module& module) {
    JF_TRY(module.add(quantity_info, FunctionBody{quantity}));
    JF_TRY(module.add(number_info, FunctionBody{number}));
    JF_TRY(module.add(filter_info, FunctionBody{filter}));
    JF_TRY(module.add(list_filter_info, FunctionBody{list_filter}));
    JF_TRY(module.add(push_info, FunctionBody{nullptr, push}));
    JF_TRY(module.add(unshift_info, FunctionBody{nullptr, unshift}));
    JF_TRY(module.add(pop_info, FunctionBody{pop}));
    JF_TRY(module.add(shift_info, FunctionBody{shift}));
    return module.add(array_info, FunctionBody{nullptr, set_array});
}

}  // namespace jackfield::func_strings
