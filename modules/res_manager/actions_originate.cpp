// Originate, and OriginateResponse.
#include <array>
#include <chrono>

#include "core/base/log.hpp"
#include "core/channel/dial.hpp"
#include "core/channel/unique_id.hpp"
#include "core/console/daemon_control.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/originated.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/outside_scope.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"
#include "modules/res_manager/server.hpp"

namespace jackfield::manager {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_call = 24h;
// They run programs or change the machine, so that `originate` alone is not enough for them.
constexpr std::array<std::string_view, 14> applications_of_system{
    "AGI", "EAGI", "DeadAGI", "Exec", "ExecIf", "TryExec", "ExternalIVR", "MixMonitor", "Monitor", "Originate", "Reload",
    "System", "TrySystem", "ReadFile"};
constexpr std::array<std::string_view, 8> functions_of_system{"SHELL(", "EVAL(", "DB(", "FILE(", "CURL(", "REALTIME(", "ODBC_", "STAT("};

struct Order {
    DialRequest request;
    PartyId caller;
    std::string account, application, arguments, action_id;
    std::string unique_id, other_unique_id;  // empty: as the core makes them
    Place place;
    std::string priority;                   // may be a label
    std::chrono::milliseconds timeout{30000};
    ManagerRequest::Fields variables;
    bool early_media = false;
};

struct Outcome {
    bool success = false;
    int reason = 0;                         // of AMI: 4 answered, 5 busy, 8 congestion, 3 not answered, 0 it could not be called
    std::string channel, unique_id;
};

int reason_of(DialOutcome outcome) {
    switch (outcome) {
        case DialOutcome::answer: return 4;
        case DialOutcome::busy: return 5;
        case DialOutcome::congestion: return 8;
        case DialOutcome::no_answer: return 3;
        default: return 0;
    }
}

Result<void> check_rights(const Order& order, ManagerClasses classes) {
    if (classes & manager_class::system) return {};
    for (const std::string_view name : applications_of_system)
        if (equals_ignoring_case(trim(order.application), name))
            return fail(ErrorCode::refused, "Originate Access Forbidden: app or data blacklisted");
    for (const std::string_view name : functions_of_system)
        if (find_ignoring_case(order.arguments, name) != std::string_view::npos)
            return fail(ErrorCode::refused, "Originate Access Forbidden: app or data blacklisted");
    return {};
}

Result<Order> read_order(const ManagerRequest& request, const ManagerReply& reply) {
    Order order;
    auto destinations = parse_dial_string(JF_TRY(needed(request, "Channel")));
    if (!destinations || destinations->size() != 1)
        return fail(ErrorCode::invalid, "Channel: '{}' is not Technology/Resource", request.get("Channel"));
    order.request = std::move(destinations->front());
    order.application = request.get("Application");
    order.arguments = request.get("Data");
    order.place.context = request.get("Context").empty() ? "default" : request.get("Context");
    order.place.extension = request.get("Exten");
    order.priority = request.get("Priority");
    if (order.application.empty() && (order.place.extension.empty() || order.priority.empty()))
        return fail(ErrorCode::invalid, "Originate needs Application, or Exten with Context and Priority");
    if (const std::string_view text = request.get("Timeout"); !text.empty()) {
        const auto number = parse_number<std::int64_t>(text);
        if (!number || *number < 0 || *number > longest_call / 1ms) return fail(ErrorCode::invalid, "Invalid timeout");
        order.timeout = std::chrono::milliseconds(*number);
    }
    if (!request.get("CallerID").empty()) order.caller = PartyId::parse(request.get("CallerID"));
    order.account = request.get("Account");
    order.action_id = request.action_id();
    order.unique_id = request.get("ChannelId");
    order.other_unique_id = request.get("OtherChannelId");
    for (const std::string& id : {order.unique_id, order.other_unique_id}) {
        if (id.size() > 149) return fail(ErrorCode::invalid, "Uniqueid length exceeds maximum of 149");
        if (!id.empty() && find_channel(id)) return fail(ErrorCode::exists, "The unique id {} is in use", id);
    }
    if (order.other_unique_id.empty() && !order.unique_id.empty()) order.other_unique_id = order.unique_id + ";2";
    order.early_media = parse_bool(request.get("EarlyMedia")).value_or(false);
    if (const std::string_view codecs = request.get("Codecs"); !codecs.empty()) {
        if (auto read = order.request.formats.allow(codecs); !read)
            return fail(ErrorCode::invalid, "Codecs: {}", read.error().text);
    }
    order.variables = reply.channel_variables();
    for (auto& variable : request.variables()) order.variables.push_back(std::move(variable));
    JF_TRY(check_rights(order, reply.write_classes()));
    return order;
}

// A second half of the same channel (Local's ;2) is there once the first one is being called.
void name_other_half(const Channel& channel, const Order& order) {
    const std::string& name = channel.name();
    if (order.other_unique_id.empty() || !name.ends_with(";1")) return;
    Channel* other = find_channel(name.substr(0, name.size() - 1) + "2");
    if (!other) return;
    if (auto named = assign_unique_id(*other, order.other_unique_id); !named) log_warning("Originate: {}", named.error().text);
}

void prepare(Channel& channel, const Order& order) {
    if (!order.unique_id.empty())
        if (auto named = assign_unique_id(channel, order.unique_id); !named) log_warning("Originate: {}", named.error().text);
    // The channel goes to who is called, but later stands in the dialplan as if that one had called.
    if (order.caller.number.valid || order.caller.name.valid) {
        channel.caller().id = channel.caller().ani = order.caller;
        channel.connected().id = channel.connected().ani = order.caller;
    }
    if (!order.account.empty()) channel.attributes().account_code = order.account;
    for (const auto& [name, value] : order.variables)
        if (!name.contains('(')) channel.set_variable(name, value);
}

// Functions among the variables may wait, so they are set when the channel is there.
void set_functions(Channel& channel, const Order& order) {
    const OutsideScope outside(live_dangerously());
    for (const auto& [name, value] : order.variables)
        if (name.contains('('))
            if (auto set = write_expression(&channel, name, value); !set)
                log_warning("Originate: {} can't be set: {}", name, set.error().text);
}

Result<void> connect(Custody custody, const Order& order) {
    Channel& channel = custody.channel();
    {
        const InterruptScope scope(custody.interrupter());
        set_functions(channel, order);
        if (order.application.empty()) {
            channel.place() = order.place;
            channel.place() = JF_TRY(resolve_place(
                channel, fmt::format("{},{},{}", order.place.context, order.place.extension, order.priority)));
        }
    }
    if (!order.application.empty()) return start_application(std::move(custody), order.application, order.arguments);
    custody.renew("dialplan");
    return start_dialplan(std::move(custody));
}

// Early media counts as an answer when the order says so.
Result<Custody> place_call(const Order& order, Outcome& outcome) {
    HangupCause cause = HangupCause::not_defined;
    auto started = DialLeg::start(order.request, cause, [&](Channel& channel) {
        prepare(channel, order);
        outcome.channel = channel.name();
        outcome.unique_id = channel.unique_id();
    });
    if (!started) {
        outcome.reason = reason_of(outcome_of(cause));
        return std::unexpected(std::move(started).error());
    }
    DialLeg& leg = **started;
    name_other_half(leg.channel(), order);
    const Instant end = Clock::now() + order.timeout;
    for (;;) {
        while (leg.next_event()) {
        }
        if (leg.state() == DialLeg::State::answered || (order.early_media && leg.state() == DialLeg::State::progress)) {
            outcome.reason = 4;
            return leg.take("Originate");
        }
        if (leg.state() == DialLeg::State::failed) {
            outcome.reason = reason_of(outcome_of(leg.cause()));
            return fail(ErrorCode::failed, "{}", to_string(leg.cause()));
        }
        const auto left = std::max(Clock::duration::zero(), end - Clock::now());
        if (auto ready = select({&leg.events()}, left); !ready) {
            outcome.reason = 3;
            return std::unexpected(std::move(ready).error());
        }
    }
}

Result<void> carry_out(const Order& order, Outcome& outcome) {
    auto custody = JF_TRY(place_call(order, outcome));
    JF_TRY(connect(std::move(custody), order));
    outcome.success = true;
    return {};
}

void tell_outcome(Server& server, const Order& order, const Outcome& outcome) {
    ManagerFields fields;
    if (!order.action_id.empty()) fields.add("ActionID", order.action_id);
    fields.add("Response", outcome.success ? "Success" : "Failure");
    fields.add("Channel", outcome.channel.empty() ? fmt::format("{}/{}", order.request.technology, order.request.destination)
                                                  : outcome.channel);
    fields.add("Context", order.place.context).add("Exten", order.place.extension);
    fields.add("Application", order.application).add("Data", order.arguments);
    fields.add("Reason", outcome.reason).add("Uniqueid", outcome.unique_id.empty() ? "<null>" : outcome.unique_id);
    const auto known = [](const auto& field) { return field.text.empty() ? std::string("<unknown>") : field.text; };
    fields.add("CallerIDNum", known(order.caller.number)).add("CallerIDName", known(order.caller.name));
    server.publish("OriginateResponse", manager_class::call, fields);
}

Result<void> originate(const ManagerRequest& request, ManagerReply& reply) {
    Order order = JF_TRY(read_order(request, reply));
    Server& server = static_cast<SessionReply&>(reply).server;
    if (parse_bool(request.get("Async")).value_or(false)) {
        JF_TRY(spawn({.name = "Originate " + std::string(request.get("Channel")), .call_id = {}},
                     [&server, order = std::move(order)] {
                         Outcome outcome;
                         if (auto done = carry_out(order, outcome); !done)
                             log_debug(1, "Originate to {} failed: {}", order.request.destination, done.error().text);
                         tell_outcome(server, order, outcome);
                     }));
        reply.success("Originate successfully queued");
        return {};
    }
    Outcome outcome;
    auto done = carry_out(order, outcome);
    if (!done && ends_application(done.error().code) && done.error().code != ErrorCode::hangup) return done;
    if (!done) return fail(ErrorCode::failed, "Originate failed");
    reply.success("Originate successfully queued");
    return {};
}

using namespace manager_class;
constexpr std::array all_originate_actions{
    ActionEntry{{"Originate", manager_class::originate, "Call somebody and connect the call with the dialplan or an application",
                 "Channel: Technology/Resource. Then Exten, Context and Priority, or Application and Data. Timeout "
                 "(milliseconds), CallerID, Variable (several), Account, EarlyMedia, Async, Codecs, ChannelId, OtherChannelId. "
                 "With Async an OriginateResponse tells the outcome."}, manager::originate},
};

}  // namespace

std::span<const ActionEntry> originate_actions() { return all_originate_actions; }

}  // namespace jackfield::manager
