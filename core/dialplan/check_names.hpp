// The part of `dialplan check` that looks at calls of applications and functions: are they there, do the arguments fit.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/dialplan/argument_limits.hpp"
#include "core/dialplan/check.hpp"

namespace jackfield {

// Holds the known names for one check. Pure; one thread.
class NameCheck {
  public:
    explicit NameCheck(const PlanCheckOptions& options);

    // Tells `found` what is wrong with one priority.
    using Finding = std::function<void(std::string text)>;
    void check(const Priority& priority, const Finding& found) const;

  private:
    using Limits = std::unordered_map<std::string, ArgumentLimits>;
    void check_application(std::string_view application, std::string_view arguments,
                           const Finding& found) const;
    void check_function(std::string_view name, std::string_view arguments, const Finding& found) const;
    void check_assigned(std::string_view application, std::string_view arguments, const Finding& found) const;

    std::vector<std::string> application_names_, function_names_;  // as registered, for guesses
    Limits applications_, functions_;                              // applications by name in lower case
};

}  // namespace jackfield
