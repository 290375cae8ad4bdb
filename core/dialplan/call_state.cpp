// What the dialplan keeps with a channel.
#include "core/dialplan/call_state.hpp"

#include <algorithm>

#include "core/base/strings.hpp"
#include "core/channel/channel_events.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

CallState& call_state(Channel& channel) {
    const RunningGate core(nullptr);  // the state belongs to the core, whichever module asks first
    return channel.attachment<CallState>();
}

std::shared_ptr<const Dialplan> plan_of(Channel& channel) {
    const CallState* state = channel.find_attachment<CallState>();
    return state && state->plan ? state->plan : current_dialplan();
}

// --- Gosub -------------------------------------------------------------------------------------------------------------

namespace {

// "target(arguments)" to its parts; the parentheses may be missing.
struct GosubCall {
    std::string_view target;
    std::vector<std::string> arguments;
};
Result<GosubCall> parse_gosub(std::string_view text) {
    GosubCall call;
    const auto open = text.find('(');
    call.target = trim(text.substr(0, open));
    if (open == std::string_view::npos) return call;
    const auto close = text.rfind(')');
    if (close == std::string_view::npos || close < open)
        return fail(ErrorCode::invalid, "`)` is missing after the arguments in `{}`", text);
    call.arguments = split_raw_arguments(text.substr(open + 1, close - open - 1));
    return call;
}

void set_published(Channel& channel, std::string_view name, std::string value) {
    channel.variables().set_local(name, std::move(value));
    if (const auto* stored = channel.variables().find(name); stored && wanted<VariableSet>())
        publish(VariableSet{&channel, name, *stored});
}

}  // namespace

Result<void> enter_gosub(Channel& channel, std::string_view target_with_arguments) {
    CallState& state = call_state(channel);
    if (state.stack.size() >= max_gosub_depth)
        return fail(ErrorCode::limit, "{} Gosubs have not returned; a Return or StackPop is missing somewhere",
                    state.stack.size());
    const GosubCall call = JF_TRY(parse_gosub(target_with_arguments));
    Place place = JF_TRY(resolve_place(channel, call.target));
    if (!extension_exists(channel, place.context, place.extension, place.priority))
        return fail(ErrorCode::not_found, "there is no priority {} of {}@{}", place.priority, place.extension, place.context);

    CallState::Frame frame;
    frame.back = channel.place();
    ++frame.back.priority;
    frame.arguments = call.arguments.size();
    // Arguments of the routine that calls must not be seen by the one that is called with fewer.
    const std::size_t hidden = state.stack.empty() ? 0 : state.stack.back().arguments;
    channel.variables().push_frame();
    for (std::size_t i = 0; i < std::max(hidden, call.arguments.size()); ++i)
        set_published(channel, fmt::format("ARG{}", i + 1), i < call.arguments.size() ? call.arguments[i] : std::string());
    set_published(channel, "ARGC", std::to_string(call.arguments.size()));
    frame.arguments = std::max(hidden, frame.arguments);
    state.stack.push_back(std::move(frame));
    go_to(channel, std::move(place));
    return {};
}

Result<void> return_from_gosub(Channel& channel, std::string_view value) {
    CallState& state = call_state(channel);
    if (state.stack.empty()) return fail(ErrorCode::invalid, "Return without Gosub: the stack is empty");
    const CallState::Frame frame = std::move(state.stack.back());
    state.stack.pop_back();
    channel.variables().pop_frame();
    channel.set_variable("GOSUB_RETVAL", std::string(value));
    go_to(channel, frame.back);
    return {};
}

Result<void> pop_gosub(Channel& channel) {
    CallState& state = call_state(channel);
    if (state.stack.empty()) return fail(ErrorCode::invalid, "StackPop without Gosub: the stack is empty");
    if (state.stack.back().of_core)
        return fail(ErrorCode::invalid, "StackPop: this routine was not called by Gosub, so it can only Return");
    state.stack.pop_back();
    channel.variables().pop_frame();
    return {};
}

Result<void> set_local_variable(Channel& channel, std::string_view name, std::string value) {
    if (call_state(channel).stack.empty())
        return fail(ErrorCode::invalid, "LOCAL({}) can only be set within a Gosub", name);
    set_published(channel, name, std::move(value));
    return {};
}

// --- exceptions and the absolute timeout ---------------------------------------------------------------------------------

Result<void> raise_exception(Channel& channel, std::string_view reason) {
    const std::string context = channel.place().context;
    if (!extension_exists(channel, context, "e"))
        return fail(ErrorCode::not_found, "exception {}: context {} has no e extension", reason, context);
    call_state(channel).exception = CallState::Exception{std::string(reason), channel.place()};
    go_to(channel, Place{context, "e", 1});
    return {};
}

namespace {

void absolute_timeout_passed(ChannelId id) {
    auto found = find_channel(id);
    if (!found) return;
    Channel& channel = found->get();
    CallState& state = call_state(channel);
    const std::string context = channel.place().context;
    log_verbose(3, "The absolute timeout of {} has passed", channel.name());
    // Not on a fiber, so switches are not asked: T and e are looked for in the plan itself.
    const auto plan = plan_of(channel);
    for (const char* extension : {"T", "e"}) {
        if (!plan->exists({.context = context, .extension = extension})) continue;
        state.exception = CallState::Exception{"ABSOLUTETIMEOUT", channel.place()};
        if (channel.redirect(Place{context, extension, 1})) return;
    }
    channel.hang_up(HangupCause::normal_clearing);
}

}  // namespace

void set_absolute_timeout(Channel& channel, std::chrono::milliseconds limit) {
    CallState& state = call_state(channel);
    if (limit <= std::chrono::milliseconds(0)) {
        state.absolute_timeout.reset();
        return;
    }
    if (!state.absolute_timeout) {
        const RunningGate core(nullptr);
        state.absolute_timeout = std::make_unique<Timer>([id = channel.id()] { absolute_timeout_passed(id); });
    }
    state.absolute_timeout->start(limit);
}

}  // namespace jackfield
