// GetConfig, GetConfigJSON, ListCategories, UpdateConfig, CreateConfig.
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "core/config/writer.hpp"
#include "core/console/daemon_control.hpp"
#include "core/module/config_edit.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/offload.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"
#include "modules/res_manager/event_filter.hpp"

namespace jackfield::manager {
namespace {

// Waits for the disk. Errors: not_found, refused (outside of the configuration folder), invalid (findings).
Result<std::shared_ptr<const ConfigFile>> read(const ManagerRequest& request) {
    const std::string name = JF_TRY(needed(request, "Filename"));
    if (!live_dangerously() && (name.starts_with('/') || name.contains("..")))
        return fail(ErrorCode::refused, "File requires escalated privileges");
    ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::failed, "There is no configuration");
    Diagnostics findings;
    auto file = JF_TRY(offload([&] { return std::make_shared<const ConfigFile>(manager->read(name, findings)); }));
    if (!file->exists()) return fail(ErrorCode::not_found, "Config file not found");
    JF_TRY(findings.to_result());
    return file;
}

// Which sections a request is about: Category names one, and each condition of Filter must hold for one of its lines.
class Selection {
  public:
    // Errors: invalid, limit.
    static Result<Selection> of(const ManagerRequest& request) {
        Selection made;
        made.name_ = request.get("Category");
        for (const std::string_view condition : split_list(request.get("Filter"), ',')) {
            const Halves parts = split_once(condition, '=');
            if (!parts.found) return fail(ErrorCode::invalid, "Filter: '{}' is not name_regex=value_regex", condition);
            if (equals_ignoring_case(parts.first, "TEMPLATES")) {
                made.sections_ = equals_ignoring_case(parts.second, "include");
                made.templates_ = made.sections_ || equals_ignoring_case(parts.second, "restrict");
                if (!made.templates_) return fail(ErrorCode::invalid, "Filter: TEMPLATES is include or restrict, not '{}'", parts.second);
                continue;
            }
            if (made.conditions_.size() == most_conditions) return fail(ErrorCode::limit, "Filter: at most {} conditions", most_conditions);
            Condition& next = made.conditions_.emplace_back();
            next.name = JF_TRY(compile_expression(parts.first));
            next.value = JF_TRY(compile_expression(parts.second));
        }
        return made;
    }
    bool has(const ConfigCategory& category) const {
        if (!name_.empty() && !equals_ignoring_case(name_, category.name())) return false;
        if (!(category.is_template() ? templates_ : sections_)) return false;
        return std::ranges::all_of(conditions_, [&](const Condition& condition) {
            return std::ranges::any_of(category.entries(), [&](const ConfigEntry& entry) {
                return RE2::PartialMatch(re2::StringPiece(entry.key.data(), entry.key.size()), *condition.name) &&
                       RE2::PartialMatch(re2::StringPiece(entry.value.data(), entry.value.size()), *condition.value);
            });
        });
    }

  private:
    static constexpr std::size_t most_conditions = 16;
    struct Condition {
        std::shared_ptr<const RE2> name, value;
    };
    std::string_view name_;  // of the request
    bool sections_ = true, templates_ = false;
    std::vector<Condition> conditions_;
};

Result<void> get_config(const ManagerRequest& request, ManagerReply& reply) {
    const Selection selection = JF_TRY(Selection::of(request));
    const auto file = JF_TRY(read(request));
    ManagerFields fields;
    std::size_t number = 0;
    for (const ConfigCategory& category : file->categories()) {
        if (!selection.has(category)) continue;
        fields.add(fmt::format("Category-{:06}", number), category.name());
        if (category.is_template()) fields.add(fmt::format("IsTemplate-{:06}", number), 1);
        std::string bases;
        for (const std::string_view base : category.bases()) bases.append(bases.empty() ? "" : ",").append(base);
        if (!bases.empty()) fields.add(fmt::format("Templates-{:06}", number), bases);
        std::size_t line = 0;
        for (const ConfigEntry& entry : category.entries()) {
            if (entry.inherited) continue;
            fields.add(fmt::format("Line-{:06}-{:06}", number, line++), fmt::format("{}={}", entry.key, entry.value));
        }
        ++number;
    }
    if (number == 0 && !request.get("Category").empty()) return fail(ErrorCode::not_found, "No category found");
    reply.respond("Success", fields);
    return {};
}

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", json_escape(text)); }

Result<void> get_config_json(const ManagerRequest& request, ManagerReply& reply) {
    const Selection selection = JF_TRY(Selection::of(request));
    const auto file = JF_TRY(read(request));
    std::string json = "{";
    for (const ConfigCategory& category : file->categories()) {
        if (!selection.has(category)) continue;
        json.append(json.size() > 1 ? "," : "").append(quoted(category.name())).append(":{");
        bool first = true;
        for (const ConfigEntry& entry : category.entries()) {
            json.append(std::exchange(first, false) ? "" : ",").append(quoted(entry.key)).append(":").append(quoted(entry.value));
        }
        json += "}";
    }
    reply.respond("Success", ManagerFields().add("JSON", json + "}"));
    return {};
}

Result<void> list_categories(const ManagerRequest& request, ManagerReply& reply) {
    const auto file = JF_TRY(read(request));
    ManagerFields fields;
    std::size_t number = 0;
    for (const ConfigCategory& category : file->categories()) fields.add(fmt::format("Category-{:06}", number++), category.name());
    if (number == 0) return fail(ErrorCode::not_found, "Error: no categories");
    reply.respond("Success", fields);
    return {};
}

// --- changes ---------------------------------------------------------------------------------------------------------

constexpr std::size_t most_edits = 10'000;
constexpr std::size_t most_bytes = 64ULL << 20;

// One numbered group of lines: Action-000000, Cat-000000, Var-000000, Value-000000, Match-000000, Line-000000,
// Options-000000.
struct Edit {
    std::string_view action, category, variable, value, match, line, options;
};

Result<std::map<std::size_t, Edit>> edits_of(const ManagerRequest& request) {
    static constexpr std::pair<std::string_view, std::string_view Edit::*> keys[] = {
        {"Action", &Edit::action}, {"Cat", &Edit::category}, {"Var", &Edit::variable},   {"Value", &Edit::value},
        {"Match", &Edit::match},   {"Line", &Edit::line},    {"Options", &Edit::options}};
    std::map<std::size_t, Edit> edits;
    for (const auto& [name, value] : request.fields()) {
        const Halves halves = split_once(name, '-');
        const auto number = halves.found ? parse_number<std::size_t>(halves.second) : std::nullopt;
        if (!number) continue;
        for (const auto& [key, member] : keys)
            if (equals_ignoring_case(halves.first, key)) edits[*number].*member = value;
        if (edits.size() > most_edits) return fail(ErrorCode::limit, "At most {} actions in one request", most_edits);
    }
    return edits;
}

// "allowdups,template,inherit=\"a,b\",catfilter=type=endpoint": options of one action.
struct EditOptions {
    bool allow_duplicates = false, is_template = false;
    std::string inherit, filter;
};
Result<EditOptions> parse_options(std::string_view text) {
    EditOptions options;
    for (const std::string& part : split_arguments(text)) {
        const Halves halves = split_once(trim(part), '=');
        if (halves.first == "allowdups")
            options.allow_duplicates = true;
        else if (halves.first == "template")
            options.is_template = true;
        else if (halves.first == "inherit")
            options.inherit = halves.second;
        else if (halves.first == "catfilter")
            options.filter = halves.second;
        else
            return fail(ErrorCode::invalid, "Unknown option {}", halves.first);
    }
    return options;
}

// A value that begins with > stands for "key => value".
std::pair<std::string_view, ConfigOperator> value_of(const Edit& edit) {
    if (edit.value.starts_with('>')) return {edit.value.substr(1), ConfigOperator::arrow};
    return {edit.value, ConfigOperator::assign};
}

Result<void> new_category(ConfigDocument& document, const Edit& edit, const EditOptions& options) {
    if (!options.allow_duplicates && document.has({std::string(edit.category), {}}))
        return fail(ErrorCode::exists, "Category {} is there already", edit.category);
    std::string written = options.is_template ? "!" : "";
    if (!options.inherit.empty()) written += (written.empty() ? "" : ",") + options.inherit;
    return document.add_section(edit.category, written);
}

Result<void> apply(ConfigDocument& document, const Edit& edit) {
    const EditOptions options = JF_TRY(parse_options(edit.options));
    const ConfigDocument::Section section{std::string(edit.category), options.filter};
    const auto is = [&](std::string_view action) { return equals_ignoring_case(edit.action, action); };
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    const std::size_t line = parse_number<std::size_t>(edit.line).value_or(none);
    if (!edit.line.empty() && line == none) return fail(ErrorCode::invalid, "Line {} is no number", edit.line);
    if (edit.category.empty()) return fail(ErrorCode::invalid, "Action {} needs a Cat", edit.action);
    const auto [value, op] = value_of(edit);
    if (is("NewCat")) return new_category(document, edit, options);
    if (is("RenameCat")) return document.rename_section(section, edit.value);
    if (is("DelCat")) return document.remove_section(section);
    if (is("EmptyCat")) return document.empty_section(section);
    if (is("Delete") && line != none) return document.remove_at(section, line);
    if (edit.variable.empty()) return fail(ErrorCode::invalid, "Action {} needs a Var", edit.action);
    if (is("Update"))
        return edit.match.empty() ? document.set(section, edit.variable, value)
                                  : document.replace(section, edit.variable, edit.match, value);
    if (is("Delete"))
        return document.remove(section, edit.variable,
                               edit.match.empty() ? std::nullopt : std::optional<std::string_view>(edit.match));
    if (is("Append")) return document.add(section, edit.variable, value, op);
    if (is("Insert") && line != none) return document.insert(section, line, edit.variable, value, op);
    if (is("Insert")) return fail(ErrorCode::invalid, "Action Insert needs a Line");
    return fail(ErrorCode::invalid, "Unknown action {}", edit.action);
}

Result<void> update_config(const ManagerRequest& request, ManagerReply& reply) {
    const std::string source = JF_TRY(needed(request, "SrcFilename"));
    const std::string destination = JF_TRY(needed(request, "DstFilename"));
    JF_TRY(check_config_name(source));
    const ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::failed, "There is no configuration");
    const std::string path = manager->options().folder + '/' + source;
    auto content = JF_TRY(offload([&] { return DiskFiles().read(path, most_bytes); }));
    ConfigDocument document = ConfigDocument::parse(std::move(content.text));
    const auto wanted = JF_TRY(edits_of(request));
    for (const auto& [number, edit] : wanted)
        if (auto done = apply(document, edit); !done)
            return fail(done.error().code, "Action-{:06}: {}", number, done.error().text);
    const std::string_view reload = request.get("Reload");
    std::vector<ConfigEdit> edits;
    edits.push_back({destination, document.text()});
    JF_TRY(edit_configuration(std::move(edits), "manager " + reply.user(), "UpdateConfig " + destination,
                              !reload.empty() && parse_bool(reload) != false));
    reply.respond("Success", ManagerFields());
    return {};
}

Result<void> create_config(const ManagerRequest& request, ManagerReply& reply) {
    const std::string name = JF_TRY(needed(request, "Filename"));
    JF_TRY(check_config_name(name));
    const ConfigManager* manager = config_manager();
    if (!manager) return fail(ErrorCode::failed, "There is no configuration");
    const std::string path = manager->options().folder + '/' + name;
    if (offload([&] { return DiskFiles().stamp(path); })) return fail(ErrorCode::exists, "{} is there already", name);
    std::vector<ConfigEdit> edits;
    edits.push_back({name, std::string()});
    JF_TRY(edit_configuration(std::move(edits), "manager " + reply.user(), "CreateConfig " + name, false));
    reply.success("New configuration file created successfully");
    return {};
}

using namespace manager_class;
constexpr std::array all_config_actions{
    ActionEntry{{"UpdateConfig", config, "Change a configuration file",
                 "SrcFilename, DstFilename, Reload (yes, or a module: puts it into force), and numbered groups of Action-000000 "
                 "(NewCat, RenameCat, DelCat, EmptyCat, Update, Delete, Append, Insert), Cat-000000, Var-000000, "
                 "Value-000000, Match-000000, Line-000000, Options-000000. All of it or nothing; a configuration that would "
                 "not be valid is refused with file and line. Comments and order stay."},
                update_config},
    ActionEntry{{"CreateConfig", config, "Make an empty configuration file", "Filename, within the configuration folder."},
                create_config},
    ActionEntry{{"GetConfig", system | config, "Read a configuration file",
                 "Filename, within the configuration folder. Category selects one. Filter: name_regex=value_regex, several with commas; sections in which "
                 "each of them has a line that matches. Templates are left out, unless TEMPLATES=include is among them, or TEMPLATES=restrict, "
                 "which leaves out all others."},
                get_config},
    ActionEntry{{"GetConfigJSON", system | config, "Read a configuration file as JSON", "Filename, Category and Filter as of GetConfig."},
                get_config_json},
    ActionEntry{{"ListCategories", config, "List the sections of a configuration file", "Filename."}, list_categories},
};

}  // namespace

std::span<const ActionEntry> config_actions() { return all_config_actions; }

}  // namespace jackfield::manager
