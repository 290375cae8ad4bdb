// Command line of the load generator.
#include "tests/bench/load/options.hpp"

#include <fmt/core.h>

#include <cstdlib>

namespace bench {

Options::Options(int count, char** words) {
    for (int i = 0; i < count; ++i) {
        const std::string_view word = words[i];
        if (!word.starts_with("--")) {
            fmt::print(stderr, "jackfield_load: '{}' stands alone; write --name or --name value\n", word);
            std::exit(2);
        }
        const bool has_value = i + 1 < count && !std::string_view(words[i + 1]).starts_with("--");
        values_[std::string(word.substr(2))] = has_value ? words[++i] : "";
    }
}

std::string Options::text(const std::string& name, const std::string& otherwise) {
    known_.insert(name);
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
}

double Options::number(const std::string& name, double otherwise) {
    const std::string value = text(name, "");
    if (value.empty()) return otherwise;
    char* end = nullptr;
    const double parsed = std::strtod(value.c_str(), &end);
    if (*end != '\0') {
        fmt::print(stderr, "jackfield_load: --{} needs a number, not '{}'\n", name, value);
        std::exit(2);
    }
    return parsed;
}

bool Options::given(const std::string& name) {
    known_.insert(name);
    return values_.contains(name);
}

void Options::done() const {
    for (const auto& [name, value] : values_)
        if (!known_.contains(name)) {
            fmt::print(stderr, "jackfield_load: no option --{} here; --help lists them\n", name);
            std::exit(2);
        }
}

}  // namespace bench
