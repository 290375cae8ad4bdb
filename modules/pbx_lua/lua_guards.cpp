// Functions of Lua's libraries in forms that are counted as instructions.
#include "modules/pbx_lua/lua_guards.hpp"

#include <lua.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "modules/pbx_lua/lua_pattern.hpp"
#include "modules/pbx_lua/lua_state.hpp"

namespace jackfield::lua {
namespace {

std::string_view string_at(lua_State* state, int place) {
    std::size_t size = 0;
    const char* text = luaL_checklstring(state, place, &size);
    return {text, size};
}

LuaPattern pattern_at(lua_State* state, int place, bool anchors = true) {
    auto pattern = LuaPattern::parse(string_at(state, place), anchors);
    if (pattern) return *std::move(pattern);
    luaL_error(state, "%s", pattern.error().text.c_str());
    return {};
}

LuaPattern::Spend spender(lua_State* state) {
    return [state](std::size_t steps) { spend(state, steps); };
}

// Where the search begins, from 0: Lua counts from 1, negative numbers from the end.
std::size_t start_at(lua_State* state, int place, std::size_t size) {
    const lua_Integer start = luaL_optinteger(state, place, 1);
    if (start > 0) return static_cast<std::size_t>(start - 1);
    if (start == 0 || -static_cast<lua_Unsigned>(start) > size) return 0;
    return size - static_cast<std::size_t>(-start);
}

void push_capture(lua_State* state, std::string_view text, const LuaPattern::Capture& capture) {
    if (capture.position)
        lua_pushinteger(state, static_cast<lua_Integer>(capture.begin) + 1);
    else
        lua_pushlstring(state, text.data() + capture.begin, capture.end - capture.begin);
}

// The captures, or the whole match where the pattern has none and `whole` says so. How many values.
int push_captures(lua_State* state, std::string_view text, std::size_t begin, const LuaPattern::Match& match, bool whole) {
    luaL_checkstack(state, static_cast<int>(match.captures.size()) + 1, "too many captures");
    for (const auto& capture : match.captures) push_capture(state, text, capture);
    if (!match.captures.empty() || !whole) return static_cast<int>(match.captures.size());
    lua_pushlstring(state, text.data() + begin, match.end - begin);
    return 1;
}

int find_plain(lua_State* state, std::string_view text, std::string_view wanted, std::size_t start) {
    spend(state, text.size() / 16);
    const void* found = ::memmem(text.data() + start, text.size() - start, wanted.data(), wanted.size());  // linear, other than string_view's
    if (!found) return lua_pushnil(state), 1;
    const auto at = static_cast<lua_Integer>(static_cast<const char*>(found) - text.data());
    lua_pushinteger(state, at + 1);
    lua_pushinteger(state, at + static_cast<lua_Integer>(wanted.size()));
    return 2;
}

int search(lua_State* state, bool find) {
    const std::string_view text = string_at(state, 1), wanted = string_at(state, 2);
    std::size_t at = start_at(state, 3, text.size());
    if (at > text.size()) return lua_pushnil(state), 1;
    if (find && (lua_toboolean(state, 4) || wanted.find_first_of("^$*+?.([%-") == std::string_view::npos))
        return find_plain(state, text, wanted, at);
    const LuaPattern pattern = pattern_at(state, 2);
    const auto spends = spender(state);
    LuaPattern::Match match;
    for (; at <= text.size(); ++at) {
        pattern.match(text, at, spends, match);
        if (match.end != LuaPattern::npos) {
            if (!find) return push_captures(state, text, at, match, true);
            lua_pushinteger(state, static_cast<lua_Integer>(at) + 1);
            lua_pushinteger(state, static_cast<lua_Integer>(match.end));
            return 2 + push_captures(state, text, at, match, false);
        }
        if (pattern.anchored()) break;
    }
    return lua_pushnil(state), 1;
}
int string_find(lua_State* state) { return search(state, true); }
int string_match(lua_State* state) { return search(state, false); }

// Upvalues: text, pattern, where to go on, where the last match has ended (from 1; 0: nowhere).
int next_match(lua_State* state) {
    const std::string_view text = string_at(state, lua_upvalueindex(1));
    const LuaPattern pattern = pattern_at(state, lua_upvalueindex(2), false);
    auto at = static_cast<std::size_t>(lua_tointeger(state, lua_upvalueindex(3)));
    const auto last = static_cast<std::size_t>(lua_tointeger(state, lua_upvalueindex(4)));
    const auto spends = spender(state);
    LuaPattern::Match match;
    for (; at <= text.size(); ++at) {
        pattern.match(text, at, spends, match);
        if (match.end == LuaPattern::npos || match.end + 1 == last) continue;
        lua_pushinteger(state, static_cast<lua_Integer>(match.end));
        lua_replace(state, lua_upvalueindex(3));
        lua_pushinteger(state, static_cast<lua_Integer>(match.end) + 1);
        lua_replace(state, lua_upvalueindex(4));
        return push_captures(state, text, at, match, true);
    }
    return 0;
}
int string_gmatch(lua_State* state) {
    const std::string_view text = string_at(state, 1);
    (void)pattern_at(state, 2, false);
    const std::size_t start = std::min(start_at(state, 3, text.size()), text.size() + 1);
    lua_settop(state, 2);
    lua_pushinteger(state, static_cast<lua_Integer>(start));
    lua_pushinteger(state, 0);
    lua_pushcclosure(state, next_match, 4);
    return 1;
}

// What string.gsub puts for one match, from the text, table or function in place 3. The match itself for false and nil.
class Replacement {
  public:
    Replacement(lua_State* state, std::string_view text) : state_(state), text_(text), kind_(lua_type(state, 3)) {
        if (kind_ != LUA_TNUMBER && kind_ != LUA_TSTRING && kind_ != LUA_TTABLE && kind_ != LUA_TFUNCTION)
            luaL_typeerror(state, 3, "string/function/table");
    }
    void add(std::string& out, std::size_t begin, const LuaPattern::Match& match) {
        if (kind_ == LUA_TNUMBER || kind_ == LUA_TSTRING) return fill(out, begin, match);
        if (kind_ == LUA_TFUNCTION) {
            lua_pushvalue(state_, 3);
            lua_call(state_, push_captures(state_, text_, begin, match, true), 1);
        } else {
            push_one(0, begin, match);
            lua_gettable(state_, 3);
        }
        std::size_t size = 0;
        if (!lua_toboolean(state_, -1))
            out += text_.substr(begin, match.end - begin);
        else if (const char* value = lua_tolstring(state_, -1, &size))
            out.append(value, size);
        else
            luaL_error(state_, "invalid replacement value (a %s)", luaL_typename(state_, -1));
        lua_pop(state_, 1);
    }

  private:
    void push_one(std::size_t number, std::size_t begin, const LuaPattern::Match& match) {
        if (number < match.captures.size())
            push_capture(state_, text_, match.captures[number]);
        else if (number == 0)
            lua_pushlstring(state_, text_.data() + begin, match.end - begin);
        else
            luaL_error(state_, "invalid capture index %%%d in replacement string", static_cast<int>(number) + 1);
    }
    void fill(std::string& out, std::size_t begin, const LuaPattern::Match& match) {
        const std::string_view form = string_at(state_, 3);
        for (std::size_t i = 0; i < form.size(); ++i) {
            if (form[i] != '%') {
                out += form[i];
                continue;
            }
            const char next = ++i < form.size() ? form[i] : '\0';
            if (next == '%') {
                out += '%';
            } else if (next == '0') {
                out += text_.substr(begin, match.end - begin);
            } else if (next >= '1' && next <= '9') {
                push_one(static_cast<std::size_t>(next - '1'), begin, match);
                out += string_at(state_, -1);
                lua_pop(state_, 1);
            } else {
                luaL_error(state_, "invalid use of '%%' in replacement string");
            }
        }
    }

    lua_State* state_;
    std::string_view text_;
    int kind_;
};

int string_gsub(lua_State* state) {
    const std::string_view text = string_at(state, 1);
    const LuaPattern pattern = pattern_at(state, 2);
    Replacement replacement(state, text);
    const auto most = static_cast<std::size_t>(std::max<lua_Integer>(0, luaL_optinteger(state, 4, static_cast<lua_Integer>(text.size()) + 1)));
    const std::size_t limit = running(state).limits.bytes;
    const auto spends = spender(state);
    LuaPattern::Match match;
    std::string out;
    std::size_t at = 0, last = LuaPattern::npos, count = 0;
    while (count < most) {
        pattern.match(text, at, spends, match);
        if (match.end != LuaPattern::npos && match.end != last) {
            ++count;
            replacement.add(out, at, match);
            at = last = match.end;
        } else if (at < text.size()) {
            out += text[at++];
        } else {
            break;
        }
        if (out.size() > limit) luaL_error(state, "not enough memory");
        if (pattern.anchored()) break;
    }
    if (at < text.size()) out += text.substr(at);
    lua_pushlstring(state, out.data(), out.size());
    lua_pushinteger(state, static_cast<lua_Integer>(count));
    return 2;
}

// A function of `table`, the upvalue, whose work grows with the tables it gets: with their real lengths, which __len could feign.
int table_function(lua_State* state) {
    const int arguments = lua_gettop(state);
    std::size_t work = 0;
    for (int i = 1; i <= arguments; ++i) {
        if (lua_type(state, i) != LUA_TTABLE) continue;
        if (luaL_getmetafield(state, i, "__len") != LUA_TNIL) return luaL_error(state, "a table with __len can't be used here");
        work += lua_rawlen(state, i);
    }
    spend(state, work / 4);
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, arguments, LUA_MULTRET);
    return lua_gettop(state);
}

int table_move(lua_State* state) {
    const lua_Integer first = luaL_checkinteger(state, 2), last = luaL_checkinteger(state, 3);
    if (last >= first && static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first) > 1'000'000)
        return luaL_error(state, "table.move: more than a million elements");
    if (last >= first) spend(state, static_cast<std::size_t>(last - first));
    return table_function(state);
}

// Comparisons written in Lua are counted as all instructions are.
int table_sort(lua_State* state) {
    lua_settop(state, 2);
    if (lua_isnil(state, 2)) {
        lua_pushvalue(state, lua_upvalueindex(2));
        lua_replace(state, 2);
    }
    return table_function(state);
}

// Hooks do not run in finalizers, so that nothing would end one.
int guarded_setmetatable(lua_State* state) {
    if (lua_type(state, 2) == LUA_TTABLE) {
        lua_pushliteral(state, "__gc");
        if (lua_rawget(state, 2) != LUA_TNIL) return luaL_error(state, "finalizers (__gc) are not there");
        lua_pop(state, 1);
    }
    lua_pushvalue(state, lua_upvalueindex(1));
    lua_insert(state, 1);
    lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
    return lua_gettop(state);
}

struct Named {
    const char* name;
    lua_CFunction function;
};

}  // namespace

void add_guarded_functions(lua_State* state) {
    lua_getglobal(state, LUA_STRLIBNAME);
    for (const auto& [name, function] : {Named{"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}}) {
        lua_pushcfunction(state, function);
        lua_setfield(state, -2, name);
    }
    lua_getglobal(state, LUA_TABLIBNAME);
    for (const auto& [name, function] : {Named{"insert", table_function}, {"remove", table_function}, {"concat", table_function},
                                         {"unpack", table_function}, {"move", table_move}}) {
        lua_getfield(state, -1, name);
        lua_pushcclosure(state, function, 1);
        lua_setfield(state, -2, name);
    }
    lua_getfield(state, -1, "sort");
    constexpr std::string_view less = "local a, b = ... return a < b";
    (void)luaL_loadbufferx(state, less.data(), less.size(), "=table.sort", "t");
    lua_pushcclosure(state, table_sort, 2);
    lua_setfield(state, -2, "sort");
    lua_getglobal(state, "setmetatable");
    lua_pushcclosure(state, guarded_setmetatable, 1);
    lua_setglobal(state, "setmetatable");
    lua_settop(state, 0);
}

}  // namespace jackfield::lua
