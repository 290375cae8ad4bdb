// res_parking - call parking: res_parking.conf, lots, and what happens to calls in them.
#include "core/channel/device_state.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_parking/features.hpp"

using namespace jackfield;

namespace jackfield::parking {
namespace {

// "701@parkedcalls" is in use when a call is parked there.
DeviceState space_state(const Lots& lots, std::string_view name) {
    const Halves parts = split_once(name, '@');
    const auto space = parse_number<unsigned>(parts.first);
    if (!space) return DeviceState::invalid;
    for (const auto& [lot_name, lot] : lots.all()) {
        if (!equals_ignoring_case(lot->settings.context, parts.second)) continue;
        if (*space < lot->settings.first || *space > lot->settings.last) continue;
        const auto found = lot->users.find(*space);
        return found != lot->users.end() && found->second->channel ? DeviceState::in_use : DeviceState::not_in_use;
    }
    return DeviceState::invalid;
}

Result<void> load(Module& module) {
    module.keep(Registration([] { remove_dialplan(); }));
    auto& lots = module.own<Lots>(module.gate());
    JF_TRY(module.add(DeviceStateProvider{"park", [&lots](std::string_view rest) { return space_state(lots, rest); }}));
    JF_TRY(add_applications(module, lots));
    JF_TRY(add_manager(module, lots));
    JF_TRY(add_commands(module, lots));
    // Changes made during a reload of the plan are remembered until the next one, and with them this module's code.
    module.on_unload([]() -> Result<void> { return change_dialplan([](DialplanBuilder&) -> Result<void> { return {}; }); });
    return module.add(ConfigFileSpec{
        .file = "res_parking.conf", .prepare = [&lots](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [&lots, settings = read_settings(file, findings)]() mutable { lots.apply(std::move(settings)); };
        }});
}

}  // namespace
}  // namespace jackfield::parking

JACKFIELD_MODULE("res_parking", "Call Parking Resource", jackfield::parking::load)
