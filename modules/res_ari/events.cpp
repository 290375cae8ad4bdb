// What the core publishes, as events of Stasis applications.
#include <array>

#include "channels/sip/sip_management.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/device_state.hpp"
#include "core/channel/text_message.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"

namespace jackfield::ari {
namespace {

class Events {
  public:
    explicit Events(Ari& ari) : ari_(ari) {}

    void tell(std::string_view type, Channel& channel, JsonObject event = {}) {
        if (!ari_.applications().wanted()) return;
        event["channel"] = channel_json(ari_, channel);
        ari_.applications().publish(type, std::move(event), about(channel));
    }
    static Subjects about(Channel& channel) {
        Subjects subjects{.channels = {channel.unique_id()},
                          .bridges = {},
                          .endpoint = std::string(device_of(channel.name())),
                          .device = {}};
        if (channel.bridge()) subjects.bridges.push_back(channel.bridge()->id());
        return subjects;
    }
    void tell_bridge(std::string_view type, Bridge& bridge, Channel* channel = nullptr) {
        if (!ari_.applications().wanted()) return;
        JsonObject event;
        event["bridge"] = bridge_json(ari_, bridge);
        Subjects subjects{.channels = {}, .bridges = {bridge.id()}, .endpoint = {}, .device = {}};
        if (channel) {
            event["channel"] = channel_json(ari_, *channel);
            subjects.channels.push_back(channel->unique_id());
            subjects.endpoint = device_of(channel->name());
        }
        ari_.applications().publish(type, std::move(event), subjects);
    }
    void tell_dial(Channel* caller, Channel& peer, std::string_view status, std::string_view dial_string,
                   std::string_view forward) {
        if (!ari_.applications().wanted()) return;
        JsonObject event;
        if (caller) event["caller"] = channel_json(ari_, *caller);
        event["peer"] = channel_json(ari_, peer);
        event["forward"] = to_json(forward);
        event["dialstring"] = to_json(dial_string);
        event["dialstatus"] = to_json(status);
        Subjects subjects = about(peer);
        if (caller) subjects.channels.push_back(caller->unique_id());
        ari_.applications().publish("Dial", std::move(event), subjects);
    }
    void tell_contact(const SipContactChanged& change);
    void tell_message(const TextMessageReceived& event);
    void tell_transfer_request(const SipTransferRequested& event);
    JsonObject party_json(std::string_view name, Channel& channel);
    void tell_attended_transfer(const Transferred& event, std::string_view result);
    void watch_channels();
    void watch_input();
    void watch_bridges();
    void watch_dialing();
    void watch_devices();

  private:
    template <class E>
    void on(std::move_only_function<void(const E&)> function) {
        kept_.push_back(subscribe<E>(std::move(function)));
    }
    Ari& ari_;
    std::vector<Subscription> kept_;
};

void Events::watch_channels() {
    on<ChannelCreated>([this](const ChannelCreated& event) { tell("ChannelCreated", event.channel); });
    on<ChannelStateChanged>([this](const ChannelStateChanged& event) { tell("ChannelStateChange", event.channel); });
    on<ChannelHangupRequested>([this](const ChannelHangupRequested& event) {
        JsonObject more;
        if (event.cause != HangupCause::not_defined) more["cause"] = static_cast<int>(event.cause);
        if (!event.by_far_side) more["soft"] = true;
        tell("ChannelHangupRequest", event.channel, std::move(more));
    });
    on<ChannelHungUp>([this](const ChannelHungUp& event) {
        tell("ChannelDestroyed", event.channel,
             {{"cause", static_cast<int>(event.channel.cause())},
              {"cause_txt", to_json(to_string(event.channel.cause()))}});
        for (const auto& [name, recording] : ari_.recordings())
            if (!recording->of_bridge && recording->target == event.channel.unique_id())
                recording->ends.push(LiveRecording::End::target_gone);
        ari_.applications().forget_channel(event.channel.unique_id());
    });
    on<ChannelIdentityChanged>([this](const ChannelIdentityChanged& event) {
        const auto presentation = event.channel.caller().id.number.presentation;
        tell("ChannelCallerId", event.channel,
             {{"caller_presentation", static_cast<int>(presentation)},
              {"caller_presentation_txt", to_json(to_string(presentation))}});
        tell("ChannelConnectedLine", event.channel);
    });
    on<ChannelHeld>([this](const ChannelHeld& event) {
        JsonObject more;
        if (event.held && !event.music_class.empty()) more["musicclass"] = to_json(event.music_class);
        tell(event.held ? "ChannelHold" : "ChannelUnhold", event.channel, std::move(more));
    });
    on<ChannelTalking>([this](const ChannelTalking& event) {
        JsonObject more;
        if (!event.talking) more["duration"] = event.duration_ms;
        tell(event.talking ? "ChannelTalkingStarted" : "ChannelTalkingFinished", event.channel, std::move(more));
    });
    on<NewExtension>([this](const NewExtension& event) {
        tell("ChannelDialplan", event.channel,
             {{"dialplan_app", to_json(event.channel.application)},
              {"dialplan_app_data", to_json(event.channel.application_arguments)}});
    });
}

void Events::watch_input() {
    on<ChannelDigit>([this](const ChannelDigit& event) {
        if (!event.received || !event.end) return;
        for (const auto& [name, recording] : ari_.recordings())
            if (!recording->of_bridge && recording->target == event.channel.unique_id() &&
                recording->terminate_on.find(event.key) != std::string::npos)
                recording->ends.push(LiveRecording::End::digit);
        tell("ChannelDtmfReceived", event.channel,
             {{"digit", to_json(std::string(1, event.key))}, {"duration_ms", event.duration_ms}});
    });
    on<VariableSet>([this](const VariableSet& event) {
        JsonObject more{{"variable", to_json(event.name)}, {"value", to_json(event.value)}};
        if (event.channel)
            tell("ChannelVarset", *event.channel, std::move(more));
        else if (ari_.applications().wanted())
            ari_.applications().publish("ChannelVarset", std::move(more), {});
    });
    on<UserEventRaised>([this](const UserEventRaised& event) {
        if (!event.channel) return;
        JsonObject values;
        for (const auto& [name, value] : event.fields) values[name] = to_json(value);
        tell("ChannelUserevent", *event.channel,
             {{"eventname", to_json(event.name)}, {"userevent", std::move(values)}});
    });
}

void Events::watch_bridges() {
    on<BridgeCreated>([this](const BridgeCreated& event) { tell_bridge("BridgeCreated", event.bridge); });
    on<BridgeDestroyed>([this](const BridgeDestroyed& event) {
        tell_bridge("BridgeDestroyed", event.bridge);
        ari_.applications().forget_bridge(event.bridge.id());
    });
    on<BridgeEntered>([this](const BridgeEntered& event) {
        if (const auto control = ari_.control(event.channel))
            if (Application* application = ari_.applications().find(control->application))
                application->bridges.try_emplace(event.bridge.id(), 1);
        tell_bridge("ChannelEnteredBridge", event.bridge, &event.channel);
    });
    on<BridgeLeft>([this](const BridgeLeft& event) { tell_bridge("ChannelLeftBridge", event.bridge, &event.channel); });
    on<BridgesMerged>([this](const BridgesMerged& event) {
        if (!ari_.applications().wanted()) return;
        JsonObject merged{{"bridge", bridge_json(ari_, event.to)}, {"bridge_from", bridge_json(ari_, event.from)}};
        ari_.applications().publish("BridgeMerged", std::move(merged),
                                    {.channels = {}, .bridges = {event.to.id(), event.from.id()}, .endpoint = {}, .device = {}});
    });
    on<Transferred>([this](const Transferred& event) {
        static constexpr std::array<std::string_view, 4> results{"Success", "Fail", "Not Permitted", "Invalid"};
        if (event.attended) return tell_attended_transfer(event, results[static_cast<std::size_t>(event.result)]);
        JsonObject more{{"exten", to_json(event.extension)},
                        {"context", to_json(event.context)},
                        {"is_external", true},
                        {"result", to_json(results[static_cast<std::size_t>(event.result)])}};
        if (event.transferee) more["transferee"] = channel_json(ari_, *event.transferee);
        if (event.bridge && ari_.applications().wanted()) more["bridge"] = bridge_json(ari_, *event.bridge);
        tell("BridgeBlindTransfer", event.transferer, std::move(more));
    });
}

void Events::tell_attended_transfer(const Transferred& event, std::string_view result) {
    if (!ari_.applications().wanted()) return;
    const bool success = event.result == TransferResult::success;
    JsonObject more{{"transferer_first_leg", channel_json(ari_, event.transferer)},
                    {"transferer_second_leg", channel_json(ari_, event.second_transferer ? *event.second_transferer : event.transferer)},
                    {"is_external", false},
                    {"result", to_json(result)},
                    {"destination_type", !success ? "fail" : event.application.empty() ? "bridge" : "application"}};
    if (event.bridge) more["transferer_first_leg_bridge"] = bridge_json(ari_, *event.bridge);
    if (event.second_bridge) more["transferer_second_leg_bridge"] = bridge_json(ari_, *event.second_bridge);
    if (event.transferee) more["transferee"] = channel_json(ari_, *event.transferee);
    if (event.target) more["transfer_target"] = channel_json(ari_, *event.target);
    if (success && !event.application.empty()) more["destination_application"] = to_json(event.application);
    if (success && event.application.empty() && event.bridge) more["destination_bridge"] = to_json(event.bridge->id());
    Subjects subjects = about(event.transferer);
    for (Channel* const channel : {event.second_transferer, event.transferee, event.target})
        if (channel) subjects.channels.push_back(channel->unique_id());
    for (Bridge* const bridge : {event.bridge, event.second_bridge})
        if (bridge) subjects.bridges.push_back(bridge->id());
    ari_.applications().publish("BridgeAttendedTransfer", std::move(more), subjects);
}

void Events::watch_dialing() {
    on<DialBegan>([this](const DialBegan& event) { tell_dial(event.caller, event.called, "", event.dial_string, ""); });
    on<DialStateChanged>(
        [this](const DialStateChanged& event) { tell_dial(event.caller, event.called, event.status, "", ""); });
    on<DialEnded>(
        [this](const DialEnded& event) { tell_dial(event.caller, event.called, event.status, "", event.forward); });
}

void Events::tell_contact(const SipContactChanged& change) {
    const auto sip = find_service<SipManagement>();
    if (!sip || !ari_.applications().wanted()) return;
    const bool qualified = change.status == "Reachable" || change.status == "Unreachable";
    for (const std::string& name : (*sip)->endpoints_of_aor(change.aor)) {
        const Subjects subjects{.channels = {}, .bridges = {}, .endpoint = "PJSIP/" + name, .device = {}};
        if (!ari_.applications().wanted(subjects)) continue;
        const Json endpoint = endpoint_json("PJSIP", name);
        if (endpoint.is_null()) continue;
        ari_.applications().publish("ContactStatusChange",
                                    {{"endpoint", endpoint},
                                     {"contact_info", JsonObject{{"uri", to_json(change.uri)},
                                                                 {"contact_status", to_json(change.status)},
                                                                 {"aor", to_json(change.aor)}}}},
                                    subjects);
        if (qualified)
            ari_.applications().publish(
                "PeerStatusChange", {{"endpoint", endpoint}, {"peer", JsonObject{{"peer_status", to_json(change.status)}}}}, subjects);
    }
}

void Events::tell_message(const TextMessageReceived& event) {
    const Subjects subjects{.channels = {}, .bridges = {}, .endpoint = event.device, .device = {}};
    if (!ari_.applications().wanted(subjects)) return;
    JsonObject variables;
    for (const TextMessage::Datum& datum : event.message.data) variables[datum.name] = to_json(datum.value);
    JsonObject more{{"message", JsonObject{{"from", to_json(event.message.from)},
                                           {"to", to_json(event.message.to)},
                                           {"body", to_json(event.message.body)},
                                           {"variables", std::move(variables)}}}};
    const Halves halves = split_once(event.device, '/');
    if (Json endpoint = endpoint_json(halves.first, halves.second); !endpoint.is_null()) more["endpoint"] = std::move(endpoint);
    if (ari_.applications().publish("TextMessageReceived", std::move(more), subjects)) event.taken = true;
}

// A channel under that name, its bridge, and whom it speaks with there.
JsonObject Events::party_json(std::string_view name, Channel& channel) {
    JsonObject party{{name, channel_json(ari_, channel)}};
    Bridge* const bridge = channel.bridge();
    if (!bridge) return party;
    party["bridge"] = bridge_json(ari_, *bridge);
    const auto members = bridge->members();
    if (members.size() == 2) party["connected_channel"] = channel_json(ari_, *members[members[0] == &channel ? 1 : 0]);
    return party;
}

void Events::tell_transfer_request(const SipTransferRequested& event) {
    if (!ari_.control(event.channel)) return;  // nobody could answer for it
    JsonObject wanted = event.replaced ? party_json("destination_channel", *event.replaced) : JsonObject();
    wanted["requested_destination"] = event.call_id.empty() ? JsonObject{{"destination", to_json(event.destination)}}
                                                            : JsonObject{{"protocol_id", to_json(event.call_id)}};
    event.taken = ari_.applications().publish(
        "ChannelTransfer", {{"refer_to", std::move(wanted)}, {"referred_by", party_json("source_channel", event.channel)}}, about(event.channel));
}

void Events::watch_devices() {
    on<SipTransferRequested>([this](const SipTransferRequested& event) { tell_transfer_request(event); });
    on<TextMessageReceived>([this](const TextMessageReceived& event) { tell_message(event); });
    on<SipContactChanged>([this](const SipContactChanged& change) { tell_contact(change); });
    on<DeviceStateChange>([this](const DeviceStateChange& event) {
        if (!ari_.applications().wanted()) return;
        ari_.applications().publish(
            "DeviceStateChanged",
            {{"device_state", JsonObject{{"name", to_json(event.device)}, {"state", to_json(to_string(event.state))}}}},
            {.channels = {}, .bridges = {}, .endpoint = {}, .device = event.device});
        const Halves halves = split_once(event.device, '/');
        const Subjects subjects{.channels = {}, .bridges = {}, .endpoint = event.device, .device = {}};
        if (!halves.found || !ari_.applications().wanted(subjects)) return;
        Json endpoint = endpoint_json(halves.first, halves.second);
        if (endpoint.is_null()) return;
        ari_.applications().publish("EndpointStateChange", {{"endpoint", std::move(endpoint)}}, subjects);
    });
}

}  // namespace

void add_events(Ari& ari, Module& module) {
    auto& events = module.own<Events>(ari);
    events.watch_channels();
    events.watch_input();
    events.watch_bridges();
    events.watch_dialing();
    events.watch_devices();
}

}  // namespace jackfield::ari
