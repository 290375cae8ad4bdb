// A faulty module for load_test.py: `test stall MILLISECONDS` holds up the control thread for so long.
#include <chrono>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr CommandInfo info{.words = "test stall MILLISECONDS",
                           .synopsis = "Hold up the control thread",
                           .text = "For so many milliseconds, without a wait: what no module may do."};

Result<void> stall(Console& console, CommandWords words) {
    const auto length = words.empty() ? std::nullopt : parse_number<unsigned>(words.back());
    if (!length) return fail(ErrorCode::invalid, "test stall needs a number of milliseconds");
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(*length);
    while (std::chrono::steady_clock::now() < end) {
    }
    return console.write("It is over.\n");
}

Result<void> load(Module& module) { return module.add(info, stall); }

}  // namespace

JACKFIELD_MODULE("test_stall", "Holds up the control thread", load)
