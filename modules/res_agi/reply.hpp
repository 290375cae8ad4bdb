// What a command answers. Pure.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield::agi {

struct Reply {
    enum class Kind : unsigned char {
        done,
        failed,  // most often by hang-up; ResultCode -1 in AGIExecEnd
        usage,   // wrong arguments: the session tells the right ones
        leave,   // ASYNCAGI BREAK
    } kind = Kind::done;
    std::string text;  // whole lines
};

// "200 result=1" or "200 result=1 (value)". Line ends within `more` become blanks, so that no value can pretend to be a reply.
inline Reply result(std::string_view value, std::string_view more = {}, Reply::Kind kind = Reply::Kind::done) {
    std::string text = fmt::format("200 result={}{}{}", value, more.empty() ? "" : " ", more);
    for (char& c : text)
        if (c == '\n' || c == '\r' || c == '\0') c = ' ';
    return {kind, text + '\n'};
}
inline Reply result(long long value, std::string_view more = {}) { return result(fmt::to_string(value), more); }
inline Reply in_parentheses(std::string_view value) { return result("1", fmt::format("({})", value)); }
inline Reply failed(std::string_view more = {}) { return result("-1", more, Reply::Kind::failed); }
inline Reply usage() { return {Reply::Kind::usage, {}}; }
// A key as its ASCII number, or 0.
inline Reply key_pressed(char key, std::string_view more = {}) { return result(static_cast<long long>(key), more); }

// Hang-up is an answer; what takes the call away from the script is not.
inline bool takes_call_away(const Error& error) {
    return ends_application(error.code) && error.code != ErrorCode::hangup;
}

}  // namespace jackfield::agi
