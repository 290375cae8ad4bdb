// How a log line looks. Private to core/base.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/log_sink.hpp"

namespace jackfield::detail {

// strftime with %q (fraction of the second: three digits, or as many as stand between). Remembers the text of the last
// second, since most lines share it. One thread at a time.
class LogDate {
  public:
    explicit LogDate(std::string_view format);
    void append(std::string& to, WallTime time);

  private:
    struct Piece {
        std::string format;  // for strftime
        std::string text;    // of the last second
        int digits = 0;      // of the fraction that follows
    };
    std::vector<Piece> pieces_;
    std::time_t second_ = -1;
};

struct LogStyle {
    LogFormat format = LogFormat::standard;
    bool console = false;
    bool colours = false;
    bool call_ids = true;
    std::string_view host_name;
};

// Appends the line and a newline.
void append_log_line(std::string& to, const LogLine& line, const LogStyle& style, LogDate& date);
// Appends text with control characters made visible; newlines become `newline`.
void append_visible(std::string& to, std::string_view text, std::string_view newline);

}  // namespace jackfield::detail
