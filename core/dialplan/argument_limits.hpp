// How many arguments an application or function takes, read from the syntax in its documentation.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace jackfield {

struct ArgumentLimits {
    static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
    std::size_t least = 0, most = unlimited;
    bool condition = false;  // "condition?yes[:no]": a question mark has to be there
};

// "Dial(Technology/Resource[&...][,timeout[,options]])" takes one to three. What may hold commas itself (a last argument
// called text, message, command, value and the like; name=value; what follows a condition) has no limit. Pure.
ArgumentLimits argument_limits(std::string_view syntax);

}  // namespace jackfield
