// GotoIfTime, ExecIfTime, IFTIME and TESTTIME: what depends on the time of day.
#include <ctime>

#include "core/dialplan/condition.hpp"
#include "core/dialplan/time_condition.hpp"
#include "core/dialplan/time_zone.hpp"
#include "modules/pbx_builtins/pbx_builtins.hpp"

namespace jackfield::pbx_builtins {
namespace {

constexpr ApplicationInfo goto_if_time_info{
    .name = "GotoIfTime",
    .syntax = "GotoIfTime(times,weekdays,days,months[,timezone]?[place][:[place]])",
    .synopsis = "Go to one of two places, by the time of day",
    .text = "Example: GotoIfTime(8:00-17:00,mon-fri,*,*?open,s,1:closed,s,1)"};
constexpr ApplicationInfo exec_if_time_info{
    .name = "ExecIfTime",
    .syntax = "ExecIfTime(times,weekdays,days,months[,timezone]?application[(arguments)])",
    .synopsis = "Run an application at certain times",
    .text = "Does nothing at other times."};
constexpr FunctionInfo if_time_info{.name = "IFTIME",
                                    .syntax = "IFTIME(times,weekdays,days,months[,timezone]?[yes][:[no]])",
                                    .synopsis = "One of two texts, by the time of day",
                                    .text = "Times as for GotoIfTime."};
constexpr FunctionInfo test_time_info{.name = "TESTTIME",
                                      .syntax = "TESTTIME(remark)",
                                      .synopsis = "Another time for the channel's conditions, to try them",
                                      .text = "Set(TESTTIME()=2010/12/25 12:00:00 Europe/Berlin): from then on GotoIfTime, ExecIfTime and IFTIME "
                                              "of this call behave as at that moment. The zone may be left out."};

// The channel's TESTTIME (seconds since 1970) when it is set, else the present moment.
WallTime condition_time(const Channel* channel) {
    if (channel)
        if (const auto seconds = parse_number<std::int64_t>(channel->variable("TESTTIME"))) return WallTime(std::chrono::seconds(*seconds));
    return wall_now();
}

bool holds(const Channel* channel, std::string_view text) {
    std::vector<std::string> problems;
    const TimeCondition condition = TimeCondition::parse(text, &problems);
    for (const std::string& problem : problems) log_warning("{}: {}", text, problem);
    return condition.matches(condition_time(channel));
}

Result<void> goto_if_time(Channel& channel, const Arguments& arguments) {
    // The times have colons of their own, but before the `?`.
    const Branches branches = JF_TRY(branches_of(arguments));
    return jump(channel, branches.choose(holds(&channel, branches.condition)));
}

Result<void> exec_if_time(Channel& channel, const Arguments& arguments) {
    const Halves halves = split_once(arguments.raw(), '?');
    if (!halves.found) return fail(ErrorCode::invalid, "`?` is missing in `{}`", arguments.raw());
    if (!holds(&channel, halves.first)) return {};
    const ApplicationCall call = split_application(halves.second);
    return run_application(channel, call.name, call.arguments);
}

Result<std::string> choose_by_time(Channel* channel, const Arguments& arguments) {
    const Branches branches = JF_TRY(branches_of(arguments));
    // Blanks around it and the quotes in it gone, as IF does it.
    const auto parts = split_arguments(trim(branches.choose(holds(channel, branches.condition))), '\0');
    return parts.empty() ? std::string() : parts.front();
}

// "2010/12/25 12:00:00 Europe/Berlin": date and time, with or without a zone.
Result<void> set_test_time(Channel* channel, const Arguments&, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "TESTTIME needs a channel");
    const std::string text(trim(value));
    std::tm local{};
    const char* rest = ::strptime(text.c_str(), text.find('/') < text.find(' ') ? "%Y/%m/%d %H:%M:%S" : "%Y-%m-%d %H:%M:%S", &local);
    if (!rest || (*rest && *rest != ' '))
        return fail(ErrorCode::invalid, "TESTTIME: '{}' is no moment; write 2010/12/25 12:00:00 Europe/Berlin", text);
    const auto zone = TimeZone::find(trim(rest));
    if (!zone) return fail(ErrorCode::not_found, "TESTTIME: there is no time zone '{}'", trim(rest));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(zone->moment(local).time_since_epoch());
    channel->set_variable("__TESTTIME", std::to_string(seconds.count()));
    return {};
}

}  // namespace

Result<void> add_times(Module& module) {
    JF_TRY(module.add(goto_if_time_info, goto_if_time));
    JF_TRY(module.add(exec_if_time_info, exec_if_time));
    JF_TRY(module.add(if_time_info, FunctionBody{choose_by_time}));
    return module.add(test_time_info, FunctionBody{nullptr, set_test_time});
}

}  // namespace jackfield::pbx_builtins
