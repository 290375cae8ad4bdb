// How a log line looks: as text for files and consoles, as JSON.
#include "core/base/log_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/base/strings.hpp"

namespace jackfield::detail {
namespace {

std::string_view file_name(const LogLine& line) {
    const std::string_view path = line.file;
    return path.substr(path.rfind('/') + 1);
}

// "echo" of "jackfield::Result<void> {anonymous}::echo(jackfield::Channel&)".
std::string_view function_name(const LogLine& line) {
    std::string_view name = line.function;
    name = name.substr(0, name.find('('));
    return name.substr(name.find_last_of(" :") + 1);
}

std::string_view colour_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "\033[1;34m";
        case LogLevel::verbose: return "\033[0;36m";
        case LogLevel::notice: return "\033[1;33m";
        case LogLevel::warning: return "\033[1;31m";
        case LogLevel::error: return "\033[1;31m";
        case LogLevel::security: return "\033[1;35m";
        case LogLevel::dtmf: return "\033[1;32m";
    }
    return "\033[1;37m";
}

// The marks by which administrators tell at a glance how deep a verbose line is.
std::string_view verbose_mark(int detail) {
    static constexpr std::array<std::string_view, 5> marks{" ", "  == ", "    -- ", "       > ", "          "};
    return marks[static_cast<std::size_t>(std::clamp(detail, 1, 5) - 1)];
}

void append_json(std::string& to, const LogLine& line, const LogStyle& style, LogDate& date) {
    std::string when;
    date.append(when, line.time);
    const auto out = std::back_inserter(to);
    to += '{';
    if (!style.host_name.empty()) fmt::format_to(out, R"("hostname":"{}",)", json_escape(style.host_name));
    fmt::format_to(out, R"("timestamp":"{}","identifiers":{{"lwp":{})", json_escape(when), line.thread);
    if (line.call && style.call_ids) fmt::format_to(out, R"(,"callid":"C-{:08x}")", line.call.value);
    fmt::format_to(out, R"(}},"logmsg":{{"location":{{"filename":"{}","function":"{}","line":{}}},)",
                   json_escape(file_name(line)), json_escape(function_name(line)), line.line);
    fmt::format_to(out, R"("level":"{}","message":"{}"}}}})", log_level_name(line.level), json_escape(line.text));
    to += '\n';
}

}  // namespace

LogDate::LogDate(std::string_view format) {
    pieces_.emplace_back();
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] == '%' && i + 1 < format.size()) {
            const bool digit = format[i + 1] >= '1' && format[i + 1] <= '9';
            if (format[i + 1] == 'q' || (digit && i + 2 < format.size() && format[i + 2] == 'q')) {
                pieces_.back().digits = digit ? format[i + 1] - '0' : 3;
                pieces_.emplace_back();
                i += digit ? 2 : 1;
                continue;
            }
            pieces_.back().format += format[i++];  // a %% must not lend its second sign to a q
        }
        pieces_.back().format += format[i];
    }
}

void LogDate::append(std::string& to, WallTime time) {
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    auto second = static_cast<std::time_t>(since / 1'000'000'000);
    if (second != second_) {
        std::tm local{};
        localtime_r(&second, &local);
        for (auto& piece : pieces_) {
            std::array<char, 128> text;
            const auto size =
                piece.format.empty() ? 0 : std::strftime(text.data(), text.size(), piece.format.c_str(), &local);
            piece.text.assign(text.data(), size);
        }
        second_ = second;
    }
    for (const auto& piece : pieces_) {
        to += piece.text;
        if (piece.digits > 0)
            to += fmt::format("{:09}", since % 1'000'000'000).substr(0, static_cast<std::size_t>(piece.digits));
    }
}

void append_visible(std::string& to, std::string_view text, std::string_view newline) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '\n')
            to += newline;
        else if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')
            continue;  // CR LF of a protocol dump is one line end
        else if ((c < 0x20 && c != '\t') || c == 0x7f)
            fmt::format_to(std::back_inserter(to), "\\x{:02x}", static_cast<unsigned>(c));
        else
            to += static_cast<char>(c);
    }
}

void append_log_line(std::string& to, const LogLine& line, const LogStyle& style, LogDate& date) {
    if (style.format == LogFormat::json) return append_json(to, line, style, date);
    const auto out = std::back_inserter(to);
    const bool verbose = line.level == LogLevel::verbose;
    if (!(style.console && verbose)) {
        to += '[';
        date.append(to, line.time);
        to += "] ";
        if (style.colours) to += colour_of(line.level);
        to += log_level_name(line.level);
        if (style.colours) to += "\033[0m";
        fmt::format_to(out, "[{}]", line.thread);
        if (line.call && style.call_ids) fmt::format_to(out, "[C-{:08x}]", line.call.value);
        if (style.console || style.format == LogFormat::plain)
            fmt::format_to(out, ": {}:{} {}: ", file_name(line), line.line, function_name(line));
        else
            fmt::format_to(out, " {}: ", file_name(line));
    }
    if (verbose) {
        if (style.console && style.colours) to += colour_of(line.level);
        to += verbose_mark(line.detail);
        if (style.console && style.colours) to += "\033[0m";
    }
    append_visible(to, line.text, "\n    ");
    to += '\n';
}

}  // namespace jackfield::detail
