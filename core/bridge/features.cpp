// Feature codes (features.conf): collected from a member's keys, run on its service fiber.
#include "core/bridge/features.hpp"

#include <algorithm>

#include "core/base/strings.hpp"
#include "core/bridge/bridge_member.hpp"
#include "core/bridge/code_collector.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/test_event.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield {

namespace {

std::shared_ptr<const FeatureSettings>& settings_slot() {
    static std::shared_ptr<const FeatureSettings> settings = std::make_shared<const FeatureSettings>();
    return settings;
}

Result<void> (*application_runner)(Channel&, const std::string&, const std::string&) = nullptr;

Registry<BuiltinFeature>& builtin_features() {
    static Registry<BuiltinFeature> registry;
    return registry;
}

// Ends a feature, also when it was dropped before it ran.
struct FeatureEnd {
    explicit FeatureEnd(Channel& channel) : channel(channel.share()) {}
    ~FeatureEnd() {
        if (auto* member = BridgeAccess::member_of(*channel); member && member->feature == feature) {
            member->feature.reset();
            channel->clear_digits();
            // Put off while the feature could still decide about the others.
            if (channel->hung_up()) BridgeAccess::leave(*member, LeaveReason::hung_up);
        }
        feature->done.set();
    }
    std::shared_ptr<Channel> channel;
    std::shared_ptr<FeatureRun> feature = std::make_shared<FeatureRun>();
};

// Settings of one channel alone.
struct ChannelFeatures {
    std::shared_ptr<const FeatureSettings> settings;
    bool inherit = false;
};

// The code of a dynamic feature for who has been allowed it by its name or that of a group; empty: nobody has allowed it.
std::string code_for(const FeatureSettings& settings, const MemberFeatures& features, const Channel& channel,
                     const FeatureSettings::Dynamic& dynamic) {
    const auto variable = channel.variable("DYNAMIC_FEATURES");
    for (const std::string_view list : {std::string_view(features.dynamic_groups), std::string_view(variable)})
        for (const auto each : split_list(list, '#')) {
            if (equals_ignoring_case(each, dynamic.name)) return dynamic.code;
            for (const auto& group : settings.groups) {
                if (!equals_ignoring_case(each, group.name)) continue;
                for (const auto& [name, code] : group.codes)
                    if (equals_ignoring_case(name, dynamic.name)) return code.empty() ? dynamic.code : code;
            }
        }
    return {};
}

FeatureFunction dynamic_function(const FeatureSettings::Dynamic& dynamic, const std::string& activator) {
    return [dynamic, activator](Channel& channel, Bridge& bridge) -> Result<void> {
        if (!application_runner) return fail(ErrorCode::unsupported, "no dialplan runs in this process");
        channel.set_variable("DYNAMIC_FEATURENAME", dynamic.name);
        channel.set_variable("DYNAMIC_WHO_ACTIVATED", activator);
        if (const Channel* peer = channel.peer()) channel.set_variable("DYNAMIC_PEERNAME", peer->name());
        const Suspension suspension(bridge, channel, dynamic.music_class);
        return application_runner(channel, dynamic.application, dynamic.arguments);
    };
}

FeatureFunction builtin_function(std::string name) {
    return [name = std::move(name)](Channel& channel, Bridge& bridge) -> Result<void> {
        auto* slot = builtin_features().find(name);
        if (!slot) return fail(ErrorCode::not_found, "no loaded module provides the feature {}", name);
        auto pass = JF_TRY(slot->enter());
        const RunningGate in(pass.gate());
        return slot->value->run(channel, bridge);
    };
}

struct Code {
    std::string_view name;  // as features.conf has it
    std::string digits;
    FeatureFunction run;
    bool on_peer = false;
};

// What the member may press now; made when a digit comes, so that a reload and a new peer count at once.
std::vector<Code> codes_of(const Channel& member, const MemberFeatures& features, const FeatureSettings& settings) {
    std::vector<Code> codes;
    auto add = [&codes](std::string_view name, bool allowed, const std::string& digits, FeatureFunction run, bool on_peer = false) {
        if (allowed && !digits.empty()) codes.push_back({name, digits, std::move(run), on_peer});
    };
    add("blindxfer", features.blind_transfer, settings.blind_transfer,
        [features](Channel& channel, Bridge&) { return blind_transfer_dialogue(channel, features); });
    add("atxfer", features.attended_transfer, settings.attended_transfer,
        [features](Channel& channel, Bridge&) { return attended_transfer_dialogue(channel, features); });
    add("disconnect", features.disconnect, settings.disconnect,
        [](Channel& channel, Bridge& bridge) { return bridge.remove(channel, LeaveReason::disconnect_key); });
    add("parkcall", features.park, settings.park_call, builtin_function("parkcall"));
    add("automon", features.one_touch_monitor, settings.one_touch_monitor, builtin_function("automon"));
    add("automixmon", features.one_touch_mixmonitor, settings.one_touch_mixmonitor, builtin_function("automixmon"));
    const Channel* peer = member.peer();
    const auto* other = peer ? BridgeAccess::member_of(const_cast<Channel&>(*peer)) : nullptr;
    for (const auto& dynamic : settings.dynamic) {
        std::string code;
        if (dynamic.activated_by_self) code = code_for(settings, features, member, dynamic);
        if (code.empty() && other && dynamic.activated_by_peer) code = code_for(settings, other->options.features, *peer, dynamic);
        add(dynamic.name, true, code, dynamic_function(dynamic, member.name()), !dynamic.run_on_self);
    }
    return codes;
}

bool may_press_anything(const Channel& channel, const MemberFeatures& features) {
    return features.blind_transfer || features.attended_transfer || features.disconnect || features.park ||
           features.one_touch_monitor || features.one_touch_mixmonitor || !features.dynamic_groups.empty() ||
           !channel.variable("DYNAMIC_FEATURES").empty();
}

// Keys that are no feature: to the other side of a call, to whoever reads them in a conference.
void pass_key(Channel& from, char key, std::chrono::milliseconds length) {
    if (Channel* peer = from.peer())
        peer->media().send_digit(key, length);
    else
        (void)from.digits().push(key);
}

}  // namespace

std::shared_ptr<const FeatureSettings> feature_settings() { return settings_slot(); }
void set_feature_settings(FeatureSettings settings) {
    settings_slot() = std::make_shared<const FeatureSettings>(std::move(settings));
}
std::shared_ptr<const FeatureSettings> feature_settings(const Channel& channel) {
    const auto* own = channel.find_attachment<ChannelFeatures>();
    return own && own->settings ? own->settings : feature_settings();
}
void set_feature_settings(Channel& channel, FeatureSettings settings, bool inherit) {
    channel.attachment<ChannelFeatures>() = {std::make_shared<const FeatureSettings>(std::move(settings)), inherit};
}
bool features_inherited(const Channel& channel) {
    const auto* own = channel.find_attachment<ChannelFeatures>();
    return own && own->inherit;
}
void inherit_features(const Channel& from, Channel& to) {
    if (const auto* own = from.find_attachment<ChannelFeatures>(); own && own->inherit) to.attachment<ChannelFeatures>() = *own;
}
void set_feature_application_runner(Result<void> (*runner)(Channel&, const std::string&, const std::string&)) {
    application_runner = runner;
}

Result<Registration> register_in(Module& module, BuiltinFeature feature) {
    const auto name = feature.name;
    return builtin_features().add(name, std::move(feature), &module.gate());
}

void run_feature(Channel& channel, FeatureFunction run) {
    auto* member = BridgeAccess::member_of(channel);
    if (!member || member->feature) return;
    auto end = std::make_unique<FeatureEnd>(channel);
    member->feature = end->feature;
    channel.clear_digits();  // what is pressed from now on is the feature's
    auto posted = channel.post_work([end = std::move(end), bridge = member->bridge, run = std::move(run)](Channel& on) {
        const InterruptScope scope(end->feature->interrupter);
        end->feature->done.set_by(fiber_id());
        const auto* member = BridgeAccess::member_of(on);
        if (!member || member->feature != end->feature) return;
        if (auto done = run(on, *bridge); !done && !ends_application(done.error().code))
            log_warning("a feature of {} failed: {}", on.name(), done.error().text);
    });
    if (!posted) log_warning("a feature of {} can't run: {}", channel.name(), posted.error().text);
}

// --- the detector ------------------------------------------------------------------------------------------------------------

struct FeatureDetector::Private {
    Private(Channel& member, const MemberFeatures& its_features)
        : channel(member), features(its_features), pause([this] { ended(collector.expire()); }) {}

    bool take(const Digit& digit) {
        const auto* member = BridgeAccess::member_of(channel);
        if (!member || member->suspended || member->feature) return false;  // the running feature reads them
        if (!digit.end) return true;
        if (collector.empty()) {
            settings = feature_settings(channel);
            codes = codes_of(channel, features, *settings);
            std::vector<std::string> words;
            for (const auto& code : codes) words.push_back(code.digits);
            collector.set_codes(std::move(words));
        }
        pause.stop();
        ended(collector.feed(digit.key, std::chrono::milliseconds(digit.duration_ms)));
        if (!collector.empty()) pause.start(settings->feature_digit_timeout);
        return true;
    }

    void ended(const CodeCollector::Outcome& outcome) {
        for (const auto& key : outcome.unmatched) pass_key(channel, key.key, key.length);
        if (!outcome.matched) {
            if (!outcome.unmatched.empty() && collector.empty())
                tell_test("FEATURE_DETECTION", [&] { return TestEvent::Fields{{"Result", "fail"}, {"Channel", channel.name()}}; });
            return;
        }
        const auto& code = codes[*outcome.matched];
        tell_test("FEATURE_DETECTION", [&] {
            return TestEvent::Fields{{"Result", "success"}, {"Feature", std::string(code.name)}, {"Channel", channel.name()}};
        });
        Channel* on = code.on_peer ? channel.peer() : &channel;
        if (on) run_feature(*on, code.run);
    }

    Channel& channel;
    const MemberFeatures features;
    std::shared_ptr<const FeatureSettings> settings;  // of the keys being collected
    std::vector<Code> codes;
    CodeCollector collector;
    Timer pause;
};

FeatureDetector::FeatureDetector(Channel& member, const MemberFeatures& features)
    : private_(std::make_unique<Private>(member, features)) {
    member.media().set_digit_mode(MediaStream::DigitMode::hold);
    member.set_digit_listener([detector = private_.get()](const Digit& digit, bool) { return detector->take(digit); });
}

FeatureDetector::~FeatureDetector() {
    private_->channel.set_digit_listener({});
    private_->channel.media().set_digit_mode(MediaStream::DigitMode::pass);
}

void BridgeAccess::start_features(Member& member) {
    if (member.detector) return;
    Channel& channel = *member.channel;
    const Member* peer = other(*member.bridge, member);
    const auto settings = feature_settings(channel);
    const bool by_peer = peer && std::ranges::any_of(settings->dynamic, [&](const auto& dynamic) {
        return dynamic.activated_by_peer && !code_for(*settings, peer->options.features, *peer->channel, dynamic).empty();
    });
    if (by_peer || may_press_anything(channel, member.options.features)) {
        member.detector = std::make_unique<FeatureDetector>(channel, member.options.features);
        return;
    }
    if (member.bridge->kind() != BridgeKind::two_party) return;
    // Digits of a call are the other side's; the media plane passes them on, but knows nothing of those signalled.
    channel.set_digit_listener([&channel](const Digit& digit, bool signalled) {
        const auto* listening = member_of(channel);
        if (!listening || listening->suspended || listening->feature) return false;
        if (signalled && digit.end) pass_key(channel, digit.key, std::chrono::milliseconds(digit.duration_ms));
        return true;
    });
}

}  // namespace jackfield
