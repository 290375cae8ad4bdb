// Logging: call ids, and the way of a line from its caller to the writer.
#include "core/base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <string>

#include "core/base/log_levels.hpp"
#include "core/base/log_writer.hpp"

namespace jackfield {
namespace {

std::atomic<std::uint32_t> last_call_id{0};
thread_local CallId running_call_id;

std::uint32_t thread_id() {
    thread_local const auto id = static_cast<std::uint32_t>(::gettid());
    return id;
}

void submit(LogLevel level, int detail, const std::source_location& where, std::string_view text) {
    LogLine line;
    line.level = level;
    line.detail = static_cast<std::uint8_t>(detail);
    line.by_setting = detail::wanted_by_setting(level, detail, where.file_name());
    line.line = where.line();
    line.file = where.file_name();
    line.function = where.function_name();
    line.time = wall_now();
    line.thread = thread_id();
    line.call = running_call_id;
    line.text = text;
    detail::submit_log_line(line);
}

}  // namespace

CallId new_call_id() {
    CallId id{last_call_id.fetch_add(1, std::memory_order_relaxed) + 1};
    return id ? id : new_call_id();  // 0 means none, also after a wrap
}
CallId current_call_id() { return running_call_id; }
void set_current_call_id(CallId id) { running_call_id = id; }

namespace detail {

void log(LogLevel level, int detail, std::source_location where, fmt::string_view format, fmt::format_args arguments) {
    // Most lines fit here; the rest, such as whole SIP messages, are formatted again into memory of their size.
    constexpr std::size_t usual = 768;
    constexpr std::size_t longest = 64 * 1024;
    std::array<char, usual> buffer;
    try {
        const auto end = fmt::vformat_to_n(buffer.data(), buffer.size(), format, arguments);
        if (end.size <= buffer.size()) return submit(level, detail, where, std::string_view(buffer.data(), end.size));
        std::string text(std::min(end.size, longest), '\0');
        fmt::vformat_to_n(text.data(), text.size(), format, arguments);
        submit(level, detail, where, text);
    } catch (const std::exception& error) {
        // Logging must not be what brings a call down, whatever a formatter does.
        submit(LogLevel::error, 0, where, error.what());
    }
}

}  // namespace detail

void log_text(LogLevel level, std::string_view text, std::source_location where) { submit(level, 0, where, text); }

}  // namespace jackfield
