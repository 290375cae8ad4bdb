// The objects of pjsip.conf as fields, to be read and changed one by one.
#include "channels/sip/ua/stored_objects.hpp"

#include <algorithm>
#include <array>

#include "channels/sip/config/object_options.hpp"
#include "core/config/file_source.hpp"
#include "core/config/writer.hpp"
#include "core/module/config_edit.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield::sip {
namespace {

using Fields = SipObjects::Fields;
constexpr std::size_t most_bytes = 64 << 20;
constexpr std::size_t most_fields = 500;

template <class S>
Fields fields_of(const Options<S>& options, const S& settings) {
    Fields fields;
    for (OptionHelp& help : options.help(&settings)) fields.emplace_back(std::move(help.name), std::move(help.value));
    return fields;
}

template <class S>
std::optional<Fields> find_fields(const ByName<S>& objects, const Options<S>& options, const std::string& id) {
    const auto found = objects.find(id);
    if (found == objects.end()) return {};
    return fields_of(options, *found->second);
}

// What a class of configuration has, and how one of it is found.
struct ObjectType {
    std::string_view config_class, type;
    std::optional<Fields> (*read)(const ObjectSet& set, const std::string& id);
};
const auto& object_types() {
    static constexpr std::array types{
        ObjectType{"res_pjsip", "endpoint", [](const ObjectSet& set, const std::string& id) { return find_fields(set.endpoints, endpoint_options(), id); }},
        ObjectType{"res_pjsip", "aor", [](const ObjectSet& set, const std::string& id) { return find_fields(set.aors, aor_options(), id); }},
        ObjectType{"res_pjsip", "auth", [](const ObjectSet& set, const std::string& id) { return find_fields(set.auths, auth_options(), id); }},
        ObjectType{"res_pjsip", "transport", [](const ObjectSet& set, const std::string& id) { return find_fields(set.transports, transport_options(), id); }},
        ObjectType{"res_pjsip", "global", [](const ObjectSet& set, const std::string&) { return std::optional(fields_of(global_options(), set.global)); }},
        ObjectType{"res_pjsip", "system", [](const ObjectSet& set, const std::string&) { return std::optional(fields_of(system_options(), set.system)); }},
        ObjectType{"res_pjsip_endpoint_identifier_ip", "identify",
                   [](const ObjectSet& set, const std::string& id) { return find_fields(set.identifies, identify_options(), id); }},
        ObjectType{"res_pjsip_outbound_registration", "registration",
                   [](const ObjectSet& set, const std::string& id) { return find_fields(set.registrations, registration_options(), id); }},
        ObjectType{"res_pjsip_pubsub", "resource_list",
                   [](const ObjectSet& set, const std::string& id) { return find_fields(set.resource_lists, resource_list_options(), id); }},
        ObjectType{"res_pjsip_pubsub", "inbound-publication",
                   [](const ObjectSet& set, const std::string& id) { return find_fields(set.publications, publication_options(), id); }},
    };
    return types;
}

const ObjectType* find_type(std::string_view config_class, std::string_view type) {
    const auto found = std::ranges::find_if(object_types(), [&](const ObjectType& each) {
        return each.config_class == config_class && each.type == type;
    });
    return found == object_types().end() ? nullptr : &*found;
}

std::unexpected<Error> no_type(const SipObjectName& name) {
    return fail(ErrorCode::not_found, "There is no type {} of objects in {}", name.type, name.config_class);
}
std::unexpected<Error> no_object(const SipObjectName& name) {
    return fail(ErrorCode::not_found, "There is no {} [{}]", name.type, name.id);
}

// A section of a file: where the object stands, or where it is to stand.
struct Stand {
    std::string file;      // relative to the configuration folder
    std::size_t line = 0;  // of its header; 0: it is not there yet
    std::string text;      // of the whole file
};

// In the pool. Errors: refused, those of the disk.
Result<Stand> find_stand(const ConfigManager& manager, const SipObjectName& name) {
    Diagnostics findings;
    ConfigFile file = manager.read("pjsip.conf", findings);
    if (!file.exists()) file = manager.read("sip.conf", findings);
    Stand stand{.file = file.exists() && file.path().ends_with("/sip.conf") ? "sip.conf" : "pjsip.conf"};
    const std::string folder = manager.options().folder + '/';
    for (const ConfigCategory* category : file.find_all(name.id)) {
        if (!equals_ignoring_case(category->value("type").value_or(""), name.type)) continue;
        const ConfigPlace place = category->place();
        stand.file = place.file ? *place.file : std::string();
        if (stand.file.starts_with(folder)) stand.file.erase(0, folder.size());
        if (stand.file.starts_with('/'))
            return fail(ErrorCode::refused, "[{}] stands in {}, outside of the configuration folder", name.id, stand.file);
        stand.line = place.line;
    }
    const DiskFiles disk;
    auto content = disk.read(folder + stand.file, most_bytes);
    if (!content && (stand.line || content.error().code != ErrorCode::not_found)) return std::unexpected(std::move(content).error());
    if (content) stand.text = std::move(content->text);
    return stand;
}

Result<Stand> stand_of(const SipObjectName& name) {
    const ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::failed, "There is no configuration");
    return offload([&] { return find_stand(*manager, name); });
}

// A name given once changes its line; one given several times replaces all lines of the name.
Result<void> set_fields(ConfigDocument& document, const ConfigDocument::Section& section, const Fields& fields) {
    for (auto at = fields.begin(); at != fields.end(); ++at) {
        const auto same = [&](const auto& other) { return equals_ignoring_case(other.first, at->first); };
        if (std::find_if(fields.begin(), at, same) != at) continue;  // written already
        if (std::ranges::count_if(fields, same) == 1) {
            JF_TRY(document.set(section, at->first, at->second));
            continue;
        }
        if (document.value(section, at->first)) JF_TRY(document.remove(section, at->first));
        for (const auto& [key, value] : fields)
            if (equals_ignoring_case(key, at->first)) JF_TRY(document.add(section, key, value));
    }
    return {};
}

// A new section at the end, with its type and its fields as they were given.
Result<void> add_object(ConfigDocument& document, const SipObjectName& name, const Fields& fields) {
    std::string section = fmt::format("[{}]\ntype = {}\n", name.id, name.type);
    ConfigDocument made = ConfigDocument::parse(std::move(section));
    for (const auto& [key, value] : fields) JF_TRY(made.add({.name = name.id}, key, value));
    std::string text = document.text();
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    document = ConfigDocument::parse(text + (text.empty() ? "" : "\n") + made.text());
    return {};
}

Result<void> check_name(const SipObjectName& name, const Fields& fields) {
    if (name.id.empty() || name.id.size() > 200 || name.id.find_first_of("[]\r\n;") != std::string::npos)
        return fail(ErrorCode::invalid, "'{}' is no name of an object", name.id);
    if (fields.size() > most_fields) return fail(ErrorCode::limit, "An object has at most {} fields", most_fields);
    for (const auto& [key, value] : fields)
        if (equals_ignoring_case(key, "type")) return fail(ErrorCode::invalid, "The type of an object can't be changed");
    return {};
}

}  // namespace

bool StoredObjects::knows(std::string_view config_class, std::string_view type) const { return find_type(config_class, type) != nullptr; }

Result<Fields> StoredObjects::read(const SipObjectName& name) const {
    const ObjectType* type = find_type(name.config_class, name.type);
    if (!type) return no_type(name);
    auto fields = type->read(*agent_.objects(), name.id);
    if (!fields) return no_object(name);
    return *std::move(fields);
}

Result<void> StoredObjects::write(const SipObjectName& name, const Fields& fields, const std::string& author) {
    if (!knows(name.config_class, name.type)) return no_type(name);
    JF_TRY(check_name(name, fields));
    Stand stand = JF_TRY(stand_of(name));
    ConfigDocument document = ConfigDocument::parse(std::move(stand.text));
    if (stand.line)
        JF_TRY(set_fields(document, {.name = name.id, .line = stand.line}, fields));
    else
        JF_TRY(add_object(document, name, fields));
    std::vector<ConfigEdit> edits;
    edits.push_back({stand.file, document.text()});
    JF_TRY(edit_configuration(std::move(edits), author, fmt::format("{} {} {}", stand.line ? "change" : "add", name.type, name.id)));
    return {};
}

Result<void> StoredObjects::remove(const SipObjectName& name, const std::string& author) {
    if (!knows(name.config_class, name.type)) return no_type(name);
    Stand stand = JF_TRY(stand_of(name));
    if (!stand.line) return no_object(name);
    ConfigDocument document = ConfigDocument::parse(std::move(stand.text));
    JF_TRY(document.remove_section({.name = name.id, .line = stand.line}));
    std::vector<ConfigEdit> edits;
    edits.push_back({stand.file, document.text()});
    JF_TRY(edit_configuration(std::move(edits), author, fmt::format("remove {} {}", name.type, name.id)));
    return {};
}

}  // namespace jackfield::sip
