// Logging: call ids, levels, and the way of a line to the writer.
#include "core/base/log.hpp"

#include <cstdio>

namespace jackfield {
namespace {

std::atomic<std::uint32_t> last_call_id{0};
thread_local CallId running_call_id;

}  // namespace

CallId new_call_id() {
    CallId id{last_call_id.fetch_add(1, std::memory_order_relaxed) + 1};
    return id ? id : new_call_id();  // 0 means none, also after a wrap
}
CallId current_call_id() { return running_call_id; }
void set_current_call_id(CallId id) { running_call_id = id; }

namespace detail {

std::atomic<int> verbose_level{0};
std::atomic<int> highest_debug_level{0};

bool debug_wanted(int detail, const char*) { return detail <= highest_debug_level.load(std::memory_order_relaxed); }

void log(LogLevel, int, std::source_location where, fmt::string_view format, fmt::format_args arguments) {
    char text[1024];
    const auto end = fmt::vformat_to_n(text, sizeof(text), format, arguments);
    fmt::print(stderr, "{}:{}: {}\n", where.file_name(), where.line(),
               std::string_view(text, static_cast<std::size_t>(end.out - text)));
}

}  // namespace detail

void log_text(LogLevel level, std::string_view text, std::source_location where) {
    detail::log(level, 0, where, "{}", fmt::make_format_args(text));
}

}  // namespace jackfield
