// The dialplan in force, and what connects it with channels and bridges.
#include "core/dialplan/dialplan_store.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/bridge/bridge.hpp"
#include "core/bridge/features.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/channel_events.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/check.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/hints.hpp"
#include "core/dialplan/known_names.hpp"
#include "core/dialplan/loader.hpp"
#include "core/dialplan/walk.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield {
namespace {

constexpr std::string_view default_registrar = PlanLoadOptions{}.registrar;  // before a module reads the file

// A plan and how many changes had been made when it came into force.
struct Version {
    std::shared_ptr<const Dialplan> plan;
    std::uint64_t changes = 0;
};
struct Store {
    std::atomic<std::shared_ptr<const Version>> current{std::make_shared<Version>(Version{std::make_shared<Dialplan>()})};
    std::atomic<bool> loaded{false};  // extensions.conf has been in force: every module is there by now
    // Changes made while reloads are being prepared, which those do not know; control thread.
    struct Made {
        std::uint64_t number;
        DialplanChange change;
        Gate::Pass pass;  // of the module whose code the change is
    };
    std::vector<Made> journal;
    std::atomic<int> preparing{0};
    std::atomic<Name> registrar{Name(default_registrar)};
    std::vector<Subscription> subscriptions;
    // What reading the file in force has told; control thread.
    std::shared_ptr<const Diagnostics> findings = std::make_shared<Diagnostics>();
    // While files are only checked. The pool's threads read them.
    std::mutex checked_mutex;
    std::shared_ptr<const Dialplan> checked;
    std::map<std::string, DialplanChange> checked_parts;
};
Store& store() {
    static Store instance;
    return instance;
}

// The same plan under a reference count whose end is the pool's business: freeing 100,000 extensions takes 20 ms.
std::shared_ptr<const Dialplan> freed_in_pool(std::shared_ptr<const Dialplan> plan) {
    const Dialplan* address = plan.get();
    return {address, [plan = std::move(plan)](const Dialplan*) mutable {
                const RunningGate core(nullptr);  // whose module let go last does not matter: a plan has no code of modules
                dispose(std::move(plan));
            }};
}

void put_into_force(std::shared_ptr<const Dialplan> plan, std::uint64_t changes) {
    plan = freed_in_pool(std::move(plan));
    store().current.store(std::make_shared<const Version>(Version{plan, changes}));
    publish(DialplanChanged{plan});
}

// While a reload is prepared, changes are kept in the journal.
class Preparing {
  public:
    Preparing() { ++store().preparing; }
    ~Preparing() { --store().preparing; }
    Preparing(const Preparing&) = delete;
    Preparing& operator=(const Preparing&) = delete;
};

void check_against_names(const Dialplan& plan, Diagnostics& findings) {
    const auto applications = known_applications();
    const auto functions = known_functions();
    const auto switches = known_switches();
    check_dialplan(plan, {.applications = applications, .functions = functions, .switches = switches}, findings);
}

// For [globals] and names of extensions: what is the same for the whole life of the daemon.
class ConstantSource final : public VariableSource {
  public:
    std::optional<std::string> variable(std::string_view name) override { return constant_variable(name); }
    Result<std::string> call_function(std::string_view name, std::string_view) override {
        return fail(ErrorCode::unsupported, "{}() is not available while the dialplan is read", name);
    }
};

void set_globals(const Dialplan& plan) {
    if (plan.settings().clear_globals) {
        std::vector<std::string> names;
        for (const auto& entry : global_variables().all()) names.push_back(entry.name);
        for (const std::string& name : names) global_variables().erase(name);
    }
    for (const auto& [name, value] : plan.globals()) set_global_variable(name, value);
}

// What a reload prepared, with the changes that came while it did.
void apply_reload(std::shared_ptr<const Dialplan> plan, std::uint64_t base) {
    const auto present = store().current.load();
    if (present->changes != base) {
        DialplanBuilder builder(std::move(plan));
        for (const auto& [number, change, pass] : store().journal)
            if (number > base)
                if (auto made = change(builder); !made)
                    log_notice("A change of the dialplan made during its reload is lost: {}", made.error().text);
        plan = builder.build();
    }
    set_globals(*plan);
    log_verbose(1, "The dialplan has {} contexts", plan->context_count());
    put_into_force(std::move(plan), present->changes);
}

ConfigApply prepare(const ConfigFile& file, Diagnostics& findings) {
    auto preparing = std::make_shared<Preparing>();
    const auto base = store().current.load();
    ConstantSource constants;
    Diagnostics own;
    auto plan = reload_dialplan(file, base->plan, own, {.outer = &constants, .registrar = file_registrar().text()});
    findings.append(own);
    if (!plan) return {};
    auto told = std::make_shared<const Diagnostics>(std::move(own));
    if (checking_configuration()) {
        const std::scoped_lock lock(store().checked_mutex);
        store().checked = plan;
    } else if (store().loaded) {
        check_against_names(*plan, findings);
    }
    return [preparing = std::move(preparing), plan = std::move(plan), changes = base->changes, told = std::move(told)] {
        apply_reload(plan, changes);
        store().findings = told;
        store().loaded = true;
    };
}

ExtensionMatch match_for_transfer(Channel& channel, std::string_view context, std::string_view extension) {
    switch (match_extension(channel, context, extension)) {
        case MatchKind::partial: return ExtensionMatch::partial;
        case MatchKind::exact: return ExtensionMatch::exact;
        case MatchKind::exact_and_longer: return ExtensionMatch::exact_and_longer;
        default: return ExtensionMatch::none;
    }
}

void start_or_log(Custody custody) {
    const std::string name = custody.holds() ? custody->name() : std::string();
    if (auto started = start_dialplan(std::move(custody)); !started)
        log_warning("{} can't go on in the dialplan: {}", name, started.error().text);
}

Result<void> run_feature_application(Channel& channel, const std::string& application, const std::string& arguments) {
    const std::string text = JF_TRY(substitute(&channel, arguments));
    return run_application(channel, application, text);
}

// Channels that never were in the dialplan (dialled ones) may have hang-up handlers too, and so may one whose fiber was
// killed. The executor's own have run by now.
void run_left_handlers(Channel& channel) {
    if (channel.hangup_handlers().empty()) return;
    const RunningGate core(nullptr);
    auto started = spawn({.name = channel.name() + " handlers", .call_id = channel.call_id()}, [kept = channel.share()] {
        call_state(*kept).after_hangup = true;
        run_hangup_handlers(*kept);
    });
    if (!started) log_warning("Hang-up handlers of {} can't run: {}", channel.name(), started.error().text);
}

}  // namespace

std::shared_ptr<const Dialplan> current_dialplan() { return store().current.load()->plan; }

Result<void> change_dialplan(DialplanChange change) {
    const auto present = store().current.load();
    DialplanBuilder builder(present->plan);
    JF_TRY(change(builder));
    const std::uint64_t number = present->changes + 1;
    if (store().preparing > 0)
        store().journal.push_back({number, std::move(change), running_gate() ? running_gate()->hold() : Gate::Pass()});
    else
        store().journal.clear();
    put_into_force(builder.build(), number);
    return {};
}

Name file_registrar() { return store().registrar.load(); }

ConfigFileSpec extensions_file(std::string registrar) {
    store().registrar = Name(registrar);
    ConfigFileSpec spec;
    spec.file = "extensions.conf";
    spec.prepare = prepare;
    return spec;
}

void remove_extensions_file() {
    (void)change_dialplan([](DialplanBuilder& builder) -> Result<void> {
        builder.remove_registrar(file_registrar());
        return {};
    });
}

Result<Diagnostics> check_current_dialplan() {
    const auto plan = current_dialplan();
    const auto told = store().findings;
    return offload([&]() -> Diagnostics {
        Diagnostics findings = *told;
        check_against_names(*plan, findings);
        return findings;
    });
}

void add_to_checked_dialplan(std::string registrar, DialplanChange change) {
    const std::scoped_lock lock(store().checked_mutex);
    store().checked_parts.insert_or_assign(std::move(registrar), std::move(change));
}

Result<Diagnostics> check_checked_dialplan() {
    std::shared_ptr<const Dialplan> plan;
    std::map<std::string, DialplanChange> parts;
    {
        const std::scoped_lock lock(store().checked_mutex);
        plan = std::exchange(store().checked, nullptr);
        parts = std::exchange(store().checked_parts, {});
    }
    return offload([&]() -> Diagnostics {
        Diagnostics findings;
        DialplanBuilder builder(plan ? plan : std::make_shared<Dialplan>());
        for (const auto& [registrar, change] : parts)
            if (const auto made = change(builder); !made) findings.error({&registrar, 0}, "{}", made.error().text);
        check_against_names(*builder.build(), findings);
        return findings;
    });
}

void initialise_dialplan() {
    Channel::set_dialplan_starter(start_or_log);
    set_feature_application_runner(run_feature_application);
    set_extension_matcher(match_for_transfer);
    auto& subscriptions = store().subscriptions;
    subscriptions.clear();
    subscriptions.push_back(
        subscribe<ChannelHungUp>([](const ChannelHungUp& event) { run_left_handlers(event.channel); }));
    start_hints();
}

void end_dialplan() {
    end_hints();
    store().subscriptions.clear();
    store().journal.clear();
    store().loaded = false;
    store().registrar = Name(default_registrar);
    store().current.store(std::make_shared<const Version>(Version{std::make_shared<Dialplan>()}));
    global_variables().clear();
    set_extension_matcher(nullptr);
    set_feature_application_runner(nullptr);
    Channel::set_dialplan_starter(nullptr);
}

}  // namespace jackfield
