// Variables that nobody sets: of the channel, of the clock, of the system.
#include <map>

#include "core/base/clock.hpp"
#include "core/base/generation.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/hints.hpp"
#include "core/dialplan/time_zone.hpp"

namespace jackfield {
namespace {

std::map<std::string, std::string, std::less<>>& constants() {
    static std::map<std::string, std::string, std::less<>> map;
    return map;
}

using Value = std::string (*)(Channel&);
struct Builtin {
    std::string_view name;
    Value value;
};

constexpr Builtin of_channel[]{
    {"CALLINGANI2", [](Channel& channel) { return std::to_string(channel.caller().ani2); }},
    {"CALLINGPRES",
     [](Channel& channel) { return std::to_string(static_cast<int>(channel.caller().id.number.presentation)); }},
    {"CALLINGTNS", [](Channel& channel) { return std::to_string(channel.caller().transit_network); }},
    {"CALLINGTON", [](Channel& channel) { return std::to_string(channel.caller().id.number_plan); }},
    {"CHANNEL", [](Channel& channel) { return channel.name(); }},
    {"CONTEXT", [](Channel& channel) { return channel.place().context; }},
    {"EXTEN", [](Channel& channel) { return channel.place().extension; }},
    {"HANGUPCAUSE", [](Channel& channel) { return std::to_string(static_cast<int>(channel.cause())); }},
    {"HINT", [](Channel& channel) { return hint_text(channel.place().context, channel.place().extension).value_or(""); }},
    {"HINTNAME", [](Channel& channel) { return hint_name(channel.place().context, channel.place().extension).value_or(""); }},
    {"LINKEDID", [](Channel& channel) { return channel.linked_id(); }},
    {"PRIORITY", [](Channel& channel) { return std::to_string(channel.place().priority); }},
    {"UNIQUEID", [](Channel& channel) { return channel.unique_id(); }},
};

std::string local_time(const char* format) {
    const std::tm local = TimeZone::system()->local(wall_now());
    char text[64];
    return std::string(text, std::strftime(text, sizeof text, format, &local));
}

}  // namespace

void set_constant_variable(std::string name, std::string value) {
    constants().insert_or_assign(std::move(name), std::move(value));
}

std::optional<std::string> constant_variable(std::string_view name) {
    const auto found = constants().find(name);
    if (found == constants().end()) return {};
    return found->second;
}

void set_directory_variables(const DaemonSettings& settings) {
    const DirectorySettings& folders = settings.directories;
    const std::pair<const char*, const std::string*> all[]{
        {"ASTCACHEDIR", &folders.cache}, {"ASTETCDIR", &folders.etc},     {"ASTMODDIR", &folders.modules},
        {"ASTVARLIBDIR", &folders.var_lib}, {"ASTDBDIR", &folders.database}, {"ASTKEYDIR", &folders.keys},
        {"ASTDATADIR", &folders.data},   {"ASTAGIDIR", &folders.agi},     {"ASTSPOOLDIR", &folders.spool},
        {"ASTRUNDIR", &folders.run},     {"ASTLOGDIR", &folders.log},     {"ASTSBINDIR", &folders.sbin},
        {"ENTITYID", &settings.options.entity_id}};
    for (const auto& [name, value] : all) set_constant_variable(name, *value);
}

std::optional<std::string> builtin_variable(Channel* channel, std::string_view name) {
    // Most variables are none of these, and theirs are all upper case.
    if (name.size() < 4 || name[0] < 'A' || name[0] > 'U') return {};
    if (channel) {
        for (const Builtin& each : of_channel)
            if (each.name == name) return each.value(*channel);
    }
    if (name == "EPOCH")
        return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count());
    if (name == "DATETIME") return local_time("%d%m%Y-%H:%M:%S");
    if (name == "TIMESTAMP") return local_time("%Y%m%d-%H%M%S");
    if (name == "SYSTEMNAME") return system_name();
    return constant_variable(name);
}

}  // namespace jackfield
