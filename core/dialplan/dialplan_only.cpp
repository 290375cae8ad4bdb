// Functions that only the dialplan may use.
#include "core/dialplan/dialplan_only.hpp"

#include "core/runtime/outside_scope.hpp"

namespace jackfield {
namespace {

Registry<FunctionUse>& uses() {
    static Registry<FunctionUse> registry;
    return registry;
}

}  // namespace

Result<Registration> register_in(Module& module, const DialplanOnly& what) {
    return uses().add(what.function, what.use, &module.gate());
}

Result<void> may_use(const RegisteredFunction& function, FunctionUse use) {
    if (!acts_for_outside()) return {};
    const auto* only = uses().find(function.info.name);
    const bool forbidden = function.info.dangerous || (only && *only && *only->value == use);
    if (!forbidden) return {};
    return fail(ErrorCode::refused, "{} may be {} by the dialplan only (see live_dangerously in jackfield.conf)", function.info.name.text,
                function.info.dangerous ? "used" : use == FunctionUse::read ? "read" : "set");
}

}  // namespace jackfield
