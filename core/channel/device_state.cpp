// Device states: asked of drivers and providers, told to subscribers once when they have changed.
#include "core/channel/device_state.hpp"

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/strings.hpp"
#include "core/channel/device_events.hpp"
#include "core/channel/remote_device_state.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

namespace {

// Names of devices come from dial strings too, so what is remembered of them is bounded: beyond this all is forgotten,
// and some unchanged states are told once more.
constexpr std::size_t remembered_limit = 200'000;

struct Watch {
    std::unordered_set<std::string, StringHash, std::equal_to<>> changed;  // in this turn
    std::unordered_map<std::string, DeviceState, CaseInsensitiveHash, CaseInsensitiveEqual> last;
};
Watch& watch() {
    static Watch watch;
    return watch;
}

// By server, what it has told.
using StatesOfServer = std::unordered_map<std::string, DeviceState, CaseInsensitiveHash, CaseInsensitiveEqual>;
struct RemoteStates {
    std::map<std::string, StatesOfServer, std::less<>> servers;
    std::size_t size = 0;
};
RemoteStates& remote_states() {
    static RemoteStates states;
    return states;
}

Registry<DeviceStateProvider>& providers() {
    static Registry<DeviceStateProvider> registry;
    return registry;
}

bool is_new(const std::string& device, DeviceState state) {
    auto& last = watch().last;
    const auto found = last.find(device);
    if (found != last.end()) return std::exchange(found->second, state) != state;
    if (last.size() >= remembered_limit) last.clear();
    last.emplace(device, state);
    return true;
}

// One driver may stand under several technology names (SIP, PJSIP), and hints may use any of them.
void tell_if_changed(const std::string& device) {
    const auto state = device_state(device);
    if (!is_new(device, state)) return;
    publish(DeviceStateChange{device, state});
    const auto [technology, rest, slash] = split_once(device, '/');
    const auto* own = slash ? channel_drivers().find(technology) : nullptr;
    if (!own) return;
    for (const auto* other : channel_drivers().list()) {
        if (other == own || *other->value != *own->value) continue;
        const std::string same = fmt::format("{}/{}", other->name, rest);
        if (is_new(same, state)) publish(DeviceStateChange{same, state});
    }
}

}  // namespace

DeviceState device_state(std::string_view device) {
    const DeviceState own = local_device_state(device);
    const RemoteStates& remote = remote_states();
    if (remote.size == 0) return own;
    std::vector<DeviceState> states;
    for (const auto& [server, told] : remote.servers)
        if (const auto found = told.find(device); found != told.end()) states.push_back(found->second);
    if (states.empty()) return own;
    if (own != DeviceState::invalid) states.push_back(own);  // it is not ours at all
    return combine(states);
}

Result<void> set_remote_device_state(std::string_view server, std::string_view device, DeviceState state) {
    constexpr std::size_t longest_device = 200;
    if (device.size() > longest_device || device.find_first_of("/:") == std::string_view::npos)
        return fail(ErrorCode::invalid, "'{}' is no device; it has the form TECHNOLOGY/NAME or PREFIX:NAME", device.substr(0, longest_device));
    RemoteStates& remote = remote_states();
    auto& told = remote.servers[std::string(server)];
    const auto found = told.find(device);
    if (found != told.end()) {
        found->second = state;
    } else {
        if (remote.size >= remembered_limit) return fail(ErrorCode::limit, "{} devices of other servers are known already", remote.size);
        told.emplace(device, state);
        ++remote.size;
    }
    device_state_changed(device);
    return {};
}

void forget_remote_device_states(std::string_view server) {
    RemoteStates& remote = remote_states();
    const auto found = remote.servers.find(server);
    if (found == remote.servers.end()) return;
    const StatesOfServer gone = std::move(found->second);
    remote.servers.erase(found);
    remote.size -= gone.size();
    for (const auto& [device, state] : gone) device_state_changed(device);
}

std::vector<std::string> known_devices() {
    std::vector<std::string> all;
    all.reserve(watch().last.size());
    for (const auto& [device, state] : watch().last) all.push_back(device);
    return all;
}

DeviceState local_device_state(std::string_view device) {
    const auto colon = device.find(':');
    const auto slash = device.find('/');
    if (colon != std::string_view::npos && (slash == std::string_view::npos || colon < slash)) {
        auto* provider = providers().find(device.substr(0, colon));
        if (!provider) return DeviceState::invalid;
        const RunningGate in(provider->gate);
        return provider->value->state(device.substr(colon + 1));
    }
    if (slash == std::string_view::npos) return DeviceState::invalid;
    auto* driver = channel_drivers().find(device.substr(0, slash));
    if (!driver) return DeviceState::invalid;
    const RunningGate in(driver->gate);
    return (*driver->value)->device_state(device.substr(slash + 1));
}

void device_state_changed(std::string_view device) {
    auto& changed = watch().changed;
    if (changed.contains(device)) return;
    const bool first = changed.empty();
    changed.emplace(device);
    if (!first) return;
    post([] {
        for (const auto& each : std::exchange(watch().changed, {})) tell_if_changed(each);
    });
}

Result<Registration> register_in(Module& module, DeviceStateProvider provider) {
    const auto prefix = provider.prefix;
    auto added = providers().add(prefix, std::move(provider), &module.gate());
    if (added) publish(DeviceStatesAppeared{prefix});
    return added;
}

}  // namespace jackfield
