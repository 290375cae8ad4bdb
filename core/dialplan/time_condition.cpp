// "times|weekdays|days of month|months|timezone".
#include "core/dialplan/time_condition.hpp"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <span>

#include "core/base/strings.hpp"
#include "core/dialplan/time_zone.hpp"

namespace jackfield {
namespace {

constexpr std::array<std::string_view, 7> weekday_names{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 12> month_names{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};

void complain(std::vector<std::string>* problems, std::string text) {
    if (problems) problems->push_back(std::move(text));
}

// H:MM or HH:MM as minutes since midnight.
std::optional<int> minute_of_day(std::string_view text) {
    const Halves halves = split_once(trim(text), ':');
    const auto hour = parse_number<int>(halves.first);
    const auto minute = parse_number<int>(halves.second);
    if (!hour || !minute || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59) return {};
    return *hour * 60 + *minute;
}

// What a field is made of: how many values there are and how one is read (0 to size - 1).
struct Field {
    std::string_view what;
    int size;
    std::span<const std::string_view> names;
    std::string_view example;
};
constexpr Field weekday_field{"day of the week", 7, weekday_names, "mon-fri"};
constexpr Field day_field{"day of the month", 31, {}, "1-15"};
constexpr Field month_field{"month", 12, month_names, "jan-mar"};

std::optional<int> value_of(std::string_view text, const Field& field) {
    text = trim(text);
    for (std::size_t i = 0; i < field.names.size(); ++i)
        if (equals_ignoring_case(text, field.names[i])) return static_cast<int>(i);
    const auto number = parse_number<int>(text);
    if (!number || *number < 1 || *number > field.size) return {};
    return *number - 1;
}

bool is_everything(std::string_view text) { return trim(text).empty() || trim(text) == "*"; }

std::uint32_t parse_field(std::string_view text, const Field& field, std::vector<std::string>* problems) {
    if (is_everything(text)) return (1U << field.size) - 1;
    std::uint32_t mask = 0;
    for (const std::string_view part : split(text, '&')) {
        const Halves range = split_once(part, '-');
        const auto first = value_of(range.first, field);
        const auto last = range.found ? value_of(range.second, field) : first;
        if (!first || !last) {
            complain(problems, fmt::format("`{}` is no {}; expected for example {}", part, field.what, field.example));
            continue;
        }
        for (int i = *first;; i = (i + 1) % field.size) {
            mask |= 1U << i;
            if (i == *last) break;
        }
    }
    return mask;
}

template <std::size_t N>
void parse_times(std::string_view text, std::bitset<N>& minutes, std::vector<std::string>* problems) {
    if (is_everything(text)) return;
    minutes.reset();
    for (const std::string_view part : split(text, '&')) {
        const Halves range = split_once(part, '-');
        const auto first = minute_of_day(range.first);
        const auto last = range.found ? minute_of_day(range.second) : first;
        if (!first || !last) {
            complain(problems, fmt::format("`{}` is no time; expected for example 9:00-17:30", part));
            continue;
        }
        for (int i = *first;; i = (i + 1) % static_cast<int>(N)) {
            minutes.set(static_cast<std::size_t>(i));
            if (i == *last) break;
        }
    }
}

}  // namespace

TimeCondition TimeCondition::parse(std::string_view text, std::vector<std::string>* problems) {
    TimeCondition result;
    result.text_ = text;
    if (trim(text).empty()) return result;
    std::string fields_text(text);
    for (char& c : fields_text)
        if (c == '|') c = ',';
    const auto fields = split(fields_text, ',');
    parse_times(fields[0], result.minutes_, problems);
    if (fields.size() > 1) result.weekdays_ = parse_field(fields[1], weekday_field, problems);
    if (fields.size() > 2) result.days_ = parse_field(fields[2], day_field, problems);
    if (fields.size() > 3) result.months_ = parse_field(fields[3], month_field, problems);
    if (fields.size() > 4) result.timezone_ = trim(fields[4]);
    if (fields.size() > 5) complain(problems, "more than five fields: times,weekdays,days,months,timezone");
    if (!result.timezone_.empty() && !TimeZone::find(result.timezone_)) {
        complain(problems, fmt::format("there is no time zone `{}`; the system's is used", result.timezone_));
        result.timezone_.clear();
    }
    return result;
}

bool TimeCondition::matches(const std::tm& local) const {
    if (local.tm_hour < 0 || local.tm_hour > 23 || local.tm_min < 0 || local.tm_min > 59) return false;
    return (months_ >> local.tm_mon & 1) && (days_ >> (local.tm_mday - 1) & 1) && (weekdays_ >> local.tm_wday & 1) &&
           minutes_.test(static_cast<std::size_t>(local.tm_hour * 60 + local.tm_min));
}

bool TimeCondition::matches(WallTime when) const {
    const auto zone = TimeZone::find(timezone_);
    return matches(zone ? zone->local(when) : TimeZone::system()->local(when));
}

}  // namespace jackfield
