// pbx_lua - the dialplan of extensions.lua.
#include <lua.hpp>

#include <memory>

#include "core/dialplan/dialplan_store.hpp"
#include "core/module/config_edit.hpp"
#include "core/sdk.hpp"
#include "modules/pbx_lua/lua_objects.hpp"
#include "modules/pbx_lua/lua_state.hpp"

using namespace jackfield;
using namespace jackfield::lua;

namespace {

constexpr const char* file_name = "extensions.lua";
constexpr std::size_t most_bytes = 4U << 20;
constexpr std::string_view registrar = "pbx_lua";

constexpr ApplicationInfo info{
    .name = "LuaExtension",
    .syntax = "LuaExtension(context,extension)",
    .synopsis = "Run a function of extensions.lua",
    .text = "What stands in the plan for each function of the table extensions; extension is its key there. The function gets the "
            "context and the number that was dialled."};

// What extensions.lua says, read once.
struct Script {
    std::string code;  // compiled
    struct Context {
        std::string name;
        std::vector<std::pair<std::string, std::uint32_t>> extensions;  // and the line of its function
        std::vector<std::string> includes;
        std::vector<std::pair<std::string, std::string>> hints;
    };
    std::vector<Context> contexts;
};
std::shared_ptr<const Script>& current() {
    static std::shared_ptr<const Script> script;
    return script;
}

// The state of one call; it goes on with the script that it began with.
struct CallScript {
    std::unique_ptr<State> state;
};

// Keys of the table on the stack's top, and what is below each by `visit` with the value on the top.
template <class Visit>
void each_pair(lua_State* state, Visit&& visit) {
    lua_pushnil(state);
    while (lua_next(state, -2)) {
        if (lua_type(state, -2) == LUA_TSTRING || lua_type(state, -2) == LUA_TNUMBER) {
            lua_pushvalue(state, -2);  // a copy: lua_tostring may change a number, which would confuse lua_next
            const std::string key = lua_tostring(state, -1);
            lua_pop(state, 1);
            visit(key);
        }
        lua_pop(state, 1);
    }
}

Script::Context& context_of(Script& script, const std::string& name) {
    for (Script::Context& context : script.contexts)
        if (context.name == name) return context;
    return script.contexts.emplace_back(Script::Context{.name = name, .extensions = {}, .includes = {}, .hints = {}});
}

// Of the function on the stack's top; 0 for one of the libraries.
std::uint32_t line_of(lua_State* state) {
    lua_Debug function;
    lua_pushvalue(state, -1);
    lua_getinfo(state, ">S", &function);
    return function.linedefined > 0 ? static_cast<std::uint32_t>(function.linedefined) : 0;
}

void read_context(lua_State* state, Script::Context& context) {
    each_pair(state, [&](const std::string& key) {
        if (lua_isfunction(state, -1)) {
            context.extensions.emplace_back(key, line_of(state));
        } else if ((key == "include" || key == "includes") && lua_istable(state, -1)) {
            each_pair(state, [&](const std::string&) {
                if (const char* name = lua_tostring(state, -1)) context.includes.emplace_back(name);
            });
        }
    });
}

void read_tables(lua_State* state, Script& script) {
    if (lua_getglobal(state, "extensions") == LUA_TTABLE)
        each_pair(state, [&](const std::string& name) {
            if (lua_istable(state, -1)) read_context(state, context_of(script, name));
        });
    lua_pop(state, 1);
    if (lua_getglobal(state, "hints") == LUA_TTABLE)
        each_pair(state, [&](const std::string& name) {
            if (!lua_istable(state, -1)) return;
            Script::Context& context = context_of(script, name);
            each_pair(state, [&](const std::string& key) {
                if (const char* device = lua_tostring(state, -1)) context.hints.emplace_back(key, device);
            });
        });
    lua_pop(state, 1);
}

// On the pool. Null when the file is not there. Errors: with file and line.
Result<std::shared_ptr<const Script>> read_script() {
    auto text = read_config_text(file_name, most_bytes);
    if (!text && text.error().code == ErrorCode::not_found) return std::shared_ptr<const Script>();
    if (!text) return std::unexpected(std::move(text).error());
    auto script = std::make_shared<Script>();
    script->code = JF_TRY(State::compile(*text, file_name));
    State state(nullptr);
    add_objects(state);
    JF_TRY(state.run(script->code, file_name));
    read_tables(state.raw(), *script);
    return std::shared_ptr<const Script>(std::move(script));
}

Result<void> add_to_plan(DialplanBuilder& builder, const Script& script) {
    PlanOrigin origin{Name(registrar), Name(file_name), 0};
    for (const Script::Context& context : script.contexts) {
        builder.context(context.name, Name(registrar));
        for (const auto& [extension, line] : context.extensions) {
            origin.line = line;
            const std::string arguments = fmt::format("{},{}", context.name, extension);
            JF_TRY(builder.add({.context = context.name, .extension = extension, .application = "LuaExtension",
                                .arguments = arguments, .origin = origin}));
        }
        origin.line = 0;
        for (const std::string& other : context.includes) JF_TRY(builder.add_include(context.name, other, origin));
        for (const auto& [extension, device] : context.hints)
            JF_TRY(builder.add({.context = context.name, .extension = extension, .priority = hint_priority,
                                .arguments = device, .origin = origin}));
    }
    return {};
}

DialplanChange change_to(std::shared_ptr<const Script> script) {
    return [script = std::move(script)](DialplanBuilder& builder) -> Result<void> {
        builder.remove_registrar(Name(registrar));
        return script ? add_to_plan(builder, *script) : Result<void>();
    };
}

Result<void> put_into_force(const std::shared_ptr<const Script>& script) {
    JF_TRY(change_dialplan(change_to(script)));
    current() = script;
    return {};
}

// "extensions.lua:3: what is wrong" as a finding at its line.
void tell(const Error& why, Diagnostics& findings) {
    static const std::string name = file_name;
    std::string_view text = why.text;
    std::uint32_t line = 0;
    if (text.starts_with(name + ":")) {
        const Halves halves = split_once(text.substr(name.size() + 1), ':');
        if (const auto number = parse_number<std::uint32_t>(halves.first)) {
            line = *number;
            text = trim(halves.second);
        }
    }
    findings.error({&name, line}, "{}", text);
}

ConfigFileSpec script_file() {
    ConfigFileSpec spec;
    spec.file = file_name;
    spec.prepare = [](const ConfigFile&, Diagnostics& findings) -> ConfigApply {
        const auto script = read_script();
        if (!script) {
            tell(script.error(), findings);
            return {};
        }
        DialplanBuilder trial;  // what the builder refuses is told before anything changes
        if (const auto tried = *script ? add_to_plan(trial, **script) : Result<void>(); !tried) tell(tried.error(), findings);
        if (checking_configuration()) add_to_checked_dialplan(std::string(registrar), change_to(*script));
        return [script = *script] {
            if (const auto done = put_into_force(script); !done) log_error("{}: {}", file_name, done.error().text);
        };
    };
    return spec;
}

Result<void> run_extension(Channel& channel, const Arguments& arguments) {
    const std::string context(arguments[0]), extension = arguments.rest(1);
    auto& call = channel.attachment<CallScript>();
    if (!call.state) {
        const auto script = current();
        if (!script) return fail(ErrorCode::not_found, "there is no extensions.lua");
        call.state = std::make_unique<State>(&channel);
        add_objects(*call.state);
        JF_TRY(call.state->run(script->code, file_name));
    }
    lua_State* state = call.state->raw();
    lua_settop(state, 0);
    if (lua_getglobal(state, "extensions") != LUA_TTABLE || lua_getfield(state, -1, context.c_str()) != LUA_TTABLE)
        return fail(ErrorCode::not_found, "extensions.lua has no context {}", context);
    if (lua_getfield(state, -1, extension.c_str()) != LUA_TFUNCTION) {
        lua_pop(state, 1);
        if (lua_geti(state, -1, parse_number<int>(extension).value_or(0)) != LUA_TFUNCTION)
            return fail(ErrorCode::not_found, "extensions.lua has no extension {} in {}", extension, context);
    }
    const Place place = channel.place();
    lua_pushlstring(state, place.context.data(), place.context.size());
    lua_pushlstring(state, place.extension.data(), place.extension.size());
    return call.state->call(2, 0);
}

Result<void> load(Module& module) {
    module.keep(Registration([] {
        current().reset();
        (void)put_into_force(nullptr);
    }));
    JF_TRY(module.add(info, run_extension));
    // Changes made during a reload of the plan are remembered until the next one, and with them this module's code.
    module.on_unload([]() -> Result<void> { return change_dialplan([](DialplanBuilder&) -> Result<void> { return {}; }); });
    if (!config_manager()) return {};
    return module.add(script_file());
}

}  // namespace

JACKFIELD_MODULE("pbx_lua", "Dialplan of extensions.lua", load)
