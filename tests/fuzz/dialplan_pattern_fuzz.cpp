// Patterns and numbers: the index must say what each pattern says by itself. Input: lines, the last one is the number.
#include <cstdint>
#include <cstdlib>

#include "core/base/strings.hpp"
#include "core/dialplan/extension_index.hpp"
#include "core/dialplan/time_condition.hpp"

using namespace jackfield;

namespace {

// A set of one character or ten digits, so that a long run does not use up the process's table of sets.
bool has_exotic_set(std::string_view line) { return line.find('[') != std::string_view::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const auto lines = split({reinterpret_cast<const char*>(bytes), size}, '\n');
    const std::string_view number = lines.back();
    ExtensionIndex index;
    std::vector<Pattern> patterns;
    for (const std::string_view line : lines) {
        if (patterns.size() == 64 || has_exotic_set(line)) continue;
        auto pattern = Pattern::parse(line);
        if (!pattern) continue;
        index.edit(*pattern, {}, 1);
        patterns.push_back(std::move(*pattern));
    }
    for (const auto mode : {MatchMode::match, MatchMode::can_match}) {
        bool expected = false;
        for (const Pattern& pattern : patterns) expected |= pattern.matches(number, mode);
        const bool found = index.find(number, mode, [](const Extension&, IndexMatch) { return true; });
        // A number that is a pattern's written name finds that pattern too, and longer numbers than any find nothing.
        if (found != expected && !number.starts_with('_') && number.size() <= max_number_length) std::abort();
    }
    for (const Pattern& pattern : patterns) index.remove(pattern, {}, 2);
    if (index.size() != 0) std::abort();
    (void)TimeCondition::parse(number);
    return 0;
}
