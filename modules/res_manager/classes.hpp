// Names of the privilege classes.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::manager {

// "call,reporting,all" as the Privilege line of events has it; "<none>" for no class.
std::string class_names(ManagerClasses classes);
// "system,call" or "all"; numbers are taken as bits. Errors: invalid with the nearest name.
Result<ManagerClasses> parse_classes(std::string_view text);
// As an Events or Login request names them: also on, off, yes, no, true, false and numbers. Errors: invalid.
Result<ManagerClasses> parse_event_mask(std::string_view text);

}  // namespace jackfield::manager
