// Verbose and Log: lines of the plan's own in the log.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo verbose_info{
    .name = "Verbose",
    .syntax = "Verbose([level,]message)",
    .synopsis = "Print a line at a verbosity level",
    .text = "The level is 0 (always) to 10; 0 when it is left out."};
constexpr ApplicationInfo log_info{
    .name = "Log",
    .syntax = "Log(level,message)",
    .synopsis = "Write a line to the log",
    .text = "The level is ERROR, WARNING, NOTICE, DEBUG, VERBOSE or DTMF."};

Result<void> verbose(Channel&, const Arguments& arguments) {
    const Halves parts = split_once(arguments.raw(), ',');
    const auto level = parts.found ? parse_number<int>(trim(parts.first)) : std::nullopt;
    log_verbose(level.value_or(0), "{}", level ? trim(parts.second) : arguments.raw());
    return {};
}

Result<void> log(Channel& channel, const Arguments& arguments) {
    static const std::vector<std::pair<std::string, LogLevel>> levels{
        {"ERROR", LogLevel::error}, {"WARNING", LogLevel::warning}, {"NOTICE", LogLevel::notice},
        {"DEBUG", LogLevel::debug}, {"VERBOSE", LogLevel::verbose}, {"DTMF", LogLevel::dtmf}};
    const Halves parts = split_once(arguments.raw(), ',');
    for (const auto& [name, level] : levels)
        if (equals_ignoring_case(name, trim(parts.first))) {
            log_text(level, fmt::format("Ext. {}:{} @ {}: {}", channel.place().extension, channel.place().priority,
                                        channel.place().context, trim(parts.second)));
            return {};
        }
    return fail(ErrorCode::invalid, "Log: '{}' is no level; write ERROR, WARNING, NOTICE, DEBUG, VERBOSE or DTMF", parts.first);
}

Result<void> load(Module& module) {
    JF_TRY(module.add(verbose_info, verbose));
    return module.add(log_info, log);
}

}  // namespace

JACKFIELD_MODULE("app_verbose", "Send verbose output and log lines", load)
