// Functions that only the dialplan may use, and who else asks for them.
#pragma once

#include "core/base/result.hpp"
#include "core/dialplan/application.hpp"

namespace jackfield {

enum class FunctionUse : unsigned char { read, write };

// One use of a function that is for the dialplan only while its other use is harmless; FunctionInfo::dangerous means both.
struct DialplanOnly {
    Text function;
    FunctionUse use;
};
Result<Registration> register_in(Module& module, const DialplanOnly& what);

// Whether the running fiber may use the function: always, but for somebody outside of the dialplan (OutsideScope).
// Control thread; never waits. Errors: refused.
Result<void> may_use(const RegisteredFunction& function, FunctionUse use);

}  // namespace jackfield
