// A loadable module as its own code sees it: what it registers, provides and needs.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/module/registry.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

// One loaded module. Control thread only. Everything that it adds is undone, last first, when it unloads or when its
// load function fails.
class Module {
  public:
    explicit Module(std::string name);
    ~Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    const std::string& name() const { return gate_.name(); }
    Gate& gate() { return gate_; }

    // Registers anything that the core knows a register_in() overload for: an application, a function, a CLI command, a
    // codec, a channel driver, a file format, a configuration file, ... Errors: exists, invalid.
    template <class... A>
    Result<void> add(A&&... what) {
        auto registration = register_in(*this, std::forward<A>(what)...);
        if (!registration) return std::unexpected(std::move(registration).error());
        keep(std::move(*registration));
        return {};
    }
    void keep(Registration registration);

    // Keeps any object (a Timer, a Subscription, the module's own state) until unload, in order with the registrations.
    template <class T, class... A>
    T& own(A&&... arguments) {
        auto object = std::make_shared<T>(std::forward<A>(arguments)...);
        T& reference = *object;
        keep(Registration([object = std::move(object)]() mutable { object.reset(); }));
        return reference;
    }

    // Offers `service`, which the module owns, to other modules under Interface::service_name.
    template <class Interface>
    Result<void> provide(Interface& service) {
        return provide_raw(Interface::service_name, &service);
    }

    // Called on a fiber (may wait) by `module reload`, after the module's configuration files have been applied.
    void on_reload(std::move_only_function<Result<void>()> function);
    // Called on a fiber (may wait) before anything is undone at unload; an error keeps the module loaded. The gate is
    // closed already. It ends what keeps a pass for as long as the module lives (its own fibers). When calls are inside
    // the unload is refused after that too, and the functions of on_reload run, which start again what this ended.
    void on_unload(std::move_only_function<Result<void>()> function);

    Result<void> reload();  // runs on_reload's functions in order

  private:
    friend class ModuleLoader;
    Result<void> provide_raw(std::string_view name, void* service);
    Result<void> prepare_unload();  // runs on_unload's functions in order
    void undo();                    // undoes everything that was added, last first
    Gate gate_;
    std::vector<Registration> registrations_;
    std::vector<std::move_only_function<Result<void>()>> reloads_, unloads_;
};

// Another module's service. While it is held, that module counts as in use; do not keep one for ever unless your module
// names the other one in its `needs`.
template <class Interface>
class Service {
  public:
    Interface* operator->() const { return service_; }
    Interface& operator*() const { return *service_; }
    Service(Interface& service, Gate::Pass pass) : service_(&service), pass_(std::move(pass)) {}

  private:
    Interface* service_;
    Gate::Pass pass_;
};
namespace detail {
struct FoundService {
    void* service;
    Gate::Pass pass;
};
Result<FoundService> find_service(std::string_view name);
}  // namespace detail
// Errors: not_found (no loaded module provides it), unloading.
template <class Interface>
Result<Service<Interface>> find_service() {
    auto found = JF_TRY(detail::find_service(Interface::service_name));
    return Service<Interface>(*static_cast<Interface*>(found.service), std::move(found.pass));
}

namespace detail {
// `add` takes the service's raw pointer.
Result<Registration> offer_to(std::string_view service, Gate* gate, std::function<Result<Registration>(void*)> add);
}  // namespace detail
// What `module` adds to another one's service for as long as both are there, whichever loads first: `add` runs now when the
// service is offered, else when it comes, and again when it comes back; what it returns is dropped before the service goes. Never
// waits. Errors: those of `add`, when it runs now; later ones are logged.
template <class Interface, class F>
Result<Registration> offer_to(Module& module, F add) {
    return detail::offer_to(Interface::service_name, &module.gate(), [add = std::move(add)](void* service) -> Result<Registration> {
        return add(*static_cast<Interface*>(service));
    });
}

// What a module's shared object exports; made by JACKFIELD_MODULE.
struct ModuleDescriptor {
    const char* name;
    const char* description;
    Result<void> (*load)(Module&);  // on a fiber; may wait
    const char* const* needs;       // names of modules to be loaded first; ends with null
    const char* file;               // main source file, from the project's root: `core set debug 3 app_echo` names it
};

// SDK version, compiler and layout options. It stands in the section .jackfield_abi of each module, where the loader
// reads it before it runs any code of the module.
#ifndef JACKFIELD_ABI_SUFFIX
#define JACKFIELD_ABI_SUFFIX ""
#endif
#define JF_STRING_(x) #x
#define JF_STRING(x) JF_STRING_(x)
#if defined(__SANITIZE_ADDRESS__)
#define JF_ABI_SANITIZER "+asan"
#elif defined(__SANITIZE_THREAD__)
#define JF_ABI_SANITIZER "+tsan"
#else
#define JF_ABI_SANITIZER ""
#endif
#define JACKFIELD_ABI_TAG \
    "jackfield-1/gcc-abi-" JF_STRING(__GXX_ABI_VERSION) "/cxx-" JF_STRING(_GLIBCXX_USE_CXX11_ABI) JF_ABI_SANITIZER \
        JACKFIELD_ABI_SUFFIX

}  // namespace jackfield

// JACKFIELD_MODULE("app_echo", "Echo application", load) or, with modules that must be loaded first,
// JACKFIELD_MODULE("chan_sip", "SIP channel driver", load, "res_rtp").
#define JACKFIELD_MODULE(name, description, load, ...)                                                            \
    extern "C" {                                                                                                   \
    extern const char jackfield_abi_tag[];                                                                         \
    __attribute__((section(".jackfield_abi"), used)) const char jackfield_abi_tag[] = JACKFIELD_ABI_TAG;           \
    static const char* const jackfield_module_needs[] = {__VA_ARGS__ __VA_OPT__(,) nullptr};                       \
    __attribute__((visibility("default"))) extern const ::jackfield::ModuleDescriptor jackfield_module_descriptor; \
    const ::jackfield::ModuleDescriptor jackfield_module_descriptor{name, description, load,                       \
                                                                    jackfield_module_needs, __FILE__};             \
    }
