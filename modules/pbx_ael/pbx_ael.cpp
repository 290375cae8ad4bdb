// pbx_ael - the dialplan of extensions.ael, and AELSub.
#include <memory>

#include "core/dialplan/call_state.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/module/config_edit.hpp"
#include "core/sdk.hpp"
#include "modules/pbx_ael/ael.hpp"

using namespace jackfield;

namespace {

constexpr std::string_view file_name = "extensions.ael";
constexpr std::string_view registrar = "pbx_ael";
constexpr std::size_t most_bytes = 16U << 20;

constexpr ApplicationInfo sub_info{
    .name = "AELSub",
    .syntax = "AELSub(routine[,arg1[,arg2...]])",
    .synopsis = "Call a macro of extensions.ael",
    .text = "As &routine(arg1,arg2) does within AEL, for plans written otherwise; the plan goes on behind it."};

// A context or macro to the builder. Errors: those of the line at fault, told with its place.
void add_context(DialplanBuilder& builder, const ael::Plan& plan, const ael::Context& context, Diagnostics& findings) {
    const auto origin = [&](std::uint32_t file, std::uint32_t line) { return PlanOrigin{Name(registrar), Name(plan.files[file]), line}; };
    const auto tell = [&](std::uint32_t file, std::uint32_t line, const Result<void>& done) {
        if (!done) findings.error({&plan.files[file], line}, "{}", done.error().text);
    };
    builder.context(context.name, Name(registrar));
    for (const ael::Include& include : context.includes)
        tell(include.file, include.line, builder.add_include(context.name, include.text, origin(include.file, include.line)));
    for (const auto& [text, evaluate] : context.switches)
        tell(context.file, context.line, builder.add_switch(context.name, text, evaluate, origin(context.file, context.line)));
    for (const std::string& pattern : context.ignore_patterns)
        tell(context.file, context.line, builder.add_ignore_pattern(context.name, pattern, origin(context.file, context.line)));
    for (const ael::Extension& extension : context.extensions) {
        const Halves name = split_once(extension.name, '/');
        ExtensionLine line{.context = context.name, .extension = name.first, .origin = origin(extension.file, extension.line)};
        if (name.found) line.caller_id = name.second;
        if (!extension.hint.empty()) {
            line.priority = hint_priority;
            line.arguments = extension.hint;
            tell(extension.file, extension.line, builder.add(line));
        }
        line.priority = 0;
        for (const ael::Step& step : extension.steps) {
            ++line.priority;
            line.label = step.label;
            line.application = step.application;
            line.arguments = step.arguments;
            line.origin = origin(step.file, step.line);
            std::vector<std::string> problems;
            tell(step.file, step.line, builder.add(line, false, &problems));
            for (const std::string& problem : problems) findings.warning({&plan.files[step.file], step.line}, "{}", problem);
        }
    }
}

struct Read {
    ael::Plan plan;
    Diagnostics findings;
};

// On the pool. An absent extensions.ael is an empty plan.
Read read_plan() {
    Read read;
    const auto file = [](const std::string& name) -> Result<std::string> {
        auto text = read_config_text(name, most_bytes);
        if (!text && name == file_name && text.error().code == ErrorCode::not_found) return std::string();
        return text;
    };
    read.plan = ael::parse(std::string(file_name), file, read.findings);
    DialplanBuilder trial;  // what the builder refuses is told before anything changes
    for (const ael::Context& context : read.plan.contexts) add_context(trial, read.plan, context, read.findings);
    return read;
}

DialplanChange change_to(std::shared_ptr<const Read> read) {
    return [read = std::move(read)](DialplanBuilder& builder) -> Result<void> {
        builder.remove_registrar(Name(registrar));
        Diagnostics clashes;  // with other files, e.g. an extension that extensions.conf has too
        for (const ael::Context& context : read->plan.contexts) add_context(builder, read->plan, context, clashes);
        clashes.log();
        return {};
    };
}

void put_into_force(const std::shared_ptr<const Read>& read) {
    const auto changed = change_dialplan(change_to(read));
    if (!changed) log_error("{}: {}", file_name, changed.error().text);
    for (const auto& [name, value] : read->plan.globals) set_global_variable(name, value);
}

ConfigFileSpec plan_file() {
    ConfigFileSpec spec;
    spec.file = file_name;
    spec.prepare = [](const ConfigFile&, Diagnostics& findings) -> ConfigApply {
        auto read = std::make_shared<const Read>(read_plan());
        findings.append(read->findings);
        if (checking_configuration()) add_to_checked_dialplan(std::string(registrar), change_to(read));
        return [read] { put_into_force(read); };
    };
    return spec;
}

Result<void> call_macro(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "AELSub needs the name of a macro");
    return enter_gosub(channel, fmt::format("{},{},1({})", arguments[0], ael::macro_extension, arguments.rest(1)));
}

Result<void> reload_command(Console& console, CommandWords) {
    JF_TRY(reload_configuration({std::string(file_name)}));
    return console.write("extensions.ael is in force\n");
}

Result<void> load(Module& module) {
    module.keep(Registration([] {
        (void)change_dialplan([](DialplanBuilder& builder) -> Result<void> {
            builder.remove_registrar(Name(registrar));
            return {};
        });
    }));
    JF_TRY(module.add(sub_info, call_macro));
    JF_TRY(module.add(CommandInfo{"ael reload", "Read extensions.ael anew", "A file with an error changes nothing.", true}, reload_command));
    // Changes made during a reload of the plan are remembered until the next one, and with them this module's code.
    module.on_unload([]() -> Result<void> { return change_dialplan([](DialplanBuilder&) -> Result<void> { return {}; }); });
    if (!config_manager()) return {};
    return module.add(plan_file());
}

}  // namespace

JACKFIELD_MODULE("pbx_ael", "Dialplan of extensions.ael", load)
