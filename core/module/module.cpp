// What one loaded module owns, and the services that modules offer to each other.
#include "core/module/module.hpp"

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
    return {};
}

namespace detail {

Result<FoundService> find_service(std::string_view name) {
    auto* slot = services().find(name);
    if (!slot) return fail(ErrorCode::not_found, "no loaded module offers the service '{}'", name);
    auto pass = JF_TRY(slot->enter());
    return FoundService{slot->value->service, std::move(pass)};
}

}  // namespace detail
}  // namespace jackfield
