// res_cel - call event logging: what happens to channels, as records for the backends (cel.conf).
#include <algorithm>
#include <unordered_map>

#include "core/bridge/bridge.hpp"
#include "core/bridge/bridge_identity.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/pickup.hpp"
#include "core/channel/text_message.hpp"
#include "core/console/command.hpp"
#include "core/console/daemon_control.hpp"
#include "core/dialplan/application.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_cdr/cdr.hpp"
#include "modules/res_cdr/record_writer.hpp"
#include "modules/res_cel/settings.hpp"
#include "modules/res_parking/parking.hpp"

using namespace jackfield;

namespace jackfield::cel {
namespace {

constexpr ApplicationInfo user_event_info{.name = "CELGenUserEvent",
                                          .syntax = "CELGenUserEvent(event-name[,extra])",
                                          .synopsis = "Generates a CEL user defined event",
                                          .text = "A record of type USER_DEFINED with that name and text, when cel.conf's `events` has it."};
constexpr CommandInfo status_info{.words = "cel show status",
                                  .synopsis = "Display the CEL status",
                                  .text = "Whether it is on, which events are recorded, and each backend with what it has written."};

// {"key":"value",...} as Asterisk has it in the field extra.
class Extra {
  public:
    Extra& add(std::string_view key, std::string_view value) { return raw(key, fmt::format("\"{}\"", json_escape(value))); }
    Extra& add(std::string_view key, int value) { return raw(key, std::to_string(value)); }
    std::string text() const { return text_ + "}"; }

  private:
    Extra& raw(std::string_view key, const std::string& value) {
        text_ += fmt::format("{}\"{}\":{}", text_.size() > 1 ? "," : "", key, value);
        return *this;
    }
    std::string text_ = "{";
};

// Control thread.
class EventLog final : public CelService {
  public:
    EventLog(Module& module, const std::string& spool_folder) : writer_(module, spool_folder) {}

    Result<Registration> add(Module& module, RecordBackend backend) override { return writer_.add(module, std::move(backend)); }
    const Settings& settings() const { return settings_; }
    std::vector<cdr::BackendStatus> status() const { return writer_.status(); }

    void apply(Settings settings) {
        settings_ = std::move(settings);
        writer_.set({}, std::uint64_t(settings_.spool_size) << 20);
        events_.clear();
        told_.clear();
        linked_.clear();
        if (!settings_.enable) return;
        for_each_channel([this](Channel& channel) {
            know(channel, false).up = channel.state() == ChannelState::up;
        });
        watch();
    }

    void record(Event event, Channel& channel, std::string_view extra = {}, std::string_view peer = {}, std::string_view user_type = {}) {
        if (channel.technology() == message_technology) return;  // a text message is no call
        if (!settings_.wants(event)) return;
        const CallerIdentity& caller = channel.caller();
        RecordBuilder builder;
        builder.add("eventtype", to_string(event))
            .add("eventtime", wall_now())
            .add("cid_name", caller.id.name.text)
            .add("cid_num", caller.id.number.text)
            .add("cid_ani", caller.ani.number.text)
            .add("cid_rdnis", channel.redirected() ? channel.redirecting().from.number.text : std::string())
            .add("cid_dnid", caller.dnid)
            .add("exten", channel.place().extension)
            .add("context", channel.place().context)
            .add("channame", channel.name())
            .add("appname", channel.application)
            .add("appdata", channel.application_arguments)
            .add("amaflags", channel.attributes().amaflags)
            .add("accountcode", channel.attributes().account_code)
            .add("uniqueid", channel.unique_id())
            .add("linkedid", channel.linked_id())
            .add("userfield", channel.attributes().user_field)
            .add("peer", peer)
            .add("peeraccount", channel.attributes().peer_account)
            .add("extra", extra)
            .add("userdeftype", user_type);
        if (!settings_.date_format.empty()) builder.add("dateformat", settings_.date_format);
        Record made = builder.take();
        publish(CallEventRecorded{made});
        writer_.write(std::move(made));
    }

  private:
    struct Told {
        bool up = false;
        std::string application;  // that APP_START was told of
        std::string linked_id;
    };

    // Every channel's linked id is counted: LINKEDID_END comes with the last one. Whatever comes first of a channel, its
    // beginning is told before.
    Told& know(Channel& channel, bool tell = true) {
        const auto [place, is_new] = told_.try_emplace(channel.id().number);
        Told& told = place->second;
        if (is_new && tell) record(Event::channel_start, channel);
        if (told.linked_id != channel.linked_id()) {
            ++linked_[channel.linked_id()];
            if (!told.linked_id.empty()) release(told.linked_id, channel);
            told.linked_id = channel.linked_id();
        }
        return told;
    }
    void release(const std::string& linked_id, Channel& channel) {
        const auto found = linked_.find(linked_id);
        if (found == linked_.end() || --found->second > 0) return;
        linked_.erase(found);
        record(Event::linked_id_end, channel);
    }
    void end_application(Channel& channel, Told& told) {
        if (told.application.empty()) return;
        told.application.clear();
        record(Event::application_end, channel);
    }

    void watch();
    void watch_bridges();
    void parked(const ParkedCallChanged& event);
    void step(Channel& channel);
    void hung_up(Channel& channel);

    cdr::RecordWriter writer_;
    Settings settings_;
    std::vector<Subscription> events_;
    std::unordered_map<std::uint64_t, Told> told_;
    std::unordered_map<std::string, unsigned> linked_;
};

void EventLog::step(Channel& channel) {
    Told& told = know(channel);
    if (settings_.applications.empty()) return;
    const std::string application = to_lower(channel.application);
    if (application == told.application) return;
    end_application(channel, told);
    if (std::ranges::find(settings_.applications, application) == settings_.applications.end()) return;
    told.application = application;
    record(Event::application_start, channel);
}

void EventLog::hung_up(Channel& channel) {
    end_application(channel, know(channel));
    Extra extra;
    extra.add("hangupcause", static_cast<int>(channel.cause()))
        .add("hangupsource", channel.attributes().hangup_source)
        .add("dialstatus", channel.variable("DIALSTATUS"));
    record(Event::hangup, channel, extra.text());
    record(Event::channel_end, channel);
    const auto last = told_.extract(channel.id().number);
    if (!last.empty()) release(last.mapped().linked_id, channel);
}

void EventLog::watch() {
    events_.push_back(subscribe<ChannelCreated>([this](const ChannelCreated& event) {
        (void)know(event.channel);
        if (event.channel.state() != ChannelState::up || std::exchange(know(event.channel).up, true)) return;
        record(Event::answer, event.channel);
    }));
    events_.push_back(subscribe<ChannelStateChanged>([this](const ChannelStateChanged& event) {
        if (event.channel.state() != ChannelState::up || std::exchange(know(event.channel).up, true)) return;
        record(Event::answer, event.channel);
    }));
    events_.push_back(subscribe<NewExtension>([this](const NewExtension& event) { step(event.channel); }));
    events_.push_back(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) { hung_up(event.channel); }));
    events_.push_back(subscribe<DialEnded>([this](const DialEnded& event) {
        if (!event.forward.empty() && event.caller)
            record(Event::forward, *event.caller, Extra().add("forward", event.forward).text(), event.called.name());
    }));
    events_.push_back(subscribe<CallPickedUp>([this](const CallPickedUp& event) {
        (void)know(event.ringing);
        record(Event::pickup, event.ringing,
               Extra().add("pickup_channel", event.picker.name()).add("pickup_channel_uniqueid", event.picker.unique_id()).text());
    }));
    events_.push_back(subscribe<LocalOptimized>([this](const LocalOptimized& event) {
        if (event.done && !event.success) return;
        (void)know(event.one);
        record(event.done ? Event::local_optimize : Event::local_optimize_begin, event.one,
               Extra().add("local_two", event.two.name()).add("local_two_uniqueid", event.two.unique_id()).text(), event.two.name());
    }));
    events_.push_back(subscribe<ParkedCallChanged>([this](const ParkedCallChanged& event) { parked(event); }));
    watch_bridges();
}

void EventLog::parked(const ParkedCallChanged& event) {
    using Kind = ParkedCallChanged::Kind;
    (void)know(event.parkee);
    if (event.kind == Kind::parked) {
        const auto extra = Extra().add("parker_dial_string", event.parker_dial_string).add("parking_lot", event.lot).text();
        return record(Event::park_start, event.parkee, extra);
    }
    if (event.kind == Kind::swapped) return;
    Extra extra;
    extra.add("reason", event.kind == Kind::unparked ? "ParkedCallUnparked" : event.kind == Kind::timed_out ? "ParkedCallTimeout"
                                                                                                         : "ParkedCallGiveUp");
    if (event.retriever) extra.add("retriever", event.retriever->name());
    record(Event::park_end, event.parkee, extra.text(), event.retriever ? event.retriever->name() : std::string());
}

void EventLog::watch_bridges() {
    const auto tell = [this](Event kind, Bridge& bridge, Channel& channel) {
        (void)know(channel);
        if (!settings_.wants(kind)) return;
        std::string others;
        for (const Channel* member : bridge.members())
            if (member != &channel) others.append(others.empty() ? "" : ",").append(member->name());
        const std::string_view technology = technology_name(bridge.kind());
        record(kind, channel, Extra().add("bridge_id", bridge.id()).add("bridge_technology", technology).text(), others);
    };
    events_.push_back(subscribe<BridgeEntered>(
        [tell](const BridgeEntered& event) { tell(Event::bridge_enter, event.bridge, event.channel); }));
    events_.push_back(subscribe<BridgeLeft>([tell](const BridgeLeft& event) { tell(Event::bridge_exit, event.bridge, event.channel); }));
    events_.push_back(subscribe<Transferred>([this](const Transferred& event) {
        if (event.result != TransferResult::success) return;
        Extra extra;
        const auto add_channel = [&extra](std::string_view name, const Channel* channel) {
            extra.add(fmt::format("{}_name", name), channel ? channel->name() : "N/A")
                .add(fmt::format("{}_uniqueid", name), channel ? channel->unique_id() : "N/A");
        };
        if (!event.attended) extra.add("extension", event.extension).add("context", event.context);
        if (event.bridge) extra.add(event.attended ? "bridge1_id" : "bridge_id", event.bridge->id());
        if (event.attended) {
            add_channel("channel2", event.second_transferer ? event.second_transferer : &event.transferer);
            if (!event.application.empty()) extra.add("app", event.application);
            else extra.add("bridge2_id", event.second_bridge ? event.second_bridge->id() : "N/A");
        }
        add_channel("transferee_channel", event.transferee);
        if (event.attended) add_channel("transfer_target_channel", event.target);
        record(event.attended ? Event::attended_transfer : Event::blind_transfer, event.transferer, extra.text());
    }));
}

Result<void> user_event(EventLog& log, Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "CELGenUserEvent needs the name of the event");
    log.record(Event::user_defined, channel, fmt::format("{{\"extra\":\"{}\"}}", json_escape(arguments[1])), {}, arguments[0]);
    return {};
}

Result<void> show_status(Console& console, const EventLog& log) {
    const Settings settings = log.settings();
    std::string text = fmt::format("CEL Logging: {}\n", settings.enable ? "Enabled" : "Disabled");
    for (std::size_t i = 0; i < event_names.size(); ++i)
        if (settings.events >> i & 1) text += fmt::format("CEL Tracking Event: {}\n", event_names[i]);
    for (const std::string& application : settings.applications) text += fmt::format("CEL Tracking Application: {}\n", application);
    for (const auto& backend : log.status())
        text += fmt::format("CEL Event Subscriber: {} ({} written{})\n", backend.name, backend.written,
                            backend.problem.empty() ? "" : ", away: " + backend.problem);
    return console.write(text);
}

Result<void> load(Module& module) {
    const auto* daemon = DaemonControl::instance();
    auto& log = module.own<EventLog>(module, (daemon ? daemon->settings().directories.spool : std::string(".")) + "/cel");
    JF_TRY(module.add(ConfigFileSpec{
        .file = "cel.conf", .prepare = [&log](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            for (const ConfigCategory& category : file.categories())
                if (!category.is_template() && !equals_ignoring_case(category.name(), "general") &&
                    !equals_ignoring_case(category.name(), "manager") && !equals_ignoring_case(category.name(), "radius"))
                    unknown_section(category, {"general", "manager", "radius"}, findings);
            return [&log, settings = settings_options().read(file, "general", findings)] { log.apply(settings); };
        }}));
    JF_TRY(module.provide<CelService>(log));
    JF_TRY(module.add(user_event_info,
                      [&log](Channel& channel, const Arguments& arguments) { return user_event(log, channel, arguments); }));
    return module.add(status_info, [&log](Console& console, CommandWords) { return show_status(console, log); });
}

}  // namespace
}  // namespace jackfield::cel

JACKFIELD_MODULE("res_cel", "Call Event Logging", jackfield::cel::load);
