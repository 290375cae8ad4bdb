// Functions of Lua's libraries that could run for years, or where nothing can stop them, in forms that are counted as instructions.
#pragma once

struct lua_State;

namespace jackfield::lua {

// Replaces string.find, match, gmatch and gsub, the functions of `table`, and setmetatable. Called once, when the libraries are open.
void add_guarded_functions(lua_State* state);

}  // namespace jackfield::lua
