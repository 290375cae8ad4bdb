// Configuration files of modules.
#include "core/module/module_config.hpp"

#include "core/base/strings.hpp"
#include "core/module/config_edit.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield {
namespace {

struct CurrentManager {
    ConfigManager* manager = nullptr;
    bool only_check = false;
};
CurrentManager& current() {
    static CurrentManager instance;
    return instance;
}

// In the pool when there is a fiber to wait on; at start and in tests at once.
void prepare(ConfigTransaction& transaction) {
    if (!on_fiber()) return transaction.prepare();
    if (const auto done = offload([&] { transaction.prepare(); }); !done) transaction.prepare();
}

Result<void> run(const std::vector<std::string>& names) {
    const auto turn = JF_TRY(detail::ConfigTurn::take());
    ConfigTransaction transaction = current().manager->begin(names);
    prepare(transaction);
    transaction.findings().log();
    JF_TRY(transaction.findings().to_result());
    current().manager->commit(std::move(transaction));
    return {};
}

Result<ConfigRegistration> declare(Module& module, ConfigFileSpec spec) {
    ConfigManager* manager = current().manager;
    if (!manager) return fail(ErrorCode::invalid, "{} is declared before the configuration is there", spec.file);
    Gate* gate = &module.gate();
    ConfigUser user;
    user.module = module.name();
    user.file = std::move(spec.file);
    user.alternatives = std::move(spec.alternatives);
    user.required = spec.required;
    user.prepare = [gate, prepare = std::move(spec.prepare)](const ConfigFile& file, Diagnostics& findings) {
        const RunningGate running(gate);
        ConfigApply apply = prepare(file, findings);
        if (!apply) return apply;
        return ConfigApply([gate, apply = std::move(apply)]() mutable {
            const RunningGate applying(gate);
            apply();
        });
    };
    return manager->add(std::move(user));
}

}  // namespace

void set_config_manager(ConfigManager* manager, bool only_check) { current() = {manager, only_check}; }

ConfigManager* config_manager() { return current().manager; }

bool checking_configuration() { return current().only_check; }

Result<Registration> register_in(Module& module, ConfigFileSpec spec) {
    const std::string file = spec.file;
    ConfigRegistration registration = JF_TRY(declare(module, std::move(spec)));
    if (!current().only_check) JF_TRY(run({file}));
    return Registration([registration = std::move(registration)]() mutable { registration = {}; });
}

Result<void> declare_file(Module& part, ConfigFileSpec spec) {
    const std::string file = spec.file;
    ConfigRegistration registration = JF_TRY(declare(part, std::move(spec)));
    part.keep(Registration([registration = std::move(registration)]() mutable { registration = {}; }));
    // An error has been logged with file and line.
    if (!current().only_check) (void)run({file});
    return {};
}

Result<void> reload_configuration(const std::vector<std::string>& names) {
    if (!current().manager) return {};
    JF_TRY(run(names));
    record_configuration({}, names.empty() ? std::string("reload") : "reload " + join(names, " "));
    return {};
}

Diagnostics check_configuration() {
    if (!current().manager) return {};
    ConfigTransaction transaction = current().manager->begin({}, true);
    prepare(transaction);
    return transaction.findings();
}

}  // namespace jackfield
