// AEL: extensions.ael read into contexts and numbered priorities.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/diagnostics.hpp"

namespace jackfield::ael {

struct Step {
    std::string label, application, arguments;
    std::uint32_t line = 0;
    std::uint32_t file = 0;  // index into Plan::files
};
struct Extension {
    std::string name;  // with /caller
    std::string hint;  // empty: none
    std::vector<Step> steps;
    std::uint32_t line = 0, file = 0;
};
struct Include {
    std::string text;  // context[,times]
    std::uint32_t line = 0, file = 0;
};
struct Context {
    std::string name;
    bool extend = false;
    std::vector<Include> includes;
    std::vector<std::string> ignore_patterns;
    std::vector<std::pair<std::string, bool>> switches;  // evaluated for each call (eswitches) or not
    std::vector<Extension> extensions;
    std::uint32_t line = 0, file = 0;
};
struct Plan {
    std::vector<std::string> files;
    std::vector<std::pair<std::string, std::string>> globals;
    std::vector<Context> contexts;  // macros are contexts with the extension ~~s~~
};

// Reads `name` and what it includes by `read`. What is wrong is told with file and line; what could be understood is in the
// result all the same. Pure but for `read`; nesting, steps and the depth of includes are bounded.
using Read = std::function<Result<std::string>(const std::string& name)>;
Plan parse(const std::string& name, const Read& read, Diagnostics& findings);

// The extension in which a macro's statements stand.
inline constexpr std::string_view macro_extension = "~~s~~";

}  // namespace jackfield::ael
