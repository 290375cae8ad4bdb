// What a script of extensions.lua has: app, channel, check_hangup and the autoservice functions.
#pragma once

#include "modules/pbx_lua/lua_state.hpp"

namespace jackfield::lua {

// app.playback("x") runs an application; channel.NAME:get(), channel.NAME = value, channel.FUNC("a"):get() and :set(value) read
// and set variables and functions. Without a channel in the state they are errors.
void add_objects(State& state);

}  // namespace jackfield::lua
