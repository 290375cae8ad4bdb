// /channels: making new ones.
#include <algorithm>

#include "core/base/log.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/dial.hpp"
#include "core/channel/unique_id.hpp"
#include "core/console/daemon_control.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/outside_scope.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"
#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;

constexpr long longest_timeout = 86400;

struct Order {
    DialRequest request;
    std::string unique_id, other_unique_id, application;
    std::vector<std::string> arguments;
    PartyId caller;
    Place place;
    std::string priority;  // may be a label
    std::chrono::seconds timeout{30};
    std::vector<std::pair<std::string, std::string>> variables;
    ChannelId originator;
};

std::optional<Order> read_order(Request& request, bool needs_application, Answer& refused) {
    Order order;
    auto destinations = parse_dial_string(request.get("endpoint"));
    if (!destinations || destinations->size() != 1) {
        refused = error(400, "Invalid endpoint specified");
        return {};
    }
    order.request = std::move(destinations->front());
    order.application = request.get("app");
    if (request.has("appArgs")) order.arguments = split_arguments(request.get("appArgs"));
    order.place.context = request.has("context") ? request.get("context") : "default";
    order.place.extension = request.get("extension");
    order.priority = request.has("label")      ? request.get("label")
                     : request.has("priority") ? request.get("priority")
                                               : "1";
    if (order.application.empty() && (needs_application || order.place.extension.empty())) {
        refused = error(400, "Application or extension must be specified");
        return {};
    }
    order.unique_id = request.get("channelId");
    order.other_unique_id = request.get("otherChannelId");
    for (const std::string& id : {order.unique_id, order.other_unique_id}) {
        if (id.size() > 149)
            refused = error(400, "Uniqueid length exceeds maximum of 149");
        else if (!id.empty() && find_channel(id))
            refused = error(409, "Channel with given unique ID already exists");
        else
            continue;
        return {};
    }
    if (const std::string formats = request.get("formats"); !formats.empty()) {
        if (auto read = order.request.formats.allow(formats); !read) {
            refused = error(400, read.error().text);
            return {};
        }
    }
    if (const std::string originator = request.get("originator"); !originator.empty()) {
        Channel* channel = find_channel(originator);
        if (!channel) {
            refused = error(400, "Originator not found");
            return {};
        }
        order.originator = channel->id();
        order.request.requestor = channel;
    }
    if (request.has("callerId")) order.caller = PartyId::parse(request.get("callerId"));
    const long timeout = request.number("timeout").value_or(30);
    order.timeout = std::chrono::seconds(timeout <= 0 ? longest_timeout : std::min(timeout, longest_timeout));
    order.variables = request.variables();
    return order;
}

void prepare(Channel& channel, const Order& order) {
    if (!order.unique_id.empty())
        if (auto named = assign_unique_id(channel, order.unique_id); !named)
            log_warning("ARI originate: {}", named.error().text);
    if (order.caller.number.valid || order.caller.name.valid) {
        channel.caller().id = channel.caller().ani = order.caller;
        channel.connected().id = channel.connected().ani = order.caller;
    }
    for (const auto& [name, value] : order.variables)
        if (!name.contains('(')) channel.set_variable(name, value);
}

// Functions may wait, so they are set when the channel is there.
void set_functions(Channel& channel, const Order& order) {
    const OutsideScope outside(live_dangerously());
    for (const auto& [name, value] : order.variables)
        if (name.contains('('))
            if (auto set = write_expression(&channel, name, value); !set)
                log_warning("ARI originate: {} can't be set: {}", name, set.error().text);
}

void name_other_half(const Channel& channel, const std::string& id) {
    const std::string& name = channel.name();
    if (id.empty() || !name.ends_with(";1")) return;
    if (Channel* other = find_channel(name.substr(0, name.size() - 1) + "2"))
        if (auto named = assign_unique_id(*other, id); !named) log_warning("ARI originate: {}", named.error().text);
}

Answer refused_call(HangupCause cause, const Error& why) {
    if (why.code == ErrorCode::not_found && cause == HangupCause::chan_not_implemented) return error(400, why.text);
    return error(500, "Allocation failed: " + why.text);
}

// Waits until it is answered, then runs the application or the dialplan.
void follow(Ari& ari, std::unique_ptr<DialLeg> leg, const Order& order) {
    const Instant end = Clock::now() + order.timeout;
    while (leg->state() != DialLeg::State::answered) {
        while (leg->next_event()) {
        }
        if (leg->state() == DialLeg::State::failed) return;
        if (leg->state() == DialLeg::State::answered) break;
        if (!select({&leg->events()}, std::max(Clock::duration::zero(), end - Clock::now()))) return;
    }
    Custody custody = leg->take("ARI");
    Channel& channel = custody.channel();
    {
        const InterruptScope scope(custody.interrupter());
        set_functions(channel, order);
        if (!custody.holds() || channel.hung_up()) return;
        if (order.application.empty()) {
            auto place = resolve_place(
                channel, fmt::format("{},{},{}", order.place.context, order.place.extension, order.priority));
            if (!place) {
                log_warning("ARI originate: {}", place.error().text);
                return;
            }
            channel.place() = *std::move(place);
        }
    }
    custody.renew(order.application.empty() ? "dialplan" : "Stasis");
    if (order.application.empty())
        (void)start_dialplan(std::move(custody));
    else
        (void)ari.start(std::move(custody), order.application, order.arguments);
}

Answer originate(Request& request) {
    Answer refused;
    auto order = read_order(request, false, refused);
    if (!order) return refused;
    HangupCause cause = HangupCause::not_defined;
    auto leg = DialLeg::start(order->request, cause, [&](Channel& channel) {
        prepare(channel, *order);
        // The application that it is for hears of it from its beginning.
        if (!order->application.empty())
            request.ari.applications().subscribe_channel(order->application, channel.unique_id());
    });
    if (!leg) return refused_call(cause, leg.error());
    name_other_half((*leg)->channel(), order->other_unique_id);
    auto body = channel_json(request.ari, (*leg)->channel());
    order->request.requestor = nullptr;
    const std::string name = (*leg)->channel().name();
    const CallId call_id = (*leg)->channel().call_id();
    const auto started = spawn({.name = "originate " + name, .call_id = call_id},
                               [&ari = request.ari, leg = std::move(*leg), order = *std::move(order)]() mutable {
                                   follow(ari, std::move(leg), order);
                               });
    return started ? ok(std::move(body)) : error(500, started.error().text);
}

// A channel that is not called yet: it is in the application at once, and /dial calls it.
Answer create_channel(Request& request) {
    Answer refused;
    auto order = read_order(request, true, refused);
    if (!order) return refused;
    if (!request.ari.applications().active(order->application)) return error(400, "Application not found");
    HangupCause cause = HangupCause::not_defined;
    auto custody = Channel::request(order->request, "Stasis", cause);
    if (!custody) return refused_call(cause, custody.error());
    Channel& channel = custody->channel();
    prepare(channel, *order);
    name_other_half(channel, order->other_unique_id);
    auto body = channel_json(request.ari, channel);
    const auto started = request.ari.start(*std::move(custody), order->application, order->arguments);
    return started ? ok(std::move(body)) : error(500, started.error().text);
}

Answer dial(Request& request) {
    Channel* channel = find_channel(request.get("channelId"));
    if (!channel) return error(404, "Channel not found");
    const auto control = request.ari.control(*channel);
    if (!control) return error(409, "Channel not in Stasis application");
    if (channel->state() != ChannelState::down && channel->state() != ChannelState::reserved)
        return error(409, "Channel is not in a state to be dialled");
    Channel* caller = request.has("caller") ? find_channel(request.get("caller")) : nullptr;
    if (request.has("caller") && !caller) return error(404, "Calling channel not found");
    const long timeout = request.number("timeout").value_or(0);
    if (timeout < 0) return error(400, "Dial timeout cannot be negative");
    const ChannelId id = channel->id();
    const std::string name = channel->name();
    control->caller = caller ? caller->id() : ChannelId{};
    const auto called = run_command(*channel, [control](Channel& on) -> Result<void> {
        const auto caller = find_channel(control->caller);
        const std::string device(device_of(on.name()));
        publish(DialBegan{caller ? &caller->get() : nullptr, on, std::string(split_once(device, '/').second)});
        control->dialled = true;
        auto called = on.driver().call();
        if (!called) control->dialled = false;
        return called;
    });
    if (!called)
        return called.error().code == ErrorCode::hangup ? error(404, "Channel not found")
                                                        : error(500, called.error().text);
    if (timeout > 0)
        (void)spawn({.name = "dial timeout of " + name}, [id, control, timeout] {
            (void)sleep_for(std::chrono::seconds(std::min(timeout, longest_timeout)));
            const auto found = find_channel(id);
            if (found && control->dialled) found->get().hang_up(HangupCause::no_answer);
        });
    return done();
}

// A channel whose media goes to another program: UnicastRTP/HOST:PORT/c(FORMAT) or AudioSocket/HOST:PORT/DATA/c(FORMAT).
Answer external_media(Request& request) {
    const auto given = [&](std::string_view name, std::string otherwise) {
        return request.has(name) ? request.get(name) : otherwise;
    };
    const std::string host = request.get("external_host"), format = request.get("format");
    const std::string encapsulation = given("encapsulation", "rtp");
    if (host.empty()) return error(400, "external_host cannot be empty");
    if (format.empty()) return error(400, "format cannot be empty");
    if (given("connection_type", "client") != "client") return error(400, "connection_type is client; this server does not wait for connections");
    if (given("direction", "both") != "both") return error(400, "direction is both");
    std::string endpoint;
    if (encapsulation == "rtp") {
        if (given("transport", "udp") != "udp") return error(400, "the transport of rtp is udp");
        endpoint = fmt::format("UnicastRTP/{}/c({})", host, format);
    } else if (encapsulation == "audiosocket") {
        if (given("transport", "tcp") != "tcp") return error(400, "the transport of audiosocket is tcp");
        if (request.get("data").empty()) return error(400, "data, the UUID of the connection, cannot be empty");
        endpoint = fmt::format("AudioSocket/{}/{}/c({})", host, request.get("data"), format);
    } else {
        return error(400, "encapsulation is rtp or audiosocket");
    }
    request.add("endpoint", std::move(endpoint));
    request.add("formats", format);
    return originate(request);
}

std::vector<Parameter> new_channel(std::vector<Parameter> first, bool originated) {
    first.push_back({.name = "endpoint", .required = true});
    if (originated)
        for (const char* name : {"extension", "context", "label"}) first.push_back({.name = name});
    if (originated) first.push_back({.name = "priority", .type = "long"});
    first.push_back({.name = "app", .required = !originated});
    first.push_back({.name = "appArgs"});
    if (originated) first.push_back({.name = "callerId"});
    if (originated) first.push_back({.name = "timeout", .type = "int"});
    first.push_back({.in = In::body, .name = "variables", .type = "containers"});
    for (const char* name : {"otherChannelId", "originator", "formats"}) first.push_back({.name = name});
    return first;
}

}  // namespace

std::span<const Operation> channel_call_operations() {
    static const Parameter id{.in = In::path, .name = "channelId", .required = true};
    static const std::vector<Operation> operations{
        {"POST", "/channels", "originate", "Channel", "Call an endpoint", new_channel({{.name = "channelId"}}, true),
         originate},
        {"POST", "/channels/create", "create", "Channel", "Make a channel to be dialled later",
         new_channel({{.name = "channelId"}}, false), create_channel},
        {"POST", "/channels/{channelId}", "originateWithId", "Channel", "Call an endpoint, with an id of one's own",
         new_channel({id}, true), originate},
        {"POST",
         "/channels/externalMedia",
         "externalMedia",
         "Channel",
         "A channel whose media goes to another program",
         {{.name = "channelId"},
          {.name = "app", .required = true},
          {.name = "appArgs"},
          {.in = In::body, .name = "variables", .type = "containers"},
          {.name = "external_host"},
          {.name = "encapsulation"},
          {.name = "transport"},
          {.name = "connection_type"},
          {.name = "format", .required = true},
          {.name = "direction"},
          {.name = "data"}},
         external_media},
        {"POST",
         "/channels/{channelId}/dial",
         "dial",
         "void",
         "Call with a channel that was made by create",
         {id, {.name = "caller"}, {.name = "timeout", .type = "int"}},
         dial},
    };
    return operations;
}

}  // namespace jackfield::ari
