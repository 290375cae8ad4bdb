// The registries of applications and functions.
#include "core/dialplan/application.hpp"

#include <map>
#include <mutex>

#include "core/dialplan/known_names.hpp"

namespace jackfield {
namespace {

// Names and syntax by themselves, for plans that are checked in the pool while modules come and go.
struct NameList {
    std::mutex mutex;
    std::multimap<std::string, std::string> names;

    std::vector<KnownName> copy() {
        const std::lock_guard lock(mutex);
        std::vector<KnownName> all;
        for (const auto& [name, syntax] : names) all.push_back({name, syntax});
        return all;
    }
    void add(const std::string& name, std::string_view syntax) {
        const std::lock_guard lock(mutex);
        names.emplace(name, syntax);
    }
    void remove(const std::string& name) {
        const std::lock_guard lock(mutex);
        if (const auto found = names.find(name); found != names.end()) names.erase(found);
    }
};
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
    auto registration = JF_TRY(registry.add(name, std::move(value), &module.gate()));
    names.add(name, syntax);
    return Registration([registration = std::move(registration), &names, name]() mutable {
        names.remove(name);
        registration = {};
    });
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
