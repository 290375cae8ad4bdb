// What a script of extensions.lua has.
#include "modules/pbx_lua/lua_objects.hpp"

#include <lua.hpp>

#include "core/dialplan/executor.hpp"

namespace jackfield::lua {
namespace {

Channel& channel_of(lua_State* state) {
    State::Running& now = running(state);
    if (!now.channel) raise(state, Error{ErrorCode::invalid, "there is no channel while extensions.lua is read"});
    return *now.channel;
}

// nil is an empty argument, as in Asterisk.
std::string text_at(lua_State* state, int place) {
    if (lua_isnil(state, place)) return {};
    std::size_t size = 0;
    const char* text = luaL_tolstring(state, place, &size);
    std::string copy(text, size);
    lua_pop(state, 1);
    return copy;
}

std::string joined(lua_State* state, int first) {
    std::string text;
    for (int i = first; i <= lua_gettop(state); ++i) text += (i > first ? "," : "") + text_at(state, i);
    return text;
}

// --- app.NAME(arguments...) ---------------------------------------------------------------------------------------------

int run_application_function(lua_State* state) {
    Channel& channel = channel_of(state);
    const std::string name = lua_tostring(state, lua_upvalueindex(1));
    if (auto done = run_application(channel, name, joined(state, 1)); !done) raise(state, std::move(done).error());
    begin_anew(state);
    return 0;
}

int index_app(lua_State* state) {
    luaL_checkstring(state, 2);
    lua_pushvalue(state, 2);
    lua_pushcclosure(state, run_application_function, 1);
    return 1;
}

// --- channel.NAME -------------------------------------------------------------------------------------------------------

constexpr const char* variable_type = "jackfield.variable";

void push_variable(lua_State* state, const std::string& name) {
    lua_newtable(state);
    lua_pushlstring(state, name.data(), name.size());
    lua_setfield(state, -2, "name");
    luaL_setmetatable(state, variable_type);
}

std::string name_of(lua_State* state, int place) {
    luaL_checktype(state, place, LUA_TTABLE);
    lua_getfield(state, place, "name");
    std::string name = text_at(state, -1);
    lua_pop(state, 1);
    return name;
}

int get_variable(lua_State* state) {
    auto value = read_expression(&channel_of(state), name_of(state, 1));
    if (!value) raise(state, std::move(value).error());
    if (value->empty()) return lua_pushnil(state), 1;
    return lua_pushlstring(state, value->data(), value->size()), 1;
}

int set_variable(lua_State* state) {
    if (auto done = write_expression(&channel_of(state), name_of(state, 1), text_at(state, 2)); !done)
        raise(state, std::move(done).error());
    return 0;
}

// channel.FUNC("a", "b") is the function with its arguments.
int call_variable(lua_State* state) {
    push_variable(state, fmt::format("{}({})", name_of(state, 1), joined(state, 2)));
    return 1;
}

int index_channel(lua_State* state) {
    push_variable(state, luaL_checkstring(state, 2));
    return 1;
}

int assign_channel(lua_State* state) {
    const std::string name = luaL_checkstring(state, 2);
    if (auto done = write_expression(&channel_of(state), name, text_at(state, 3)); !done)
        raise(state, std::move(done).error());
    return 0;
}

// --- the rest -----------------------------------------------------------------------------------------------------------

int check_hangup(lua_State* state) {
    lua_pushboolean(state, channel_of(state).hung_up());
    return 1;
}

// Media flows by itself here, so there is nothing to start or stop; scripts may ask all the same.
int autoservice(lua_State* state) {
    lua_pushboolean(state, true);
    return 1;
}

int add_all(lua_State* state) {
    const auto object = [&](const char* name, lua_CFunction index, lua_CFunction assign) {
        lua_newtable(state);
        lua_newtable(state);
        lua_pushcfunction(state, index);
        lua_setfield(state, -2, "__index");
        if (assign) {
            lua_pushcfunction(state, assign);
            lua_setfield(state, -2, "__newindex");
        }
        lua_setmetatable(state, -2);
        lua_setglobal(state, name);
    };
    luaL_newmetatable(state, variable_type);
    lua_newtable(state);
    lua_pushcfunction(state, get_variable);
    lua_setfield(state, -2, "get");
    lua_pushcfunction(state, set_variable);
    lua_setfield(state, -2, "set");
    lua_setfield(state, -2, "__index");
    lua_pushcfunction(state, call_variable);
    lua_setfield(state, -2, "__call");
    lua_pop(state, 1);
    object("app", index_app, nullptr);
    object("channel", index_channel, assign_channel);
    lua_register(state, "check_hangup", check_hangup);
    for (const char* name : {"autoservice_start", "autoservice_stop", "autoservice_status"}) lua_register(state, name, autoservice);
    return 0;
}

}  // namespace

void add_objects(State& state) {
    if (!state.raw()) return;
    lua_pushcfunction(state.raw(), add_all);
    (void)state.call(0, 0);  // fails for want of memory only, and then the script does, too
}

}  // namespace jackfield::lua
