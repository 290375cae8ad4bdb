// What one loaded module owns, and the services that modules offer to each other.
#include "core/module/module.hpp"

#include <list>

#include "core/base/log.hpp"

namespace jackfield {
namespace {

struct OfferedService {
    void* service;
};

Registry<OfferedService>& services() {
    static Registry<OfferedService> registry;
    return registry;
}

// What one module adds to a service when it is there.
struct Addition {
    std::string service;
    Gate* gate;  // of the module that adds
    std::function<Result<Registration>(void*)> add;
    Registration added;

    Result<void> apply(void* to) {
        const RunningGate in(gate);
        added = JF_TRY(add(to));
        return {};
    }
};

std::list<Addition>& additions() {  // a list: they stay where they are while others come and go
    static std::list<Addition> all;
    return all;
}

void service_came(std::string_view name, void* service) {
    for (Addition& each : additions()) {
        if (!equals_ignoring_case(each.service, name)) continue;
        if (auto applied = each.apply(service); !applied)
            log_error("{} can't use the service '{}': {}", each.gate->name(), name, applied.error().text);
    }
}

void service_goes(std::string_view name) {
    for (Addition& each : additions())
        if (equals_ignoring_case(each.service, name)) each.added = {};
}

}  // namespace

Module::Module(std::string name) : gate_(std::move(name)) {}

Module::~Module() { undo(); }

void Module::undo() {
    const RunningGate running(&gate_);
    // Later ones may use earlier ones, so the last goes first; one at a time, since undoing may add or look up.
    while (!registrations_.empty()) {
        Registration last = std::move(registrations_.back());
        registrations_.pop_back();
    }
    reloads_.clear();
    unloads_.clear();
}

void Module::keep(Registration registration) { registrations_.push_back(std::move(registration)); }

void Module::on_reload(std::move_only_function<Result<void>()> function) { reloads_.push_back(std::move(function)); }

void Module::on_unload(std::move_only_function<Result<void>()> function) { unloads_.push_back(std::move(function)); }

Result<void> Module::reload() {
    const RunningGate running(&gate_);
    // By index: a function may add another one while it runs.
    for (std::size_t i = 0; i < reloads_.size(); ++i) JF_TRY(reloads_[i]());
    return {};
}

Result<void> Module::prepare_unload() {
    const RunningGate running(&gate_);
    for (std::size_t i = 0; i < unloads_.size(); ++i) JF_TRY(unloads_[i]());
    return {};
}

Result<void> Module::provide_raw(std::string_view name, void* service) {
    keep(JF_TRY(services().add(name, OfferedService{service}, &gate_)));
    keep(Registration([name = std::string(name)] { service_goes(name); }));
    service_came(name, service);
    return {};
}

namespace detail {

Result<FoundService> find_service(std::string_view name) {
    auto* slot = services().find(name);
    if (!slot) return fail(ErrorCode::not_found, "no loaded module offers the service '{}'", name);
    auto pass = JF_TRY(slot->enter());
    return FoundService{slot->value->service, std::move(pass)};
}

Result<Registration> offer_to(std::string_view service, Gate* gate, std::function<Result<Registration>(void*)> add) {
    auto& all = additions();
    const auto place = all.insert(all.end(), {std::string(service), gate, std::move(add), {}});
    Registration offer([place] { additions().erase(place); });
    if (const auto* slot = services().find(service); slot && slot->value) JF_TRY(place->apply(slot->value->service));
    return offer;
}

}  // namespace detail
}  // namespace jackfield
