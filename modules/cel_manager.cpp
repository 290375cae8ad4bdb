// cel_manager - the manager event CEL for each call event (cel.conf, section [manager]).
#include <array>

#include "core/module/module_config.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_cdr/cdr.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

struct Settings {
    bool enabled = false, show_user_defined = false;
};

const Options<Settings>& options() {
    static const Options<Settings> table{
        {"enabled", &Settings::enabled, false, "Send the events"},
        {"show_user_defined", &Settings::show_user_defined, false, "EventName of a user-defined event is its own name"},
    };
    return table;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 19> event_fields{{
    {"AccountCode", "accountcode"}, {"CallerIDnum", "cid_num"},   {"CallerIDname", "cid_name"}, {"CallerIDani", "cid_ani"},
    {"CallerIDrdnis", "cid_rdnis"}, {"CallerIDdnid", "cid_dnid"}, {"Exten", "exten"},           {"Context", "context"},
    {"Channel", "channame"},        {"Application", "appname"},   {"AppData", "appdata"},       {"EventTime", "eventtime"},
    {"AMAFlags", "amaflags"},       {"UniqueID", "uniqueid"},     {"LinkedID", "linkedid"},     {"UserField", "userfield"},
    {"Peer", "peer"},               {"PeerAccount", "peeraccount"}, {"Extra", "extra"},
}};

class Events {
  public:
    Events() : made_(subscribe<CallEventRecorded>([this](const CallEventRecorded& event) { tell(event.record); })) {}
    void set(const Settings& settings) { settings_ = settings; }

  private:
    void tell(const Record& record) const {
        if (!settings_.enabled) return;
        const auto manager = find_service<ManagerService>();
        if (!manager || !(*manager)->wanted(manager_class::call)) return;
        const std::string_view type = record.get("eventtype");
        ManagerFields fields;
        fields.add("EventName", settings_.show_user_defined && type == "USER_DEFINED" ? record.get("userdeftype") : type);
        for (const auto& [key, field] : event_fields)
            // The manager's clients know the time as a date, whatever cel.conf says of files.
            fields.add(key, field == "eventtime" ? time_text(record.time(field), {}) : std::string(record.get(field)));
        if (type == "USER_DEFINED" && !settings_.show_user_defined) fields.add("UserDefType", record.get("userdeftype"));
        (*manager)->publish("CEL", manager_class::call, fields);
    }
    Settings settings_;
    Subscription made_;
};

Result<void> load(Module& module) {
    auto& events = module.own<Events>();
    return module.add(ConfigFileSpec{
        .file = "cel.conf", .prepare = [&events](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [&events, settings = options().read(file, "manager", findings)] { events.set(settings); };
        }});
}

}  // namespace

JACKFIELD_MODULE("cel_manager", "AMI CEL Backend", load, "res_cel")
