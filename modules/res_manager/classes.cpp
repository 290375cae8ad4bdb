// Names of the privilege classes.
#include "modules/res_manager/classes.hpp"

#include <array>
#include <utility>
#include <vector>

#include "core/base/strings.hpp"

namespace jackfield::manager {
namespace {

constexpr std::array<std::pair<std::string_view, ManagerClasses>, 19> names{{
    {"system", manager_class::system},
    {"call", manager_class::call},
    {"log", manager_class::log},
    {"verbose", manager_class::verbose},
    {"command", manager_class::command},
    {"agent", manager_class::agent},
    {"user", manager_class::user},
    {"config", manager_class::config},
    {"dtmf", manager_class::dtmf},
    {"reporting", manager_class::reporting},
    {"cdr", manager_class::cdr},
    {"dialplan", manager_class::dialplan},
    {"originate", manager_class::originate},
    {"agi", manager_class::agi},
    {"cc", manager_class::cc},
    {"aoc", manager_class::aoc},
    {"test", manager_class::test},
    {"security", manager_class::security},
    {"message", manager_class::message},
}};

}  // namespace

std::string class_names(ManagerClasses classes) {
    if (classes == manager_class::none) return "<none>";
    std::string text;
    for (const auto& [name, bit] : names)
        if (classes & bit) text.append(name).append(",");
    return text + "all";
}

Result<ManagerClasses> parse_classes(std::string_view text) {
    ManagerClasses classes = manager_class::none;
    for (const std::string_view word : split_list(text)) {
        if (equals_ignoring_case(word, "all")) {
            classes |= manager_class::all;
            continue;
        }
        if (equals_ignoring_case(word, "none")) continue;
        if (const auto number = parse_number<std::uint32_t>(word)) {
            classes |= *number & manager_class::all;
            continue;
        }
        bool known = false;
        for (const auto& [name, bit] : names)
            if (equals_ignoring_case(word, name)) {
                classes |= bit;
                known = true;
            }
        if (known) continue;
        std::vector<std::string> words{"all"};
        for (const auto& [name, bit] : names) words.emplace_back(name);
        const auto near = nearest_word(word, words);
        return fail(ErrorCode::invalid, "'{}' is no class; {} {}", word, near ? "did you mean" : "they are",
                    near ? *near + "?" : join(words, ", "));
    }
    return classes;
}

Result<ManagerClasses> parse_event_mask(std::string_view text) {
    const std::string_view word = trim(text);
    if (const auto number = parse_number<std::uint32_t>(word)) return *number & manager_class::all;
    if (const auto on = parse_bool(word)) return *on ? manager_class::all : manager_class::none;
    return parse_classes(word);
}

}  // namespace jackfield::manager
