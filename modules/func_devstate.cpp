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

Result<void> set_state(std::string_view device, std::string_view value) {
    if (!starts_with_ignoring_case(device, prefix))
        return fail(ErrorCode::refused, "DEVICE_STATE can be set for devices named Custom:x only, not for '{}'", device);
    const DeviceState state = JF_TRY(parse_device_state(value));
    if (Database::instance()) JF_TRY(Database::instance()->put(family, device.substr(prefix.size()), std::string(to_string(state))));
    device_state_changed(device);
    return {};
}

Result<void> write(Channel*, const Arguments& arguments, std::string_view value) { return set_state(arguments.raw(), value); }

constexpr CommandInfo change_info{.words = "devstate change", .synopsis = "Set the state of a custom device",
                                  .text = "devstate change Custom:NAME STATE"};
constexpr CommandInfo list_info{.words = "devstate list", .synopsis = "List the custom devices", .text = "Those that were set, with their states."};

Result<void> change(Console& console, std::span<const std::string> words) {
    if (words.size() != 2) return fail(ErrorCode::invalid, "Usage: devstate change Custom:NAME STATE");
    JF_TRY(set_state(words[0], words[1]));
    return console.print("Changing {} to {}\n", words[0], to_upper(words[1]));
}

Result<void> list(Console& console, std::span<const std::string>) {
    if (!Database::instance()) return {};
    for (const DatabaseEntry& entry : Database::instance()->list(family))
        JF_TRY(console.print("Name: '{}{}'  State: '{}'\n", prefix, entry.key, entry.value));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(change_info, change));
    JF_TRY(module.add(list_info, list));
    JF_TRY(module.add(DeviceStateProvider{"Custom", custom_state}));
    return module.add(info, FunctionBody{read, write});
}

}  // namespace

JACKFIELD_MODULE("func_devstate", "Device states in the dialplan", load)
