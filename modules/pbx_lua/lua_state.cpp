// A Lua state that can do no harm.
#include "modules/pbx_lua/lua_state.hpp"

#include <lua.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "core/base/log.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/wait.hpp"
#include "modules/pbx_lua/lua_guards.hpp"

namespace jackfield::lua {
namespace {

constexpr int instructions_per_hook = 1000;
constexpr std::size_t instructions_per_turn = 10'000;
constexpr std::chrono::nanoseconds instruction{10};  // at least what one takes; a library's function may take as long as many
constexpr std::size_t bytes_per_instruction = 16;    // that are allocated, and so written

void* allocate(void* user, void* block, std::size_t old_size, std::size_t size) {
    auto& running = *static_cast<State::Running*>(user);
    if (!block) old_size = 0;  // it then tells the kind of object
    if (size == 0) {
        std::free(block);
        running.bytes -= old_size;
        return nullptr;
    }
    if (size > old_size && running.bytes + (size - old_size) > running.limits.bytes) return nullptr;
    void* fresh = std::realloc(block, size);
    if (fresh) running.bytes = running.bytes - old_size + size;
    if (size > old_size) running.unrested += (size - old_size) / bytes_per_instruction;
    return fresh;
}

// The error with the place of the function at that level; 0: the running one. Does not return.
void end_script(lua_State* state, int level, const std::string& text) {
    luaL_where(state, level);
    lua_pushlstring(state, text.data(), text.size());
    lua_concat(state, 2);
    lua_error(state);
}

void charge(lua_State* state, std::size_t instructions, int level) {
    State::Running& now = running(state);
    if (now.ended || now.killed) end_script(state, level, "the call has ended");
    now.unrested += instructions;
    const Instant time = Clock::now();
    const auto taken = static_cast<std::size_t>((time - now.since) / instruction);
    if (now.unrested < instructions_per_turn && taken < instructions_per_turn * 10) return;
    now.instructions += std::max(now.unrested, taken / 10);
    now.unrested = 0;
    now.since = time;
    if (now.instructions > now.limits.instructions)
        end_script(state, level, fmt::format("more than {} million instructions without an application", now.limits.instructions / 1'000'000));
    if (!on_fiber()) return;
    auto rested = yield();
    now.since = Clock::now();
    if (!rested) raise(state, std::move(rested).error());
}

void count_hook(lua_State* state, lua_Debug*) { charge(state, instructions_per_hook, 0); }

// pcall and xpcall that do not catch the end of a call. Where the handler stands, or 0.
int protected_call(lua_State* state, int handler) {
    const int first = handler ? 3 : 2;
    luaL_checkany(state, 1);
    const int arguments = std::max(0, lua_gettop(state) - first + 1);
    if (handler) {  // handler, function, arguments
        lua_pushvalue(state, 2);
        lua_insert(state, 1);
        lua_remove(state, 3);
    }
    const int status = lua_pcall(state, arguments, LUA_MULTRET, handler);
    State::Running& now = running(state);
    if (status < 0) now.killed = true;
    if (now.ended || now.killed) return lua_error(state);
    if (handler) lua_remove(state, 1);
    lua_pushboolean(state, status == LUA_OK);
    lua_insert(state, 1);
    return lua_gettop(state);
}
int lua_pcall_function(lua_State* state) { return protected_call(state, 0); }
int lua_xpcall_function(lua_State* state) {
    luaL_checktype(state, 2, LUA_TFUNCTION);
    return protected_call(state, 1);
}

int lua_print(lua_State* state) {
    std::string text;
    for (int i = 1; i <= lua_gettop(state); ++i) {
        text += (i > 1 ? "\t" : "") + std::string(luaL_tolstring(state, i, nullptr));
        lua_pop(state, 1);
    }
    log_verbose(1, "extensions.lua: {}", text);
    return 0;
}

void open_libraries(lua_State* state) {
    luaL_requiref(state, "_G", luaopen_base, 1);
    luaL_requiref(state, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(state, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(state, LUA_MATHLIBNAME, luaopen_math, 1);
    luaL_requiref(state, LUA_UTF8LIBNAME, luaopen_utf8, 1);
    luaL_requiref(state, LUA_OSLIBNAME, luaopen_os, 1);
    for (const char* harmful : {"execute", "exit", "remove", "rename", "tmpname", "setlocale", "getenv"}) {
        lua_pushnil(state);
        lua_setfield(state, -2, harmful);
    }
    lua_settop(state, 0);
    for (const char* harmful : {"dofile", "loadfile", "load", "collectgarbage"}) {
        lua_pushnil(state);
        lua_setglobal(state, harmful);
    }
    lua_register(state, "pcall", lua_pcall_function);
    lua_register(state, "xpcall", lua_xpcall_function);
    lua_register(state, "print", lua_print);
    add_guarded_functions(state);
}

int open_protected(lua_State* state) {
    open_libraries(state);
    return 0;
}

std::string message_of(lua_State* state) {
    const char* text = lua_tostring(state, -1);
    std::string message = text ? text : "an error that is no text";
    lua_pop(state, 1);
    return message;
}

int write_dump(lua_State*, const void* data, std::size_t size, void* out) {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
    return 0;
}

}  // namespace

State::Running& running(lua_State* state) {
    void* user = nullptr;
    lua_getallocf(state, &user);
    return *static_cast<State::Running*>(user);
}

void spend(lua_State* state, std::size_t instructions) { charge(state, instructions, 1); }

void begin_anew(lua_State* state) {
    State::Running& now = running(state);
    now.instructions = now.unrested = 0;
    now.since = Clock::now();
}

void raise(lua_State* state, Error error) {
    State::Running& now = running(state);
    const std::string text = error.text.empty() ? std::string(to_string(error.code)) : error.text;
    if (ends_application(error.code)) now.ended = std::move(error);
    luaL_error(state, "%s", text.c_str());
    std::abort();  // luaL_error never returns
}

State::State(Channel* channel, Limits limits) : running_{.channel = channel, .limits = limits} {
    state_ = lua_newstate(allocate, &running_);
    if (!state_) return;
    lua_pushcfunction(state_, open_protected);
    if (lua_pcall(state_, 0, 0, 0) != LUA_OK) lua_settop(state_, 0);
    lua_sethook(state_, count_hook, LUA_MASKCOUNT, instructions_per_hook);
}

// What a script has as __gc runs now, and may neither wait nor reach the channel.
State::~State() {
    running_.channel = nullptr;
    running_.killed = true;
    if (state_) lua_close(state_);
}

Result<void> State::run(std::string_view chunk, const std::string& name) {
    if (!state_) return fail(ErrorCode::limit, "no memory for a Lua state");
    if (luaL_loadbufferx(state_, chunk.data(), chunk.size(), ("@" + name).c_str(), "bt") != LUA_OK)
        return fail(ErrorCode::invalid, "{}", message_of(state_));
    return call(0, 0);
}

Result<void> State::call(int arguments, int results) {
    begin_anew(state_);
    const int status = lua_pcall(state_, arguments, results, 0);
    if (status < 0 || running_.killed) throw FiberKilled{};  // the runtime's, caught on its way by Lua
    if (status == LUA_OK) return {};
    const std::string message = message_of(state_);
    if (running_.ended) return std::unexpected(*running_.ended);
    return fail(ErrorCode::invalid, "{}", message);
}

Result<std::string> State::compile(std::string_view source, const std::string& name) {
    State state(nullptr);
    if (!state.state_) return fail(ErrorCode::limit, "no memory for a Lua state");
    if (luaL_loadbufferx(state.state_, source.data(), source.size(), ("@" + name).c_str(), "t") != LUA_OK)
        return fail(ErrorCode::invalid, "{}", message_of(state.state_));
    std::string code;
    if (lua_dump(state.state_, write_dump, &code, 0) != 0) return fail(ErrorCode::failed, "{} can't be compiled", name);
    return code;
}

}  // namespace jackfield::lua
