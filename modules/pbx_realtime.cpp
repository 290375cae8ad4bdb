// pbx_realtime - switch => Realtime/[CONTEXT@][FAMILY]: extensions out of a table with the columns context, exten, priority,
// app, appdata.
#include "core/dialplan/dialplan_switch.hpp"
#include "core/dialplan/walk.hpp"
#include "core/module/realtime.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

struct Found {
    std::string application, arguments;
};

std::string field(const RealtimeRow& row, std::string_view name) {
    for (const auto& [column, value] : row)
        if (equals_ignoring_case(column, name)) return value;
    return {};
}

// LIKE's own characters stand for themselves.
std::string like_literally(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return escaped;
}

struct Source {
    std::string family = "extensions", context;
};
Source source_of(const SwitchQuestion& question) {
    Source source;
    const Halves halves = split_once(question.data.substr(0, question.data.find('/')), '@');
    source.context = halves.found && !halves.first.empty() ? halves.first : question.query.context;
    if (halves.found && !halves.second.empty()) source.family = halves.second;
    if (!halves.found && !halves.first.empty()) source.context = halves.first;
    return source;
}

std::vector<RealtimeCondition> conditions(const Source& source, const PlanQuery& query, std::string name, std::string value) {
    std::vector<RealtimeCondition> list;
    list.push_back({"context", source.context});
    list.push_back({std::move(name), std::move(value)});
    // More digits may come: the first priority of anything counts.
    list.push_back({"priority", std::to_string(query.mode == MatchMode::match ? query.priority : 1)});
    return list;
}

// Names first, then the most specific pattern; rows in any order. Nothing as well when the database is away, which is logged.
Result<std::optional<Found>> look_up(const SwitchQuestion& question) {
    const Source source = source_of(question);
    const PlanQuery& query = question.query;
    if (!query.label.empty()) return std::optional<Found>();  // the table has no labels
    const std::string number(query.extension);
    const bool whole = query.mode == MatchMode::match;
    auto rows = JF_TRY(realtime_load_all(
        source.family, whole ? conditions(source, query, "exten", number)
                             : conditions(source, query, "exten LIKE", like_literally(number) + "%")));
    auto patterns = JF_TRY(realtime_load_all(source.family, conditions(source, query, "exten LIKE", "\\_%")));
    rows.insert(rows.end(), std::make_move_iterator(patterns.begin()), std::make_move_iterator(patterns.end()));
    std::optional<Pattern> best;
    const RealtimeRow* chosen = nullptr;
    for (const RealtimeRow& row : rows) {
        auto pattern = Pattern::parse(field(row, "exten"));
        if (!pattern || !pattern->matches(number, query.mode) || (best && !(*pattern < *best))) continue;
        best = *std::move(pattern);
        chosen = &row;
    }
    if (!chosen) return std::optional<Found>();
    return std::optional<Found>(Found{field(*chosen, "app"), field(*chosen, "appdata")});
}

bool exists(const SwitchQuestion& question) {
    const auto found = look_up(question);
    if (found) return found->has_value();
    if (!ends_application(found.error().code)) log_warning("switch => Realtime/{}: {}", question.data, found.error().text);
    return false;
}

Result<void> run(Channel& channel, const SwitchQuestion& question) {
    const auto found = JF_TRY(look_up(question));
    if (!found) return fail(ErrorCode::not_found, "{}@{} is gone from the table", question.query.extension, question.query.context);
    const std::string arguments = JF_TRY(substitute(&channel, found->arguments));
    return execute_application(channel, Name(found->application), arguments);
}

Result<void> load(Module& module) { return module.add(DialplanSwitch{"Realtime", exists, run}); }

}  // namespace

JACKFIELD_MODULE("pbx_realtime", "Dialplan out of a database", load)
