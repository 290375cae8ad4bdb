// Result<T>: how a function reports failure; JF_TRY passes a failure on to the caller.
#pragma once

#include <fmt/core.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace jackfield {

// What kind of failure it was, for code that reacts to it. The text is for people.
enum class ErrorCode {
    failed,       // anything without a better word
    hangup,       // the channel waited for has ended; applications pass it on and unwind
    redirected,   // the channel was sent to another place of the dialplan; pass it on
    taken,        // custody of the channel went elsewhere; pass it on and touch nothing
    unloading,    // the module that the code belongs to is being unloaded; pass it on
    timeout,      // the time allowed has passed
    cancelled,    // the task group that the fiber belongs to was cancelled
    not_found,    // no such object, file, number
    invalid,      // malformed input or an argument out of its range
    busy,         // in use now; trying later may work
    refused,      // not allowed
    unsupported,  // valid, but nobody here can do it
    exists,       // there already
    closed,       // the other side or the object itself is gone
    limit,        // a configured limit was reached
};

// The word used in logs and by the CLI, e.g. "not found".
std::string_view to_string(ErrorCode code);

struct [[nodiscard]] Error {
    ErrorCode code = ErrorCode::failed;
    std::string text;  // one sentence: what was wrong, where, and what to do; may be empty for hangup and its like
};

template <class T = void>
using Result = std::expected<T, Error>;

// Makes the failure that a function returns: return fail(ErrorCode::not_found, "no context {}", name).
template <class... A>
std::unexpected<Error> fail(ErrorCode code, fmt::format_string<A...> format, A&&... arguments) {
    return std::unexpected(Error{code, fmt::format(format, std::forward<A>(arguments)...)});
}
inline std::unexpected<Error> fail(ErrorCode code) { return std::unexpected(Error{code, {}}); }

// True for the failures that end an application because its channel is no longer its own:
// hangup, redirected, taken, unloading, cancelled.
constexpr bool ends_application(ErrorCode code) {
    return code == ErrorCode::hangup || code == ErrorCode::redirected || code == ErrorCode::taken ||
           code == ErrorCode::unloading || code == ErrorCode::cancelled;
}

namespace detail {
template <class T>
T unwrap(Result<T>&& result) {
    return std::move(*result);
}
inline void unwrap(Result<void>&&) {}
}  // namespace detail

}  // namespace jackfield

// The value of a Result expression; on failure returns the error from the enclosing function.
// Not inside a braced initialiser: g++ 12 leaks what was built before it (tests/floors greps for that).
#define JF_TRY(...)                                                                        \
    ({                                                                                     \
        auto&& jf_result_ = (__VA_ARGS__);                                                 \
        if (!jf_result_) [[unlikely]]                                                      \
            return std::unexpected<::jackfield::Error>(std::move(jf_result_).error());     \
        ::jackfield::detail::unwrap(std::move(jf_result_));                                \
    })
