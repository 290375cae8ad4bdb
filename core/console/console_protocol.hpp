// What console and daemon say to each other over the control socket: frames of kind, length and text. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

// A frame is 4 bytes of length (network order, of the text), 1 byte of kind, the text.
enum class FrameKind : char {
    // console to daemon
    command = 'C',     // a command line
    complete = 'T',    // a line to complete
    log_on = 'L',      // sends log lines from now on; text: levels (empty: those of logger.conf's console)
    verbosity = 'V',   // this console's own verbose level, a number
    mute = 'M',        // "1": no log lines for now
    terminal = 'W',    // "<width> <colours 0|1>"
    // daemon to console
    hello = 'H',       // "<protocol> <pid>\n<version>\n<host name>\n<system name>\n<verbose level>"
    output = 'O',      // part of a command's answer
    done = 'D',        // the command has ended; "0" or "1"
    completions = 'X', // one a line
    log_line = 'G',    // one or more lines
};

constexpr int console_protocol_version = 1;
constexpr std::size_t largest_frame = 1024 * 1024;

std::string make_frame(FrameKind kind, std::string_view text);

struct ConsoleFrame {
    FrameKind kind;
    std::string text;
};
// Puts frames together from what was read.
class FrameReader {
  public:
    void feed(std::string_view bytes) { buffer_ += bytes; }
    // The next whole frame, or nothing yet. Errors: invalid (longer than largest_frame: end the connection).
    Result<std::optional<ConsoleFrame>> next();

  private:
    std::string buffer_;
    std::size_t used_ = 0;
};

}  // namespace jackfield
