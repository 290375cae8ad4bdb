// Feeds arbitrary text to the sandbox of extensions.lua: compiles it and runs what that gave, with little memory and few
// instructions. Whatever the script does, it ends, stays within its memory, and reaches no file and no program.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "modules/pbx_lua/lua_state.hpp"

using namespace jackfield;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto code = lua::State::compile({reinterpret_cast<const char*>(bytes), size}, "extensions.lua");
    if (!code) {
        if (code.error().text.empty()) std::abort();
        return 0;
    }
    lua::State state(nullptr, {.bytes = 1U << 20, .instructions = 200'000});
    (void)state.run(*code, "extensions.lua");
    if (lua::running(state.raw()).bytes > 1U << 20) std::abort();
    const auto harmless = state.run("assert(io == nil and require == nil and load == nil and (os == nil or os.execute == nil))", "check");
    (void)harmless;  // the script may have changed what assert is, or have used up the memory
    return 0;
}
