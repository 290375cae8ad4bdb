// Logging: what modules call. Where lines go is decided by logger.conf (core/base/log_sink.hpp).
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace jackfield {

// Asterisk's levels. verbose and debug have numbers of their own below them (core set verbose 3).
enum class LogLevel : std::uint8_t { debug, verbose, notice, warning, error, security, dtmf };

// Identifies a call in the log ("C-0000002a"); 0: not part of a call. It travels with the fiber (core/runtime) and is
// printed on every line written while it is set.
struct CallId {
    std::uint32_t value = 0;
    explicit operator bool() const { return value != 0; }
    bool operator==(const CallId&) const = default;
};
CallId new_call_id();
CallId current_call_id();          // of the running fiber or thread
void set_current_call_id(CallId);  // for the running fiber or thread

namespace detail {
// A format string together with the place it stands at.
template <class... A>
struct Located {
    fmt::format_string<A...> format;
    std::source_location where;
    template <class S>
    consteval Located(const S& text, std::source_location place = std::source_location::current())
        : format(text), where(place) {}
};
void log(LogLevel level, int detail, std::source_location where, fmt::string_view format, fmt::format_args arguments);
extern std::atomic<int> verbose_level;
// True when debug lines of this detail and source file are wanted by anybody (core set debug LEVEL [module]).
bool debug_wanted(int detail, const char* file);
extern std::atomic<int> highest_debug_level;  // over all modules: the cheap first test
}  // namespace detail

// Any thread; never waits: a full queue drops lines and counts them (see `logger show channels`).
template <class... A>
void log_error(detail::Located<std::type_identity_t<A>...> text, A&&... arguments) {
    detail::log(LogLevel::error, 0, text.where, text.format, fmt::make_format_args(arguments...));
}
template <class... A>
void log_warning(detail::Located<std::type_identity_t<A>...> text, A&&... arguments) {
    detail::log(LogLevel::warning, 0, text.where, text.format, fmt::make_format_args(arguments...));
}
template <class... A>
void log_notice(detail::Located<std::type_identity_t<A>...> text, A&&... arguments) {
    detail::log(LogLevel::notice, 0, text.where, text.format, fmt::make_format_args(arguments...));
}
template <class... A>
void log_security(detail::Located<std::type_identity_t<A>...> text, A&&... arguments) {
    detail::log(LogLevel::security, 0, text.where, text.format, fmt::make_format_args(arguments...));
}
template <class... A>
void log_dtmf(detail::Located<std::type_identity_t<A>...> text, A&&... arguments) {
    detail::log(LogLevel::dtmf, 0, text.where, text.format, fmt::make_format_args(arguments...));
}
// detail: 1 (rare events) to 5 (every step); printed when `core set verbose` is at least that.
template <class... A>
void log_verbose(int detail, detail::Located<std::type_identity_t<A>...> text, A&&... arguments) {
    if (detail <= detail::verbose_level.load(std::memory_order_relaxed))
        detail::log(LogLevel::verbose, detail, text.where, text.format, fmt::make_format_args(arguments...));
}
// detail: 1 to 9; costs one relaxed load when off.
template <class... A>
void log_debug(int detail, detail::Located<std::type_identity_t<A>...> text, A&&... arguments) {
    if (detail <= detail::highest_debug_level.load(std::memory_order_relaxed) &&
        detail::debug_wanted(detail, text.where.file_name()))
        detail::log(LogLevel::debug, detail, text.where, text.format, fmt::make_format_args(arguments...));
}
// With a level known only at run time (the Log application).
void log_text(LogLevel level, std::string_view text, std::source_location where = std::source_location::current());

}  // namespace jackfield
