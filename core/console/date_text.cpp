// Times and spans of time as commands print them.
#include "core/console/date_text.hpp"

#include <fmt/core.h>

#include <array>
#include <ctime>

namespace jackfield {

std::string date_text(WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string span_text(std::chrono::seconds span) {
    struct Unit {
        long seconds;
        const char* name;
    };
    constexpr std::array<Unit, 5> units{{{604800, "week"}, {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}}};
    long left = span.count();
    std::string text;
    for (const Unit& unit : units) {
        const long count = left / unit.seconds;
        left %= unit.seconds;
        if (count == 0) continue;
        text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, unit.name, count == 1 ? "" : "s");
    }
    return text.empty() ? "0 seconds" : text;
}

std::string clock_text(std::chrono::seconds span) {
    const long seconds = span.count();
    return fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace jackfield
