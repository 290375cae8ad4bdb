// func_rand: random numbers.
#include "core/base/generation.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "RAND",
                            .syntax = "RAND([min[,max]])",
                            .synopsis = "A random whole number",
                            .text = "From min (0 by default) to max (2147483647 by default), both included. Fit for codes and PINs."};

Result<std::string> random(Channel*, const Arguments& arguments) {
    const auto least = arguments.has(0) ? parse_number<std::int32_t>(trim(arguments[0])) : 0;
    const auto most = arguments.has(1) ? parse_number<std::int32_t>(trim(arguments[1])) : INT32_MAX;
    if (!least || !most) return fail(ErrorCode::invalid, "RAND({}): whole numbers are expected", arguments.raw());
    const std::int64_t low = std::min(*least, *most), high = std::max(*least, *most);
    return std::to_string(low + static_cast<std::int64_t>(random_number(static_cast<std::uint64_t>(high - low + 1))));
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{random}); }

}  // namespace

JACKFIELD_MODULE("func_rand", "Random numbers", load)
