// Values of ${} in a channel's scope, and the setting of variables and functions.
#include "core/dialplan/evaluator.hpp"

#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/base/strings.hpp"
#include "core/channel/channel_events.hpp"
#include "core/dialplan/application.hpp"
#include "core/dialplan/dialplan_only.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/template.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {
namespace {

template <class T>
std::string suggest(Registry<T>& registry, std::string_view name) {
    std::vector<std::string> names;
    for (const auto* slot : registry.list()) names.push_back(slot->name);
    const auto near = nearest_word(name, names);
    return near ? fmt::format("; did you mean {}?", *near) : std::string();
}

// Runs a function's body inside its module. What it throws is the module's fault and ends here.
template <class F>
auto in_module(const Registry<RegisteredFunction>::Slot& slot, F&& body) -> decltype(body(slot.value->body)) {
    auto pass = JF_TRY(slot.enter());
    const RunningGate running(pass.gate());
    try {
        return body(slot.value->body);
    } catch (const std::exception& error) {
        return fail(ErrorCode::failed, "function {} threw an exception: {}", slot.name, error.what());
    }
}

Result<const Registry<RegisteredFunction>::Slot*> find_function(std::string_view name) {
    const auto* slot = functions().find(name);
    if (!slot) return fail(ErrorCode::not_found, "there is no function {}{}", name, suggest_function(name));
    return slot;
}

// "NAME(arguments)" to its parts; not a function without a parenthesis.
struct FunctionCall {
    std::string_view name, arguments;
    bool is_function = false;
};
FunctionCall parse_call(std::string_view text) {
    const auto open = text.find('(');
    if (open == std::string_view::npos) return {text, {}, false};
    const auto close = text.rfind(')');
    const auto end = close == std::string_view::npos || close < open ? text.size() : close;
    return {trim(text.substr(0, open)), text.substr(open + 1, end - open - 1), true};
}

}  // namespace

std::string suggest_application(std::string_view name) { return suggest(applications(), name); }
std::string suggest_function(std::string_view name) { return suggest(functions(), name); }

std::optional<std::string> ChannelSource::variable(std::string_view name) {
    if (auto builtin = builtin_variable(channel_, name)) return builtin;
    const std::string* value = channel_ ? channel_->variables().find(name) : nullptr;
    if (!value) value = global_variables().find(name);
    if (!value) return {};
    return *value;
}

Result<std::string> ChannelSource::call_function(std::string_view name, std::string_view arguments) {
    const auto* slot = JF_TRY(find_function(name));
    JF_TRY(may_use(*slot->value, FunctionUse::read));
    return in_module(*slot, [&](const FunctionBody& body) -> Result<std::string> {
        if (!body.read) return fail(ErrorCode::unsupported, "{} can only be set", slot->name);
        return body.read(channel_, Arguments(std::string(arguments)));
    });
}

void ChannelSource::warn(std::string_view text) {
    // A line of the plan that many calls run must not fill the disk.
    static KeyedRateLimit once_a_second(std::chrono::seconds(1));
    if (!once_a_second.allow(fmt::format("{}:{} {}", file_.text(), line_, text), Clock::now())) return;
    const std::string_view who = channel_ ? std::string_view(channel_->name()) : std::string_view("dialplan");
    if (file_.empty())
        log_warning("{}: {}", who, text);
    else
        log_warning("{}:{}: {}: {}", file_.text(), line_, who, text);
}

void set_global_variable(std::string_view name, std::string value) {
    global_variables().set(name, std::move(value));
    if (!wanted<VariableSet>()) return;
    const auto* stored = global_variables().find(name);
    publish(VariableSet{nullptr, name, stored ? std::string_view(*stored) : std::string_view()});
}

Result<std::string> substitute(Channel* channel, std::string_view text) {
    ChannelSource source(channel);
    return evaluate_text(text, source);
}

Result<std::string> read_expression(Channel* channel, std::string_view name) {
    ChannelSource source(channel);
    const FunctionCall call = parse_call(name);
    if (call.is_function) return source.call_function(call.name, call.arguments);
    return source.variable(name).value_or(std::string());
}

Result<void> write_expression(Channel* channel, std::string_view name, std::string_view value) {
    const FunctionCall call = parse_call(name);
    if (!call.is_function) {
        if (name.empty()) return fail(ErrorCode::invalid, "a variable needs a name");
        if (channel)
            channel->set_variable(name, std::string(value));
        else
            set_global_variable(name, std::string(value));
        return {};
    }
    const auto* slot = JF_TRY(find_function(call.name));
    JF_TRY(may_use(*slot->value, FunctionUse::write));
    return in_module(*slot, [&](const FunctionBody& body) -> Result<void> {
        if (!body.write) return fail(ErrorCode::unsupported, "{} can only be read", slot->name);
        return body.write(channel, Arguments(std::string(call.arguments)), value);
    });
}

}  // namespace jackfield
