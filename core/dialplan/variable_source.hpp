// Where ${...} gets its values from: a channel, a set of globals, or a test.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

// Implemented by whatever text is evaluated for. Called on the fiber that evaluates.
class VariableSource {
  public:
    virtual ~VariableSource() = default;

    // Value of a channel, built-in or global variable; nothing when it is not set. Does not wait.
    virtual std::optional<std::string> variable(std::string_view name) = 0;

    // Value of the dialplan function name(arguments), as read. Waits when the function does. An error that ends
    // applications (hangup, redirected, ...) stops the evaluation; any other one counts as an empty value.
    virtual Result<std::string> call_function(std::string_view name, std::string_view arguments) = 0;

    // Told of every mistake that evaluation goes on after: a syntax error, a function that failed, a value cut off.
    virtual void warn(std::string_view text);
};

}  // namespace jackfield
