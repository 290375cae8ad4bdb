// A Lua state that can do no harm: bounded in memory and in instructions, without files, programs or modules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/channel/channel.hpp"

struct lua_State;

namespace jackfield::lua {

struct Limits {
    std::size_t bytes = 16U << 20;
    std::uint64_t instructions = 100'000'000;  // between two applications; about a second
};

// One state, for one channel or for none (then applications and channel variables are errors). On a fiber it lets others
// run every 10,000 instructions. One thread at a time.
class State {
  public:
    explicit State(Channel* channel, Limits limits = {});
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    // Runs a chunk: source text, or what dump() gave. May wait. Errors: invalid with file and line; on a channel also
    // those that end an application.
    Result<void> run(std::string_view chunk, const std::string& name);
    // Compiles a source text. Errors: invalid with file and line.
    static Result<std::string> compile(std::string_view source, const std::string& name);
    // Calls the function on the stack's top below `arguments` values. May wait. Errors: as run().
    Result<void> call(int arguments, int results);
    lua_State* raw() { return state_; }

    // What the functions of Lua reach from a lua_State.
    struct Running {
        Channel* channel = nullptr;
        Limits limits;
        std::size_t bytes = 0;
        std::uint64_t instructions = 0;
        std::size_t unrested = 0;    // of those, since others could last run
        Instant since = {};          // when they could
        std::optional<Error> ended;  // the channel is no longer the script's: whatever it catches, it has to end
        bool killed = false;         // the runtime ends the fiber
    };

  private:
    Running running_;
    lua_State* state_;
};

// Raises the error in Lua; one that ends an application can't be caught by the script. Does not return.
[[noreturn]] void raise(lua_State* state, Error error);
State::Running& running(lua_State* state);
// What a function written in C++ does that takes as long as so many instructions. Lets others run when it is time. May wait.
// Raises the script's error when it has used up what it may.
void spend(lua_State* state, std::size_t instructions);
// The script has run an application: it may use as much as before once more.
void begin_anew(lua_State* state);

}  // namespace jackfield::lua
