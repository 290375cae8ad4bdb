// What drivers leave to the core: optional operations, names of device states and indications, the registry.
#include "core/channel/driver.hpp"

#include <algorithm>
#include <array>

#include "core/base/strings.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/device_events.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

namespace {

constexpr std::array<std::string_view, 14> indication_names{
    "ringing", "progress", "proceeding", "busy", "congestion", "incomplete", "hold", "unhold", "connected line",
    "redirecting", "source update", "video update", "flash", "stop"};

struct StateName {
    std::string_view name, display;
    int rank;  // of what wins when several devices make one hint
};
// In the order of DeviceState.
constexpr std::array<StateName, 9> device_state_names{{{"UNKNOWN", "Unknown", 1},
                                                {"NOT_INUSE", "Not in use", 3},
                                                {"INUSE", "In use", 6},
                                                {"BUSY", "Busy", 7},
                                                {"INVALID", "Invalid", 0},
                                                {"UNAVAILABLE", "Unavailable", 2},
                                                {"RINGING", "Ringing", 4},
                                                {"RINGINUSE", "Ring+Inuse", 8},
                                                {"ONHOLD", "On Hold", 5}}};
const StateName& entry(DeviceState state) { return device_state_names[static_cast<std::size_t>(state)]; }

}  // namespace

std::string_view to_string(Indication indication) { return indication_names[static_cast<std::size_t>(indication)]; }
std::string_view to_string(DeviceState state) { return entry(state).name; }
std::string_view display_name(DeviceState state) { return entry(state).display; }

Result<DeviceState> parse_device_state(std::string_view text) {
    for (std::size_t i = 0; i < device_state_names.size(); ++i)
        if (equals_ignoring_case(device_state_names[i].name, trim(text))) return static_cast<DeviceState>(i);
    std::vector<std::string> names;
    for (const auto& each : device_state_names) names.emplace_back(each.name);
    const auto nearest = nearest_word(text, names);
    return fail(ErrorCode::invalid, "{} is no device state{}", text,
                nearest ? fmt::format("; did you mean {}?", *nearest) : "");
}

DeviceState combine(std::span<const DeviceState> states) {
    if (states.empty()) return DeviceState::unknown;
    bool ringing = false, in_use = false;
    DeviceState busiest = states.front();
    for (const auto state : states) {
        ringing |= state == DeviceState::ringing || state == DeviceState::ring_in_use;
        in_use |= state == DeviceState::in_use || state == DeviceState::busy || state == DeviceState::on_hold ||
                  state == DeviceState::ring_in_use;
        if (entry(state).rank > entry(busiest).rank) busiest = state;
    }
    return ringing && in_use ? DeviceState::ring_in_use : busiest;
}

Result<void> DriverChannel::send_text(std::string_view, std::string_view) {
    return fail(ErrorCode::unsupported, "{} takes no text messages", channel().name());
}
Result<void> DriverChannel::transfer(std::string_view) {
    return fail(ErrorCode::unsupported, "{} can't ask its far side to transfer", channel().name());
}
Result<void> DriverChannel::request_topology(const Topology&) {
    return fail(ErrorCode::unsupported, "{} can't change its streams", channel().name());
}
Result<std::string> DriverChannel::property(std::string_view item) const {
    return fail(ErrorCode::not_found, "{} has no {}", channel().name(), item);
}
Result<void> DriverChannel::set_property(std::string_view item, std::string_view) {
    return fail(ErrorCode::not_found, "{} has no {} that can be set", channel().name(), item);
}
void DriverChannel::expect(Channel&) {}
void DriverChannel::bridged(Channel*) {}

Registry<ChannelDriver*>& channel_drivers() {
    static Registry<ChannelDriver*> registry;
    return registry;
}

Result<Registration> register_in(Module& module, std::string_view technology, ChannelDriver& driver) {
    auto added = channel_drivers().add(technology, &driver, &module.gate());
    if (added) publish(DeviceStatesAppeared{std::string(technology)});
    return added;
}

}  // namespace jackfield
