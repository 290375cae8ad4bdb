// What applications ask the executor for: other applications, Gosub, places, matches.
#include <algorithm>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/bridge/features.hpp"
#include "core/dialplan/application.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/dialplan_switch.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/walk.hpp"

namespace jackfield {
namespace {

// Puts the channel back to where it was when a routine that the core called has ended, however it ended.
class Excursion {
  public:
    explicit Excursion(Channel& channel)
        : channel_(channel), state_(call_state(channel)), custody_(channel.custody()), place_(channel.place()),
          next_(std::exchange(state_.next, std::nullopt)), depth_(state_.stack.size()) {}
    ~Excursion() {
        if (channel_.custody() != custody_) return;
        while (state_.stack.size() > depth_) {
            state_.stack.pop_back();
            channel_.variables().pop_frame();
        }
        channel_.place() = place_;
        state_.next = std::move(next_);
    }
    Excursion(const Excursion&) = delete;
    Excursion& operator=(const Excursion&) = delete;
    std::size_t depth() const { return depth_; }

  private:
    Channel& channel_;
    CallState& state_;
    const Custody::State* custody_;
    Place place_;
    std::optional<Place> next_;
    std::size_t depth_;
};

PlanMatch find_in_plan(Channel& channel, const PlanQuery& query) {
    return plan_of(channel)->find(query, switch_probe(&channel));
}

// Names near to a missing context, for the error.
std::string suggest_context(const Dialplan& plan, std::string_view name) {
    std::vector<std::string> names;
    for (const Context* context : plan.contexts()) names.push_back(context->name);
    const auto near = nearest_word(name, names);
    return near ? fmt::format("; did you mean {}?", *near) : std::string();
}
std::string suggest_label(const Extension& extension, std::string_view name) {
    std::vector<std::string> names;
    for (const auto& step : extension.steps)
        if (!step.priority->label.empty()) names.push_back(step.priority->label);
    const auto near = nearest_word(name, names);
    return near ? fmt::format("; did you mean {}?", *near) : std::string();
}

Result<int> resolve_label(Channel& channel, const Place& place, std::string_view label) {
    PlanQuery query = query_at(channel, place);
    query.label = label;
    const auto plan = plan_of(channel);
    const PlanMatch found = plan->find(query, switch_probe(&channel));
    if (found && found.priority) return found.priority->number;
    if (found.status == PlanStatus::no_context)
        return fail(ErrorCode::not_found, "there is no context {}{}", place.context, suggest_context(*plan, place.context));
    if (found.status == PlanStatus::no_extension)
        return fail(ErrorCode::not_found, "there is no extension {} in context {}", place.extension, place.context);
    query.label = {};
    query.priority = 1;
    const PlanMatch first = find_in_plan(channel, query);
    return fail(ErrorCode::not_found, "{}@{} has no label {}{}", place.extension, place.context, label,
                first.extension ? suggest_label(*first.extension, label) : std::string());
}

}  // namespace

Result<void> run_application(Channel& channel, std::string_view name, std::string_view arguments) {
    const auto* slot = applications().find(trim(name));
    if (!slot) return fail(ErrorCode::not_found, "there is no application {}{}", name, suggest_application(name));
    return execute_application(channel, Name(slot->name), std::string(arguments));
}

Result<void> run_gosub(Channel& channel, std::string_view target_with_arguments, std::string* return_value) {
    const auto keep = channel.share();
    const Excursion excursion(channel);
    CallState& state = call_state(channel);
    JF_TRY(enter_gosub(channel, target_with_arguments));
    state.stack.back().of_core = true;
    channel.place() = *std::exchange(state.next, std::nullopt);
    const WalkEnd end = JF_TRY(Walk(channel).run(excursion.depth() + 1));
    if (end == WalkEnd::no_priority) {
        const Place& place = channel.place();
        log_notice("{}: the routine {} ended at {}@{}:{} without Return", channel.name(), target_with_arguments,
                   place.extension, place.context, place.priority);
    }
    if (return_value) *return_value = end == WalkEnd::returned ? channel.variable("GOSUB_RETVAL") : std::string();
    return {};
}

Result<Place> resolve_place(Channel& channel, std::string_view target) {
    const auto parts = split_arguments(target);
    if (parts.empty() || parts.size() > 3)
        return fail(ErrorCode::invalid, "`{}` is no place: [[context,]extension,]priority is expected", target);
    Place place = channel.place();
    if (parts.size() == 3 && !trim(parts[0]).empty()) place.context = trim(parts[0]);
    if (parts.size() >= 2 && !trim(parts[parts.size() - 2]).empty()) place.extension = trim(parts[parts.size() - 2]);
    const std::string_view word = trim(parts.back());
    if (word.empty()) return fail(ErrorCode::invalid, "`{}` names no priority", target);
    if (parts.size() == 3 && !plan_of(channel)->context(place.context))
        return fail(ErrorCode::not_found, "there is no context {}{}", place.context,
                    suggest_context(*plan_of(channel), place.context));
    const bool relative = word.front() == '+' || word.front() == '-';
    if (const auto number = parse_number<int>(word.front() == '+' ? word.substr(1) : word)) {
        place.priority = relative ? channel.place().priority + *number : *number;
        if (place.priority < 1) return fail(ErrorCode::invalid, "`{}`: priorities begin at 1", target);
        return place;
    }
    place.priority = JF_TRY(resolve_label(channel, place, word));
    return place;
}

void go_to(Channel& channel, Place place) { call_state(channel).next = std::move(place); }

MatchKind match_extension(Channel& channel, std::string_view context, std::string_view extension) {
    PlanQuery query = query_at(channel, channel.place());
    query.context = context;
    query.extension = extension;
    query.priority = 1;
    const auto plan = plan_of(channel);
    const auto probe = switch_probe(&channel);
    const bool now = plan->exists(query, probe);
    query.mode = MatchMode::match_more;
    const bool longer = plan->exists(query, probe);
    if (now) return longer ? MatchKind::exact_and_longer : MatchKind::exact;
    return longer ? MatchKind::partial : MatchKind::none;
}

bool extension_exists(Channel& channel, std::string_view context, std::string_view extension, int priority) {
    PlanQuery query = query_at(channel, channel.place());
    query.context = context;
    query.extension = extension;
    query.priority = priority;
    return find_in_plan(channel, query).status == PlanStatus::found;
}

bool is_pickup_extension(Channel& channel, std::string_view context, std::string_view extension) {
    return !extension.empty() && extension == feature_settings(channel)->pickup_extension && applications().find("Pickup") &&
           !extension_exists(channel, context, extension);
}

}  // namespace jackfield
