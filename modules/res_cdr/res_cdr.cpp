// res_cdr - call detail records: cdr.conf, the engine's events, the service for backends.
#include <algorithm>

#include "core/bridge/bridge.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/text_message.hpp"
#include "core/console/daemon_control.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_cdr/recorder.hpp"

using namespace jackfield;

namespace jackfield::cdr {
namespace {

// A view for the engine, unless the channel has ended and its records are out.
template <class F>
void with_view(const Engine& engine, const Channel& channel, F&& tell) {
    if (!channel.ended() || engine.knows(channel.id().number)) tell(view_of(channel));
}

// A routine that the core or an application called, not the dialplan: where it is does not concern the record.
bool in_subroutine(Channel& channel) {
    const CallState* state = channel.find_attachment<CallState>();
    return state && std::ranges::any_of(state->stack, [](const auto& frame) { return frame.of_core; });
}
bool after_hangup(Channel& channel) {
    const CallState* state = channel.find_attachment<CallState>();
    return state && state->after_hangup;
}

template <class Tell>
void tell_dial(Engine& engine, Channel* caller, const Channel& called, Tell&& tell) {
    if (called.ended() && !engine.knows(called.id().number)) return;
    const bool has_caller = caller && (!caller->ended() || engine.knows(caller->id().number));
    const ChannelView calling = has_caller ? view_of(*caller) : ChannelView();
    tell(has_caller ? &calling : nullptr, view_of(called));
}

}  // namespace

ChannelView view_of(const Channel& channel) {
    auto& each = const_cast<Channel&>(channel);  // its identities have no const access
    ChannelView view;
    view.number = channel.id().number;
    view.name = channel.name();
    view.unique_id = channel.unique_id();
    view.linked_id = channel.linked_id();
    view.caller_number = each.caller().id.number.text;
    view.caller_name = each.caller().id.name.text;
    view.account = channel.attributes().account_code;
    view.amaflags = channel.attributes().amaflags;
    view.application = channel.application;
    view.arguments = channel.application_arguments;
    view.context = each.place().context;
    view.extension = each.place().extension;
    view.created = channel.created();
    view.up = channel.answered_at().has_value();
    view.cause = channel.cause();
    return view;
}

Recorder::Recorder(Module& module, const std::string& spool_folder)
    : writer_(module, spool_folder), engine_([this](Record record) { give_out(std::move(record)); }) {
    for_each_channel([this](Channel& channel) { engine_.channel_created(view_of(channel)); });
    listen();
}

void Recorder::give_out(Record record) {
    if (split_once(record.get("channel"), '/').first == message_technology) return;  // a text message is no call
    publish(CallRecorded{record});
    writer_.write(std::move(record));
}

void Recorder::apply(const Settings& settings) {
    engine_.set(settings);
    RecordWriter::Batching batching;
    if (settings.batch) batching = {settings.size, settings.time};
    writer_.set(batching, std::uint64_t(settings.spool_size) << 20);
}

void Recorder::listen() {
    Engine& engine = engine_;
    const auto changed = [&engine](const auto& event) {
        with_view(engine, event.channel, [&](const ChannelView& view) { engine.channel_changed(view); });
    };
    events_.push_back(subscribe<ChannelCreated>(changed));
    events_.push_back(subscribe<ChannelStateChanged>(changed));
    events_.push_back(subscribe<ChannelHangupRequested>(changed));
    events_.push_back(subscribe<ChannelIdentityChanged>(changed));
    events_.push_back(subscribe<ChannelRenamed>(changed));
    events_.push_back(subscribe<NewExtension>([&engine](const NewExtension& event) {
        engine.dialplan_step(view_of(event.channel), after_hangup(event.channel), in_subroutine(event.channel));
    }));
    events_.push_back(subscribe<DialBegan>([&engine](const DialBegan& event) {
        tell_dial(engine, event.caller, event.called,
                  [&](const ChannelView* caller, const ChannelView& called) { engine.dial_began(caller, called); });
    }));
    events_.push_back(subscribe<DialEnded>([&engine](const DialEnded& event) {
        tell_dial(engine, event.caller, event.called,
                  [&](const ChannelView* caller, const ChannelView& called) { engine.dial_ended(caller, called, event.status); });
    }));
    // A holding bridge (parking, queues) is like an application that the channel runs.
    events_.push_back(subscribe<BridgeEntered>([&engine](const BridgeEntered& event) {
        if (event.bridge.kind() == BridgeKind::holding) return;
        std::vector<std::uint64_t> members;
        for (const Channel* member : event.bridge.members()) members.push_back(member->id().number);
        engine.bridge_entered(event.bridge.id(), view_of(event.channel), members);
    }));
    events_.push_back(subscribe<BridgeLeft>([&engine](const BridgeLeft& event) {
        if (event.bridge.kind() == BridgeKind::holding) return;
        with_view(engine, event.channel, [&](const ChannelView& view) { engine.bridge_left(event.bridge.id(), view); });
    }));
    events_.push_back(subscribe<ChannelHungUp>(
        [&engine](const ChannelHungUp& event) { engine.channel_ended(view_of(event.channel)); }));
}

namespace {

// The folder in which records wait: below that of the daemon, or of the process (unit tests).
std::string spool_folder() {
    const auto* daemon = DaemonControl::instance();
    return (daemon ? daemon->settings().directories.spool : std::string(".")) + "/cdr";
}

Result<void> load(Module& module) {
    auto& recorder = module.own<Recorder>(module, spool_folder());
    JF_TRY(module.add(ConfigFileSpec{
        .file = "cdr.conf",
        .prepare = [&recorder](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            for (const ConfigCategory& category : file.categories())
                if (!category.is_template() && !equals_ignoring_case(category.name(), "general") &&
                    !equals_ignoring_case(category.name(), "csv") && !equals_ignoring_case(category.name(), "radius"))
                    unknown_section(category, {"general", "csv", "radius"}, findings);
            return [&recorder, settings = settings_options().read(file, "general", findings)] { recorder.apply(settings); };
        }}));
    JF_TRY(module.provide<CdrService>(recorder));
    JF_TRY(add_functions(module, recorder));
    JF_TRY(add_applications(module, recorder));
    return add_commands(module, recorder);
}

}  // namespace
}  // namespace jackfield::cdr

JACKFIELD_MODULE("res_cdr", "Call Detail Records", jackfield::cdr::load);
