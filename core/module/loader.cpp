// The module loader: finds, checks, maps, loads, unloads and reloads modules.
#include "core/module/loader.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "core/base/log.hpp"
#include "core/base/log_sink.hpp"
#include "core/base/strings.hpp"
#include "core/module/abi_tag.hpp"
#include "core/module/module_config.hpp"
#include "core/module/module_events.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view suffix = ".so";
// How long the code of an unloaded module may still be in use (a port that a media thread lets go of) before it is left
// in memory for ever.
constexpr auto settle_time = 2000ms;

ModuleLoader* the_loader = nullptr;

// "chan_sip.so" and "chan_sip" are the same module.
std::string_view bare_name(std::string_view name) {
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

bool well_formed(std::string_view name) {
    return !name.empty() && name.find('/') == std::string_view::npos && name != "." && name != "..";
}

struct LoadedModule {
    std::string name, description;
    void* handle = nullptr;
    std::vector<std::string> needs;
    std::unique_ptr<Module> module;
    bool running = false;  // false while its load function runs
};

// Waits until nobody is inside the gate, at most `grace`.
bool wait_until_empty(const Gate& gate, std::chrono::milliseconds grace) {
    const Instant end = Clock::now() + grace;
    while (gate.inside() != 0) {
        if (Clock::now() >= end) return false;
        if (!sleep_for(5ms)) return gate.inside() == 0;
    }
    return true;
}

}  // namespace

struct ModuleLoader::Private {
    std::string directory;
    std::vector<std::unique_ptr<LoadedModule>> modules;  // in order of loading
    std::unordered_set<std::string> excluded;            // modules.conf's noload
    std::function<Result<void>()> barrier;
    Queue<int> turn{1};  // holds one token: who has it may change what is loaded

    LoadedModule* find(std::string_view name) {
        const auto found = std::ranges::find(modules, name, [](const auto& module) { return module->name; });
        return found == modules.end() ? nullptr : found->get();
    }
    std::vector<std::string> dependents(std::string_view name) const {
        std::vector<std::string> names;
        for (const auto& module : modules)
            if (std::ranges::find(module->needs, name) != module->needs.end()) names.push_back(module->name);
        return names;
    }
    std::string path(std::string_view name) const { return fmt::format("{}/{}{}", directory, name, suffix); }

    Result<void> load(std::string_view name, std::vector<std::string>& chain);  // and tells how it ended
    Result<void> load_alone(std::string_view name, std::vector<std::string>& chain);
    Result<void> load_needs(LoadedModule& module, std::vector<std::string>& chain);
    Result<void> empty(LoadedModule& module, std::chrono::milliseconds grace);
    std::unique_ptr<LoadedModule> take_out(LoadedModule& module);
    void unmap(std::vector<std::unique_ptr<LoadedModule>> gone);
};

namespace {

// The right to change what is loaded; strictly one holder.
class Turn {
  public:
    static Result<Turn> take(Queue<int>& tokens) {
        JF_TRY(tokens.pop());
        return Turn(tokens);
    }
    Turn(Turn&& other) noexcept : tokens_(std::exchange(other.tokens_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
        if (tokens_) tokens_->push(0);
    }

  private:
    explicit Turn(Queue<int>& tokens) : tokens_(&tokens) {}
    Queue<int>* tokens_;
};

// A part of the core that reads a file of its own.
bool is_configured_part(std::string_view name) {
    if (!config_manager()) return false;
    const auto users = config_manager()->users();
    return std::ranges::any_of(users, [&](const auto& user) { return user.first == name || user.second == name; });
}

struct MappedFile {
    void* handle = nullptr;
    const ModuleDescriptor* descriptor = nullptr;
};

// Checks the tag, then maps the file and finds its descriptor. Blocks.
Result<MappedFile> map_file_now(const std::string& path) {
    const std::string tag = JF_TRY(read_abi_tag(path));
    if (tag != own_abi_tag())
        return fail(ErrorCode::refused, "{} was built for ABI '{}', this daemon has ABI '{}'; build it anew", path, tag,
                    own_abi_tag());
    MappedFile file;
    file.handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!file.handle) return fail(ErrorCode::failed, "{}", ::dlerror());
    file.descriptor = static_cast<const ModuleDescriptor*>(::dlsym(file.handle, "jackfield_module_descriptor"));
    if (!file.descriptor) {
        ::dlclose(file.handle);
        return fail(ErrorCode::refused, "{} has an ABI tag but no JACKFIELD_MODULE", path);
    }
    return file;
}

// In the pool: reading and relocating a large file takes milliseconds.
Result<MappedFile> map_file(const std::string& path) {
    return offload([&] { return map_file_now(path); });
}

Result<void> call_load(const ModuleDescriptor& descriptor, Module& module) {
    const RunningGate running(&module.gate());
    const auto pass = module.gate().hold();
    try {
        return descriptor.load(module);
    } catch (const std::exception& exception) {
        return fail(ErrorCode::failed, "its load function threw an exception: {}", exception.what());
    }
}

// "3 calls"
std::string count_of_calls(std::uint64_t count) { return fmt::format("{} call{}", count, count == 1 ? "" : "s"); }

}  // namespace

// Modules that must be there first. `chain` names who waits for whom, to find circles.
Result<void> ModuleLoader::Private::load_needs(LoadedModule& module, std::vector<std::string>& chain) {
    for (const std::string& needed : module.needs) {
        if (std::ranges::find(chain, needed) != chain.end())
            return fail(ErrorCode::invalid, "modules need each other in a circle: {} -> {}", join(chain, " -> "),
                        needed);
        if (const LoadedModule* there = find(needed); there && there->running) continue;
        if (excluded.contains(needed))
            return fail(ErrorCode::refused, "{} needs {}, which modules.conf excludes by noload", module.name, needed);
        if (auto loaded = load(needed, chain); !loaded)
            return fail(loaded.error().code, "{} needs {}: {}", module.name, needed, loaded.error().text);
    }
    return {};
}

Result<void> ModuleLoader::Private::load(std::string_view name, std::vector<std::string>& chain) {
    auto done = load_alone(name, chain);
    publish(ModuleLoaded{name, done ? "Success" : done.error().code == ErrorCode::exists ? "Already" : "Failure"});
    return done;
}

Result<void> ModuleLoader::Private::load_alone(std::string_view name, std::vector<std::string>& chain) {
    if (!well_formed(name)) return fail(ErrorCode::invalid, "'{}' is no module name", name);
    if (find(name)) return fail(ErrorCode::exists, "module {} is already loaded", name);
    const MappedFile file = JF_TRY(map_file(path(name)));

    modules.push_back(std::make_unique<LoadedModule>());
    LoadedModule& module = *modules.back();
    module.name = name;
    module.handle = file.handle;
    module.description = file.descriptor->description;
    for (const char* const* needed = file.descriptor->needs; *needed; ++needed)
        module.needs.emplace_back(bare_name(*needed));
    module.module = std::make_unique<Module>(std::string(name));
    name_log_module(name, file.descriptor->file);

    Result<void> done;
    if (file.descriptor->name != name)
        done = fail(ErrorCode::refused, "{} holds a module named {}; file and module must have one name", path(name),
                    file.descriptor->name);
    if (done) {
        chain.emplace_back(name);
        done = load_needs(module, chain);
        chain.pop_back();
    }
    if (done) {
        // What it needs was loaded after it was mapped, but belongs before it in the order of unloading.
        const auto place = std::ranges::find(modules, &module, [](const auto& each) { return each.get(); });
        std::rotate(place, place + 1, modules.end());
        done = call_load(*file.descriptor, *module.module);
    }
    if (!done) {
        std::vector<std::unique_ptr<LoadedModule>> gone;
        gone.push_back(take_out(module));
        unmap(std::move(gone));
        return done;
    }
    module.running = true;
    log_verbose(2, "Loaded {} => ({})", module.name, module.description);
    return {};
}

// Undoes what the module registered and takes it off the list. Its code is still there.
std::unique_ptr<LoadedModule> ModuleLoader::Private::take_out(LoadedModule& module) {
    const Shield shield;  // half an unload would leave registrations of code that is gone
    module.module->gate().close();
    module.module->undo();
    const auto place = std::ranges::find(modules, &module, [](const auto& each) { return each.get(); });
    std::unique_ptr<LoadedModule> taken = std::move(*place);
    modules.erase(place);
    return taken;
}

// Unmaps the code of modules that were taken out, as soon as nobody can be inside it; all of them at the price of one.
void ModuleLoader::Private::unmap(std::vector<std::unique_ptr<LoadedModule>> gone) {
    const Shield shield;
    if (barrier)
        if (auto passed = barrier(); !passed)
            log_warning("Waiting for the media threads at an unload failed: {}", passed.error().text);
    // Callbacks that were queued for this turn run before the code goes.
    for (int turn = 0; turn < 2; ++turn) (void)yield();
    std::vector<void*> handles;
    for (auto& module : gone) {
        if (Gate& gate = module->module->gate(); !wait_until_empty(gate, settle_time)) {
            log_error("Module {} left {} uses of its code behind; its file stays in memory", module->name,
                      gate.inside());
            // They hold a pointer to its gate as well.
            (void)module->module.release();
            continue;
        }
        module->module.reset();
        handles.push_back(module->handle);
    }
    // Lines in the log's queue name source files by pointers into the modules.
    (void)offload([&] {
        flush_log();
        for (void* handle : handles) ::dlclose(handle);
    });
}

// Closes the module's gate and waits for it to empty; on failure the module works on.
Result<void> ModuleLoader::Private::empty(LoadedModule& module, std::chrono::milliseconds grace) {
    if (const auto users = dependents(module.name); !users.empty())
        return fail(ErrorCode::busy, "module {} is needed by {}", module.name, join(users, ", "));
    Gate& gate = module.module->gate();
    gate.close();
    if (auto willing = module.module->prepare_unload(); !willing) {
        gate.open();
        return willing;
    }
    if (!wait_until_empty(gate, grace)) {
        const std::uint64_t inside = gate.inside();
        gate.open();
        if (auto resumed = module.module->reload(); !resumed)
            log_warning("Module {} stays loaded, but: {}", module.name, resumed.error().text);
        return fail(ErrorCode::busy, "busy: {}", count_of_calls(inside));
    }
    module.running = false;
    return {};
}

ModuleLoader::ModuleLoader(std::string directory) : private_(std::make_unique<Private>()) {
    private_->directory = std::move(directory);
    private_->turn.push(0);
    the_loader = this;
}

ModuleLoader::~ModuleLoader() {
    if (the_loader == this) the_loader = nullptr;
    // Whatever unload_all() could not unload stays mapped: its code may still be running.
    for (auto& module : private_->modules) (void)module->module.release();
}

ModuleLoader* ModuleLoader::instance() { return the_loader; }

void ModuleLoader::set_unload_barrier(std::function<Result<void>()> barrier) { private_->barrier = std::move(barrier); }

Result<void> ModuleLoader::load(std::string_view name) {
    const Turn turn = JF_TRY(Turn::take(private_->turn));
    std::vector<std::string> chain;
    return private_->load(bare_name(name), chain);
}

Result<void> ModuleLoader::load_all(const ModuleSettings& settings) {
    const Turn turn = JF_TRY(Turn::take(private_->turn));
    for (const std::string& name : settings.noload) private_->excluded.emplace(bare_name(name));

    const auto load_one = [&](std::string_view name, bool required) -> Result<void> {
        name = bare_name(name);
        if (private_->excluded.contains(std::string(name)) || private_->find(name)) return {};
        std::vector<std::string> chain;
        auto loaded = private_->load(name, chain);
        if (loaded) return {};
        if (required) return fail(loaded.error().code, "required module {}: {}", name, loaded.error().text);
        log_error("Module {} was not loaded: {}", name, loaded.error().text);
        return {};
    };
    for (const std::string& name : settings.preload_require) JF_TRY(load_one(name, true));
    for (const std::string& name : settings.preload) JF_TRY(load_one(name, false));
    for (const std::string& name : settings.require) JF_TRY(load_one(name, true));
    for (const std::string& name : settings.load) JF_TRY(load_one(name, false));
    if (settings.autoload)
        for (const std::string& name : available()) JF_TRY(load_one(name, false));
    return {};
}

Result<void> ModuleLoader::unload(std::string_view name, std::chrono::milliseconds grace) {
    const Turn turn = JF_TRY(Turn::take(private_->turn));
    LoadedModule* module = private_->find(bare_name(name));
    if (!module) return fail(ErrorCode::not_found, "module {} is not loaded", bare_name(name));
    if (auto emptied = private_->empty(*module, grace); !emptied) {
        publish(ModuleUnloaded{bare_name(name), false});
        return emptied;
    }
    std::vector<std::unique_ptr<LoadedModule>> gone;
    gone.push_back(private_->take_out(*module));
    private_->unmap(std::move(gone));
    log_verbose(2, "Unloaded {}", bare_name(name));
    publish(ModuleUnloaded{bare_name(name), true});
    return {};
}

Result<void> ModuleLoader::reload(std::string_view name) {
    const Turn turn = JF_TRY(Turn::take(private_->turn));
    LoadedModule* module = private_->find(bare_name(name));
    if (!module) {
        // Parts of the core have files too: `module reload logger`.
        if (is_configured_part(name)) return reload_configuration({std::string(name)});
        return fail(ErrorCode::not_found, "module {} is not loaded", bare_name(name));
    }
    JF_TRY(reload_configuration({module->name}));
    return module->module->reload();
}

Result<void> ModuleLoader::reload_all() {
    const Turn turn = JF_TRY(Turn::take(private_->turn));
    // Files of all modules form one transaction: an error in any of them changes nothing.
    JF_TRY(reload_configuration());
    Result<void> result;
    for (std::size_t i = 0; i < private_->modules.size(); ++i) {
        LoadedModule& module = *private_->modules[i];
        if (auto reloaded = module.module->reload(); !reloaded) {
            log_error("Module {} did not reload: {}", module.name, reloaded.error().text);
            if (result) result = std::move(reloaded);
        }
    }
    return result;
}

Result<void> ModuleLoader::unload_all(std::chrono::milliseconds grace) {
    const Turn turn = JF_TRY(Turn::take(private_->turn));
    const Shield shield;
    Result<void> result;
    std::vector<std::unique_ptr<LoadedModule>> gone;
    for (std::size_t left = private_->modules.size(); left > 0; --left) {
        LoadedModule& module = *private_->modules[left - 1];
        if (auto emptied = private_->empty(module, grace); !emptied) {
            log_warning("Module {} was not unloaded: {}", module.name, emptied.error().text);
            if (result) result = std::move(emptied);
            continue;
        }
        gone.push_back(private_->take_out(module));
    }
    private_->unmap(std::move(gone));
    return result;
}

Result<Diagnostics> ModuleLoader::check() {
    const Turn turn = JF_TRY(Turn::take(private_->turn));
    return check_configuration();
}

std::vector<ModuleSummary> ModuleLoader::list() const {
    std::vector<ModuleSummary> all;
    for (const auto& module : private_->modules)
        all.push_back({module->name, module->description, module->running ? "Running" : "Not Running",
                       module->module->gate().inside() + private_->dependents(module->name).size()});
    std::ranges::sort(all, {}, &ModuleSummary::name);
    return all;
}

std::vector<std::string> ModuleLoader::available() const {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(private_->directory, error))
        if (const std::string file = entry.path().filename().string(); file.ends_with(suffix))
            names.emplace_back(bare_name(file));
    std::ranges::sort(names);
    return names;
}

bool ModuleLoader::loaded(std::string_view name) const {
    const LoadedModule* module = private_->find(bare_name(name));
    return module && module->running;
}

}  // namespace jackfield
