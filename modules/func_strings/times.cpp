// STRFTIME and STRPTIME: moments as texts, and back.
#include <cmath>
#include <ctime>

#include "core/dialplan/time_zone.hpp"
#include "modules/func_strings/func_strings.hpp"

namespace jackfield::func_strings {
namespace {

constexpr FunctionInfo format_info{.name = "STRFTIME",
                                   .syntax = "STRFTIME([epoch][,[timezone][,format]])",
                                   .synopsis = "A moment as a text",
                                   .text = "The present one by default. The format is that of the C library's strftime, %c by default; "
                                           "%q are milliseconds. A time zone is named as Europe/Berlin."};
constexpr FunctionInfo parse_info{.name = "STRPTIME",
                                  .syntax = "STRPTIME(text,timezone,format)",
                                  .synopsis = "The moment that a text says, in seconds since 1970",
                                  .text = "The format is that of the C library's strptime. Empty when the text does not fit."};

Result<std::shared_ptr<const TimeZone>> zone(std::string_view name) {
    if (auto found = TimeZone::find(trim(name))) return found;
    return fail(ErrorCode::not_found, "there is no time zone '{}'", name);
}

// %q and %3q: milliseconds, as digits of a fraction.
std::string with_milliseconds(std::string_view format, WallTime when) {
    const auto part = std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch()).count() % 1000;
    std::string result;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] == '%' && i + 1 < format.size()) {
            std::size_t digits = 3, at = i + 1;
            if (format[at] >= '1' && format[at] <= '6') digits = static_cast<std::size_t>(format[at++] - '0');
            if (at < format.size() && format[at] == 'q') {
                result += fmt::format("{:03}000", part).substr(0, digits);
                i = at;
                continue;
            }
            result += format[i++];
        }
        result += format[i];
    }
    return result;
}

Result<std::string> format_time(Channel*, const Arguments& arguments) {
    const auto parts = split_arguments(arguments.raw(), ',', 3);
    WallTime when = wall_now();
    if (!parts.empty() && !trim(parts[0]).empty()) {
        const auto seconds = parse_number<double>(trim(parts[0]));
        if (!seconds || !(*seconds > -1e11 && *seconds < 1e11))
            return fail(ErrorCode::invalid, "STRFTIME: '{}' is no number of seconds since 1970", parts[0]);
        when = WallTime(std::chrono::microseconds(std::llround(*seconds * 1e6)));
    }
    const auto where = JF_TRY(zone(parts.size() > 1 ? std::string_view(parts[1]) : std::string_view()));
    const std::string format = with_milliseconds(parts.size() > 2 && !parts[2].empty() ? parts[2] : std::string("%c"), when);
    const std::tm local = where->local(when);
    std::string text(std::min<std::size_t>(format.size() * 32 + 64, 65536), '\0');
    text.resize(std::strftime(text.data(), text.size(), format.c_str(), &local));
    return text;
}

Result<std::string> parse_time(Channel*, const Arguments& arguments) {
    const auto parts = split_arguments(arguments.raw(), ',', 3);
    if (parts.size() < 3) return fail(ErrorCode::invalid, "STRPTIME needs a text, a time zone and a format");
    std::tm local{};
    local.tm_mday = 1;
    if (!::strptime(parts[0].c_str(), parts[2].c_str(), &local))
        return fail(ErrorCode::invalid, "STRPTIME: '{}' does not fit the format '{}'", parts[0], parts[2]);
    const auto where = JF_TRY(zone(parts[1]));
    return std::to_string(std::chrono::floor<std::chrono::seconds>(where->moment(local).time_since_epoch()).count());
}

}  // namespace

Result<void> add_times(Module& module) {
    JF_TRY(module.add(format_info, FunctionBody{format_time}));
    return module.add(parse_info, FunctionBody{parse_time});
}

}  // namespace jackfield::func_strings
