// cdr_manager - the manager event Cdr for each call record (cdr_manager.conf).
#include <array>

#include "core/module/module_config.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_cdr/cdr.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

struct Settings {
    bool enabled = false;
    std::vector<std::pair<std::string, std::string>> mappings;  // variable of the record, key of the event
};

const Options<Settings>& options() {
    static const Options<Settings> table{{"enabled", &Settings::enabled, false, "Send the events"}};
    return table;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 18> event_fields{{
    {"AccountCode", "accountcode"},     {"Source", "src"},           {"Destination", "dst"},
    {"DestinationContext", "dcontext"}, {"CallerID", "clid"},        {"Channel", "channel"},
    {"DestinationChannel", "dstchannel"}, {"LastApplication", "lastapp"}, {"LastData", "lastdata"},
    {"StartTime", "start"},             {"AnswerTime", "answer"},    {"EndTime", "end"},
    {"Duration", "duration"},           {"BillableSeconds", "billsec"}, {"Disposition", "disposition"},
    {"AMAFlags", "amaflags"},           {"UniqueID", "uniqueid"},    {"UserField", "userfield"},
}};

class Events {
  public:
    Events() : made_(subscribe<CallRecorded>([this](const CallRecorded& event) { tell(event.record); })) {}
    void set(Settings settings) { settings_ = std::move(settings); }

  private:
    void tell(const Record& record) const {
        if (!settings_.enabled) return;
        const auto manager = find_service<ManagerService>();
        if (!manager || !(*manager)->wanted(manager_class::cdr)) return;
        ManagerFields fields;
        for (const auto& [key, field] : event_fields) fields.add(key, record_text(record, field));
        for (const auto& [variable, key] : settings_.mappings) fields.add(key, record.get(variable));
        (*manager)->publish("Cdr", manager_class::cdr, fields);
    }
    Settings settings_;
    Subscription made_;
};

Result<void> load(Module& module) {
    auto& events = module.own<Events>();
    return module.add(ConfigFileSpec{
        .file = "cdr_manager.conf", .prepare = [&events](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            Settings settings = options().read(file, "general", findings);
            for (const ConfigCategory& category : file.categories()) {
                if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
                if (!equals_ignoring_case(category.name(), "mappings")) {
                    unknown_section(category, {"general", "mappings"}, findings);
                    continue;
                }
                for (const ConfigEntry& entry : category.entries()) settings.mappings.emplace_back(entry.key, entry.value);
            }
            return [&events, settings] { events.set(settings); };
        }});
}

}  // namespace

JACKFIELD_MODULE("cdr_manager", "Asterisk Manager Interface CDR Backend", load, "res_cdr")
