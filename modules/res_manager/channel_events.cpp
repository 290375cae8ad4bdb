// Newchannel, Newstate, Newexten, VarSet, NewCallerid, NewConnectedLine, NewAccountCode, Rename, Hangup, Hold, Unhold,
// DTMFBegin, DTMFEnd, MusicOnHoldStart, MusicOnHoldStop, ChannelTalkingStart, ChannelTalkingStop, ChanSpyStart, ChanSpyStop,
// DialBegin, DialState, DialEnd, LocalBridge, Flash, HangupHandlerPush, HangupHandlerPop, HangupHandlerRun.
#include "modules/res_manager/channel_events.hpp"

#include <unordered_map>

#include "core/channel/channel_events.hpp"
#include "core/channel/flash_event.hpp"
#include "core/channel/pickup.hpp"
#include "core/dialplan/hangup_handlers.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/snapshot_fields.hpp"

namespace jackfield::manager {
namespace {

// What was told of each channel: the bus says that an identity changed, AMI also says which one; and no event of a
// channel may come before its Newchannel. Known only while somebody wants events of class call.
class ToldChannels {
  public:
    explicit ToldChannels(Server& server) : server_(server) {
        for_each_channel([this](Channel& channel) { told_[channel.id().number] = Told(channel); });
    }

    void tell_new(Channel& channel) {
        const auto [place, is_new] = told_.try_emplace(channel.id().number);
        if (!is_new) return;
        place->second = Told(channel);
        publish("Newchannel", channel);
        if (channel.technology() == "Local" && channel.name().ends_with(";2")) tell_local_bridge(channel);
    }
    // Before every event of the channel: what changed without an event of its own.
    void before(Channel& channel) {
        tell_new(channel);
        Told& told = told_[channel.id().number];
        if (told.account == channel.attributes().account_code) return;
        ManagerFields more;
        more.add("OldAccountCode", std::exchange(told.account, channel.attributes().account_code));
        publish("NewAccountCode", channel, more);
    }
    void tell_identity(Channel& channel) {
        before(channel);
        Told& told = told_[channel.id().number];
        if (!(told.caller == channel.caller().id)) {
            told.caller = channel.caller().id;
            ManagerFields more;
            more.add("CID-CallingPres", presentation_text(told.caller.number.presentation));
            publish("NewCallerid", channel, more);
        }
        if (!(told.connected == channel.connected().id)) {
            told.connected = channel.connected().id;
            publish("NewConnectedLine", channel);
        }
    }
    Server& server() const { return server_; }
    void forget(Channel& channel) { told_.erase(channel.id().number); }

    void publish(std::string_view event, Channel& channel, const ManagerFields& more = {}) {
        ManagerFields fields;
        add_channel(fields, server_, channel);
        server_.publish(event, manager_class::call, fields.add(more));
    }

  private:
    struct Told {
        Told() = default;
        explicit Told(Channel& channel)
            : caller(channel.caller().id), connected(channel.connected().id), account(channel.attributes().account_code) {}
        PartyId caller, connected;
        std::string account;
    };

    // "Local/extension@context-00000001;2" says what it was dialled for.
    void tell_local_bridge(Channel& two) {
        const std::string& name = two.name();
        Channel* one = find_channel(name.substr(0, name.size() - 1) + "1");
        if (!one) return;
        before(*one);
        const Halves dialled = split_once(device_of(name).substr(std::string_view("Local/").size()), '@');
        ManagerFields fields;
        add_channel(fields, server_, *one, "LocalOne");
        add_channel(fields, server_, two, "LocalTwo");
        fields.add("Context", dialled.second).add("Exten", dialled.first);
        fields.add("LocalOptimization", one->driver().optimizable_half() ? "Yes" : "No");
        server_.publish("LocalBridge", manager_class::call, fields);
    }

    Server& server_;
    std::unordered_map<std::uint64_t, Told> told_;
};

// Shared by the sources, which come and go; set while class call is wanted.
struct State {
    Server& server;
    std::weak_ptr<ToldChannels> told;
    void before(Channel* channel) const {
        if (const auto known = told.lock(); known && channel) known->before(*channel);
    }
};

void publish_dial(const State& state, std::string_view name, Channel* caller, Channel& called, const ManagerFields& more) {
    state.before(caller);
    state.before(&called);
    ManagerFields fields;
    if (caller) add_channel(fields, state.server, *caller);
    add_channel(fields, state.server, called, "Dest");
    state.server.publish(name, manager_class::call, fields.add(more));
}

std::vector<Subscription> watch_dialing(const std::shared_ptr<State>& state) {
    std::vector<Subscription> list;
    list.push_back(subscribe<DialBegan>([state](const DialBegan& event) {
        const Halves halves = split_once(event.dial_string, '/');
        publish_dial(*state, "DialBegin", event.caller, event.called, ManagerFields().add("DialString", halves.second));
    }));
    list.push_back(subscribe<DialStateChanged>([state](const DialStateChanged& event) {
        publish_dial(*state, "DialState", event.caller, event.called, ManagerFields().add("DialStatus", event.status));
    }));
    list.push_back(subscribe<DialEnded>([state](const DialEnded& event) {
        ManagerFields more;
        more.add("DialStatus", event.status);
        if (!event.forward.empty()) more.add("Forward", event.forward);
        publish_dial(*state, "DialEnd", event.caller, event.called, more);
    }));
    return list;
}

std::vector<Subscription> watch_calls(const std::shared_ptr<State>& state) {
    const auto told = std::make_shared<ToldChannels>(state->server);
    state->told = told;
    std::vector<Subscription> list = watch_dialing(state);
    list.push_back(subscribe<ChannelCreated>([told](const ChannelCreated& event) { told->tell_new(event.channel); }));
    list.push_back(subscribe<ChannelStateChanged>([told](const ChannelStateChanged& event) {
        told->before(event.channel);
        told->publish("Newstate", event.channel);
    }));
    list.push_back(subscribe<ChannelHangupRequested>([told](const ChannelHangupRequested& event) {
        told->before(event.channel);
        ManagerFields more;
        more.add("Cause", static_cast<int>(event.cause));
        told->publish(event.by_far_side ? "HangupRequest" : "SoftHangupRequest", event.channel, more);
    }));
    list.push_back(subscribe<ChannelHungUp>([told](const ChannelHungUp& event) {
        told->before(event.channel);
        ManagerFields more;
        more.add("Cause", static_cast<int>(event.channel.cause())).add("Cause-txt", to_string(event.channel.cause()));
        told->publish("Hangup", event.channel, more);
        told->forget(event.channel);
    }));
    list.push_back(subscribe<ChannelRenamed>([told, state](const ChannelRenamed& event) {
        told->before(event.channel);
        ManagerFields fields;
        fields.add("Channel", event.old_name).add("Newname", event.channel.name()).add("Uniqueid", event.channel.unique_id());
        state->server.publish("Rename", manager_class::call, fields);
    }));
    list.push_back(subscribe<ChannelIdentityChanged>(
        [told](const ChannelIdentityChanged& event) { told->tell_identity(event.channel); }));
    list.push_back(subscribe<ChannelHeld>([told](const ChannelHeld& event) {
        told->before(event.channel);
        ManagerFields more;
        if (event.held && !event.music_class.empty()) more.add("MusicClass", event.music_class);
        told->publish(event.held ? "Hold" : "Unhold", event.channel, more);
    }));
    list.push_back(subscribe<CallPickedUp>([told](const CallPickedUp& event) {
        told->before(event.picker);
        told->before(event.ringing);
        ManagerFields more;
        add_channel(more, told->server(), event.ringing, "Target");
        told->publish("Pickup", event.picker, more);
    }));
    list.push_back(subscribe<ChannelFlashed>([told](const ChannelFlashed& event) {
        told->before(event.channel);
        told->publish("Flash", event.channel);
    }));
    list.push_back(subscribe<ChannelMusic>([told](const ChannelMusic& event) {
        told->before(event.channel);
        ManagerFields more;
        if (event.started) more.add("Class", event.music_class.empty() ? "default" : event.music_class);
        told->publish(event.started ? "MusicOnHoldStart" : "MusicOnHoldStop", event.channel, more);
    }));
    list.push_back(subscribe<ChannelTalking>([told](const ChannelTalking& event) {
        told->before(event.channel);
        ManagerFields more;
        if (!event.talking) more.add("Duration", event.duration_ms);
        told->publish(event.talking ? "ChannelTalkingStart" : "ChannelTalkingStop", event.channel, more);
    }));
    list.push_back(subscribe<ChannelSpied>([told, state](const ChannelSpied& event) {
        told->before(event.spy);
        told->before(event.spied);
        ManagerFields fields;
        add_channel(fields, state->server, event.spy, "Spyer");
        add_channel(fields, state->server, event.spied, "Spyee");
        state->server.publish(event.started ? "ChanSpyStart" : "ChanSpyStop", manager_class::call, fields);
    }));
    return list;
}

std::vector<Subscription> watch_dialplan(const std::shared_ptr<State>& state) {
    std::vector<Subscription> list;
    list.push_back(subscribe<NewExtension>([state](const NewExtension& event) {
        state->before(&event.channel);
        ManagerFields fields;
        add_channel(fields, state->server, event.channel);
        fields.add("Extension", event.channel.place().extension);
        fields.add("Application", event.channel.application).add("AppData", event.channel.application_arguments);
        state->server.publish("Newexten", manager_class::dialplan, fields);
    }));
    list.push_back(subscribe<VariableSet>([state](const VariableSet& event) {
        state->before(event.channel);
        ManagerFields fields;
        if (event.channel)
            add_channel(fields, state->server, *event.channel);
        else
            fields.add("Channel", "none").add("Uniqueid", "none");
        fields.add("Variable", event.name).add("Value", escaped(event.value));
        state->server.publish("VarSet", manager_class::dialplan, fields);
    }));
    list.push_back(subscribe<HangupHandlerEvent>([state](const HangupHandlerEvent& event) {
        using What = HangupHandlerEvent::What;
        state->before(&event.channel);
        ManagerFields fields;
        add_channel(fields, state->server, event.channel);
        fields.add("Handler", event.handler);
        state->server.publish(event.what == What::pushed ? "HangupHandlerPush" : event.what == What::run ? "HangupHandlerRun" : "HangupHandlerPop",
                              manager_class::dialplan, fields);
    }));
    return list;
}

std::vector<Subscription> watch_digits(const std::shared_ptr<State>& state) {
    std::vector<Subscription> list;
    list.push_back(subscribe<ChannelDigit>([state](const ChannelDigit& event) {
        state->before(&event.channel);
        ManagerFields fields;
        add_channel(fields, state->server, event.channel);
        fields.add("Digit", std::string_view(&event.key, 1));
        if (event.end) fields.add("DurationMs", event.duration_ms);
        fields.add("Direction", event.received ? "Received" : "Sent");
        state->server.publish(event.end ? "DTMFEnd" : "DTMFBegin", manager_class::dtmf, fields);
    }));
    return list;
}

}  // namespace

Result<void> add_channel_events(Module& module, Server& server) {
    const auto state = std::make_shared<State>(State{server, {}});
    const auto add = [&](ManagerClasses privilege,
                         std::vector<Subscription> (*watch)(const std::shared_ptr<State>&)) -> Result<void> {
        module.keep(JF_TRY(server.add(module, ManagerEventSource{privilege, [state, watch] { return watch(state); }})));
        return {};
    };
    JF_TRY(add(manager_class::call, watch_calls));
    JF_TRY(add(manager_class::dialplan, watch_dialplan));
    return add(manager_class::dtmf, watch_digits);
}

}  // namespace jackfield::manager
