// The registries of applications and functions.
#include "core/dialplan/application.hpp"

#include "core/dialplan/known_names.hpp"
#include "core/dialplan/name_list.hpp"

namespace jackfield {
namespace {

NameList& application_names() {
    static NameList list;
    return list;
}
NameList& function_names() {
    static NameList list;
    return list;
}

template <class T>
Result<Registration> add(Registry<T>& registry, NameList& names, Module& module, T value) {
    const std::string name(value.info.name), syntax(value.info.syntax);
    return names.with(JF_TRY(registry.add(name, std::move(value), &module.gate())), name, syntax);
}

}  // namespace

std::vector<KnownName> known_applications() { return application_names().copy(); }
std::vector<KnownName> known_functions() { return function_names().copy(); }

Registry<RegisteredApplication>& applications() {
    static Registry<RegisteredApplication> registry;
    return registry;
}

Registry<RegisteredFunction>& functions() {
    static Registry<RegisteredFunction> registry;
    return registry;
}

Result<Registration> register_in(Module& module, const ApplicationInfo& info, ApplicationFunction function) {
    if (!function) return fail(ErrorCode::invalid, "application {} has no function", info.name.text);
    return add(applications(), application_names(), module,
               RegisteredApplication{info, std::move(function), module.name()});
}

Result<Registration> register_in(Module& module, const FunctionInfo& info, FunctionBody body) {
    if (!body.read && !body.write)
        return fail(ErrorCode::invalid, "function {} can be neither read nor set", info.name.text);
    return add(functions(), function_names(), module, RegisteredFunction{info, std::move(body), module.name()});
}

}  // namespace jackfield
