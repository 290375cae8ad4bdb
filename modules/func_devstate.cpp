// DEVICE_STATE: the state of a device, and custom devices whose state the plan sets.
#include "core/module/database.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{
    .name = "DEVICE_STATE",
    .syntax = "DEVICE_STATE(device)",
    .synopsis = "The state of a device; custom devices can be set",
    .text = "UNKNOWN, NOT_INUSE, INUSE, BUSY, INVALID, UNAVAILABLE, RINGING, RINGINUSE or ONHOLD. Devices named `Custom:x` can be "
            "set to any of these; they keep their state over a restart."};
constexpr std::string_view family = "CustomDevstate", prefix = "Custom:";

DeviceState custom_state(std::string_view name) {
    const auto saved = Database::instance() ? Database::instance()->get(family, name) : std::nullopt;
    if (!saved) return DeviceState::unknown;
    return parse_device_state(*saved).value_or(DeviceState::unknown);
}

Result<std::string> read(Channel*, const Arguments& arguments) {
    return std::string(to_string(device_state(arguments.raw())));
}

Result<void> write(Channel*, const Arguments& arguments, std::string_view value) {
    const std::string_view device = arguments.raw();
    if (!starts_with_ignoring_case(device, prefix))
        return fail(ErrorCode::refused, "DEVICE_STATE can be set for devices named Custom:x only, not for '{}'", device);
    const DeviceState state = JF_TRY(parse_device_state(value));
    if (Database::instance()) JF_TRY(Database::instance()->put(family, device.substr(prefix.size()), std::string(to_string(state))));
    device_state_changed(device);
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(DeviceStateProvider{"Custom", custom_state}));
    return module.add(info, FunctionBody{read, write});
}

}  // namespace

JACKFIELD_MODULE("func_devstate", "Device states in the dialplan", load)
