// One-touch recording: a feature code starts the recording of a call and, pressed again by either side, stops it.
#include <chrono>

#include "apps/mixmonitor/monitors.hpp"
#include "core/bridge/features.hpp"
#include "core/dialplan/evaluator.hpp"

namespace jackfield::mixmonitor {
namespace {

struct OneTouch {  // of the channel that is recorded
    std::string id;
};

// While it lives the member is out of the call, so that it hears what it is played.
class Aside {
  public:
    Aside(Bridge& bridge, Channel& channel) : bridge_(bridge.shared_from_this()), channel_(channel.share()) {
        bridge_->suspend(*channel_, false);
    }
    ~Aside() { bridge_->resume(*channel_); }
    Aside(const Aside&) = delete;

  private:
    std::shared_ptr<Bridge> bridge_;
    std::shared_ptr<Channel> channel_;
};

Result<void> play_aside(Channel& channel, Bridge& bridge, const std::string& sound) {
    if (sound.empty()) return {};
    const Aside aside(bridge, channel);
    auto played = channel.play(sound);
    if (!played && ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    if (!played) log_warning("one-touch recording of {}: {}", channel.name(), played.error().text);
    return {};
}

// Both hear it at the same time. Waits for the member's own end of it.
Result<void> play_to_both(Channel& member, Bridge& bridge, const std::string& sound) {
    if (sound.empty()) return {};
    if (Channel* peer = member.peer())
        (void)peer->post_work([sound](Channel& other) {
            if (Bridge* in = other.bridge()) (void)play_aside(other, *in, sound);
        });
    return play_aside(member, bridge, sound);
}

bool stop_if_running(Monitors& monitors, Channel& channel) {
    auto* touched = channel.find_attachment<OneTouch>();
    if (!touched || touched->id.empty()) return false;
    const std::string id = std::exchange(touched->id, {});
    return monitors.find(channel, id) && monitors.stop(channel, id);
}

// Of the member, else of the other side: who sets the variables need not know who will press.
std::string setting(const Channel& member, std::string_view variable) {
    auto value = member.variable(variable);
    if (value.empty() && member.peer()) value = member.peer()->variable(variable);
    return value;
}

std::string file_name(Channel& member, const std::string& prefix) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    std::string format = setting(member, prefix + "_FORMAT"), name = setting(member, prefix);
    if (name.empty()) {
        const auto known = [](const std::string& number) { return number.empty() ? std::string("unknown") : number; };
        const Channel* peer = member.peer();
        name = known(member.caller().id.number.text) + "-" +
               known(peer ? const_cast<Channel*>(peer)->caller().id.number.text : std::string());
    }
    for (char& c : name)  // numbers come from the far side
        if (c == '/') c = '_';
    return fmt::format("{}/monitor/auto-{}-{}.{}", constant_variable("ASTSPOOLDIR").value_or("/tmp"), seconds, name,
                       format.empty() ? "wav" : format);
}

Result<void> touched(Monitors& monitors, Channel& member, Bridge& bridge, const std::string& prefix) {
    const auto settings = feature_settings(member);
    const auto peer = member.peer() ? member.peer()->share() : nullptr;
    if (stop_if_running(monitors, member) || (peer && stop_if_running(monitors, *peer))) {
        log_verbose(3, "{} has stopped the recording of its call", member.name());
        JF_TRY(play_to_both(member, bridge, settings->courtesy_tone));
        return play_to_both(member, bridge, setting(member, prefix + "_MESSAGE_STOP"));
    }
    Order order;
    order.mixed = file_name(member, prefix);
    const std::string file = order.mixed;
    auto id = monitors.start(member, std::move(order));
    if (!id) {
        log_error("one-touch recording of {}: {}", member.name(), id.error().text);
        return play_aside(member, bridge, settings->recording_fail_sound);
    }
    member.attachment<OneTouch>().id = *std::move(id);
    log_verbose(3, "{} records its call to {}", member.name(), file);
    member.set_variable(prefix + "_OUTPUT", file);
    if (peer) peer->set_variable(prefix + "_OUTPUT", file);
    JF_TRY(play_to_both(member, bridge, settings->courtesy_tone));
    return play_to_both(member, bridge, setting(member, prefix + "_MESSAGE_START"));
}

}  // namespace

Result<void> add_one_touch(Module& module, Monitors& monitors) {
    for (const auto& [feature, prefix] : {std::pair("automixmon", "TOUCH_MIXMONITOR"), std::pair("automon", "TOUCH_MONITOR")})
        JF_TRY(module.add(BuiltinFeature{feature, [&monitors, prefix](Channel& member, Bridge& bridge) {
                                             return touched(monitors, member, bridge, prefix);
                                         }}));
    return {};
}

}  // namespace jackfield::mixmonitor
