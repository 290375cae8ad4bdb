// What is wrong in configuration files: a list of findings with their places.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

enum class Severity : std::uint8_t { notice, warning, error };

// A line of a configuration file. The name belongs to the ConfigFile that it came from (or is static).
struct ConfigPlace {
    const std::string* file = nullptr;
    std::uint32_t line = 0;  // from 1; 0: the file as a whole
    std::string to_string() const;  // "sip.conf:12"
};

struct Diagnostic {
    std::string file;
    std::uint32_t line = 0;
    Severity severity = Severity::error;
    std::string text;  // what is wrong, what was expected, what to write instead
    std::string to_string() const;  // "sip.conf:12: error: ..."
};

// Findings in the order they were made. Keeps the first thousand and counts the rest. A plain value; one thread.
class Diagnostics {
  public:
    static constexpr std::size_t most_kept = 1000;

    void add(Severity severity, const ConfigPlace& place, std::string text);
    void add(Diagnostic diagnostic);
    template <class... A>
    void error(const ConfigPlace& place, fmt::format_string<A...> format, A&&... arguments) {
        add(Severity::error, place, fmt::format(format, std::forward<A>(arguments)...));
    }
    template <class... A>
    void warning(const ConfigPlace& place, fmt::format_string<A...> format, A&&... arguments) {
        add(Severity::warning, place, fmt::format(format, std::forward<A>(arguments)...));
    }
    template <class... A>
    void notice(const ConfigPlace& place, fmt::format_string<A...> format, A&&... arguments) {
        add(Severity::notice, place, fmt::format(format, std::forward<A>(arguments)...));
    }
    void append(const Diagnostics& other);

    bool has_errors() const { return errors_ > 0; }
    bool empty() const { return list_.empty(); }
    std::size_t errors() const { return errors_; }
    std::size_t warnings() const { return warnings_; }
    const std::vector<Diagnostic>& list() const { return list_; }
    // One line each, and "... and N more" at the end when some were not kept.
    std::string to_string() const;
    // Writes each to the log with its severity.
    void log() const;
    // The first error as a failure (ErrorCode::invalid) with the number of the others; success without errors.
    Result<void> to_result() const;

  private:
    std::vector<Diagnostic> list_;
    std::size_t errors_ = 0, warnings_ = 0, dropped_ = 0;
};

}  // namespace jackfield
