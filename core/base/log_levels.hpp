// Sets of levels as logger.conf writes them, and the verbose and debug settings. Private to core/base.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log_sink.hpp"

namespace jackfield::detail {

// The levels that one sink wants. A plain value; masks are renewed with refresh() when levels are added.
class LogLevelSet {
  public:
    LogLevelSet() = default;
    // "[json]debug,verbose(3),*"; the format word, if any, is left in format().
    static Result<LogLevelSet> parse(std::string_view words);

    bool wants(const LogLine& line) const {
        if (!(mask_ >> static_cast<unsigned>(line.level) & 1)) return false;
        if (line.level == LogLevel::verbose) return verbose_ ? line.detail <= *verbose_ : line.by_setting;
        if (line.level == LogLevel::debug) return debug_ ? line.detail <= *debug_ : line.by_setting;
        return true;
    }
    void refresh();  // looks up the words that were no levels yet
    bool has(LogLevel level) const { return mask_ >> static_cast<unsigned>(level) & 1; }
    std::optional<LogFormat> format() const { return format_; }
    std::optional<int> verbose() const { return verbose_; }
    std::optional<int> debug() const { return debug_; }
    void set_verbose(int level) { verbose_ = level; }
    std::string describe() const;  // "NOTICE WARNING VERBOSE(3)"

  private:
    std::uint32_t mask_ = 0;
    bool all_ = false;
    std::optional<int> verbose_, debug_;
    std::optional<LogFormat> format_;
    std::vector<std::string> later_;  // words that may become levels
};

// Raises or lowers the cheap first tests of log_verbose() and log_debug() to what sinks with levels of their own need.
void set_sink_levels(int verbose, int debug);
// True when the general or a module's setting wants a line of this detail from this file.
bool wanted_by_setting(LogLevel level, int detail, const char* file);
// Called (under no lock) after levels were added or removed.
void log_levels_changed();

}  // namespace jackfield::detail
