// The daemon: start, reload and orderly stop.
#include "core/main/daemon.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/base/log_sink.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/overload.hpp"
#include "core/console/cli_files.hpp"
#include "core/console/core_commands.hpp"
#include "core/console/logger_file.hpp"
#include "core/console/remote_console.hpp"
#include "core/console/version.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/time_zone.hpp"
#include "core/media/say.hpp"
#include "core/media/sound_file.hpp"
#include "core/media/tone_config.hpp"
#include "core/module/config_edit.hpp"
#include "core/module/module_config.hpp"
#include "core/module/modules_file.hpp"
#include "core/module/realtime.hpp"
#include "core/module/realtime_files.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;

constexpr auto stop_limit = 900ms;         // of `core stop now`, whatever hangs
constexpr auto channel_patience = 200ms;   // for calls to send their goodbyes
constexpr auto module_patience = 50ms;
constexpr auto load_review_interval = 5s;

ConfigFileSpec indications_file() {
    ConfigFileSpec spec;
    spec.file = "indications.conf";
    spec.prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        if (!file.exists()) return {};
        return [zones = read_tone_zones(file, findings)] { set_tone_zones(zones); };
    };
    return spec;
}

// Checked at each reload like the others; what it says takes effect at the next start.
ConfigFileSpec modules_file() {
    ConfigFileSpec spec;
    spec.file = "modules.conf";
    spec.prepare = [](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        (void)read_module_settings(file, findings);
        return {};
    };
    return spec;
}

// MiB that programs may still take, page cache included; empty when the system doesn't tell.
std::optional<std::uint64_t> free_memory() {
    std::ifstream file("/proc/meminfo");
    for (std::string name; file >> name; file.ignore(256, '\n'))
        if (std::uint64_t kib = 0; name == "MemAvailable:" && file >> kib) return kib / 1024;
    return {};
}

ParseOptions parse_options(const DaemonSettings& settings) {
    ParseOptions options;
    options.folder = settings.directories.etc;
    if (settings.options.exec_includes)
        options.exec = [](const std::string& command) -> Result<std::string> {
            FILE* output = ::popen(command.c_str(), "re");
            if (!output) return fail(ErrorCode::failed, "can't run '{}'", command);
            constexpr std::size_t most = 16 * 1024 * 1024;
            std::string text;
            std::array<char, 4096> bytes;
            while (const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), output)) {
                text.append(bytes.data(), got);
                if (text.size() > most) break;
            }
            if (::pclose(output) != 0) return fail(ErrorCode::failed, "'{}' failed", command);
            return text;
        };
    return options;
}

}  // namespace

Daemon::Daemon(const Invocation& invocation, Configuration configuration)
    : invocation_(invocation), configuration_(std::move(configuration)) {
    const DaemonSettings& settings = configuration_.settings;
    set_system_name(settings.options.effective_system_name());
    const ParseOptions options = parse_options(settings);
    const auto files = std::make_shared<OverlayFiles>(
        std::make_shared<RealtimeFiles>(std::make_shared<DiskFiles>(), options.folder));
    config_ = std::make_unique<ConfigManager>(files, options);
    set_config_manager(config_.get(), invocation_.check);
    if (!invocation_.check)
        set_config_files(files, std::make_unique<ConfigHistory>(config_->options().folder,
                                                                settings.directories.var_lib + "/config-history"));
    loop_ = std::make_unique<ControlLoop>();
    core_ = std::make_unique<Module>("core");
    logger_ = std::make_unique<Module>("logger");
    loader_ = std::make_unique<ModuleLoader>(settings.directories.modules);
    DaemonControl::set_instance(this);
}

Daemon::~Daemon() {
    DaemonControl::set_instance(nullptr);
    set_config_files(nullptr, nullptr);
    set_config_manager(nullptr);
}

Result<void> Daemon::declare_core_files() {
    LoggerSettings base;
    base.directory = configuration_.settings.directories.log;
    base.console = !configuration_.settings.options.console && configuration_.settings.options.no_fork;
    base.console_colours = !configuration_.settings.options.no_colour;
    JF_TRY(declare_file(*logger_, logger_file(std::move(base))));
    JF_TRY(declare_file(*core_, startup_commands_file()));
    JF_TRY(declare_file(*core_, permissions_file()));
    JF_TRY(declare_file(*core_, aliases_file()));
    JF_TRY(declare_file(*core_, indications_file()));
    JF_TRY(declare_file(*core_, modules_file()));
    JF_TRY(declare_file(*core_, login_limits_file()));
    JF_TRY(declare_file(*core_, access_lists_file()));
    JF_TRY(declare_realtime(*core_));
    return {};
}

Result<void> Daemon::load_modules() {
    Diagnostics findings;
    const ModuleSettings modules = read_module_settings(config_->read("modules.conf", findings), findings);
    findings.log();
    JF_TRY(findings.to_result());
    return loader_->load_all(modules);
}

// Before the loop runs, so that files may be read at once.
Result<void> Daemon::prepare() {
    const DaemonSettings& settings = configuration_.settings;
    JF_TRY(declare_core_files());
    configuration_.findings.log();
    log_verbose(1, "{} starts, process {}, configuration {}", version(), ::getpid(), configuration_.file);

    channel_limits().max_calls = settings.options.max_calls;
    set_sound_settings({configuration_.sound_directories, settings.options.default_language});
    database_ = JF_TRY(Database::open(settings.directories.database + "/astdb.sqlite3"));
    media_ = std::make_unique<MediaEngine>(0);
    (void)default_lane();  // starts its threads, which takes a while on a busy machine
    set_directory_variables(settings);
    initialise_dialplan();
    set_local_time([](WallTime time, const std::string& zone) -> Result<std::tm> {
        const auto known = TimeZone::find(zone);
        if (!known) return fail(ErrorCode::not_found, "there is no time zone {}", zone);
        return known->local(time);
    });
    loader_->set_unload_barrier([this] { return media_->pass_turn(); });
    return {};
}

// On the first fiber.
Result<void> Daemon::boot() {
    const DaemonSettings& settings = configuration_.settings;
    JF_TRY(add_core_commands(*core_));
    consoles_ = JF_TRY(ConsoleServer::start({configuration_.control_socket, settings.socket.permissions,
                                             settings.socket.owner, settings.socket.group}));
    JF_TRY(load_modules());

    if (settings.options.max_load > 0 || settings.options.min_free_memory > 0) {
        load_review_ = std::make_unique<Timer>([this] { review_load(); });
        review_load();
    }
    (void)spawn({.name = "configuration history"}, [] { record_configuration({}, "found at start"); });
    run_startup_commands();
    booted_.set();
    publish(DaemonBooted{});
    log_verbose(1, "Jackfield is ready after {} ms",
                std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_).count());
    return {};
}

// maxload and minmemfree: no new calls while the machine is short of either.
void Daemon::review_load() {
    const DaemonOptions& options = configuration_.settings.options;
    double load = 0;
    const bool loaded = options.max_load > 0 && ::getloadavg(&load, 1) == 1 && load > options.max_load;
    const auto memory = options.min_free_memory > 0 ? free_memory() : std::nullopt;
    const bool short_of_memory = memory && *memory < options.min_free_memory;
    const bool before = std::exchange(overloaded_, loaded || short_of_memory);
    shortage() = short_of_memory ? Shortage::memory : loaded ? Shortage::load : Shortage::none;
    if (loaded && !before) log_warning("New calls are refused: the load average is {} (maxload = {})", load, options.max_load);
    if (short_of_memory && !before)
        log_warning("New calls are refused: {} MiB of memory are free (minmemfree = {})", *memory, options.min_free_memory);
    if (before && !overloaded_) log_warning("New calls are accepted again");
    channel_limits().accept_new = !overloaded_ && !(stop_ && stop_->when == StopRequest::When::gracefully);
    load_review_->start(load_review_interval);
}

Result<void> Daemon::request_stop(StopRequest request) {
    if (stopping_) return fail(ErrorCode::busy, "the daemon is stopping already");
    stop_ = request;
    channel_limits().accept_new = request.when != StopRequest::When::gracefully && !overloaded_;
    // From here on, so that not even a module that hangs while it loads can keep the daemon.
    if (request.when == StopRequest::When::now && !deadline_)
        deadline_ = std::make_unique<Deadline>(stop_limit, request.restart);
    stop_changed_.push(0);
    return {};
}

bool Daemon::abort_stop() {
    if (!stop_ || stopping_ || stop_->when == StopRequest::When::now) return false;
    stop_.reset();
    channel_limits().accept_new = !overloaded_;
    stop_changed_.push(0);
    return true;
}

// Returns when the moment to stop has come.
void Daemon::wait_for_stop() {
    for (;;) {
        if (stop_ && (stop_->when == StopRequest::When::now || channel_count() == 0)) return;
        // Calls end at any time; half a second more does not matter to who asked for a graceful stop.
        const Timeout patience = stop_ ? Timeout(500ms) : Timeout();
        (void)select({&stop_changed_}, patience);
        stop_changed_.clear();
    }
}

void Daemon::hang_up_all_channels() {
    channel_limits().accept_new = false;
    for_each_channel([](Channel& channel) { channel.hang_up(HangupCause::normal_clearing); });
    const Instant end = Clock::now() + channel_patience;
    while (channel_count() > 0 && Clock::now() < end) (void)sleep_for(5ms);
}

void Daemon::stop_everything() {
    stopping_ = true;
    log_notice("Jackfield {}", stop_->restart ? "restarts" : "stops");
    publish(DaemonStopping{stop_->restart});
    if (consoles_) consoles_->announce(stop_->restart ? "Jackfield restarts\n" : "Jackfield stops\n");
    load_review_.reset();
    hang_up_all_channels();
    // What modules change while they unload must still reach the disk, so the database goes after them.
    (void)loader_->unload_all(module_patience);
    consoles_.reset();
    database_.reset();
}

Outcome Daemon::run(std::function<void(bool)> started) {
    report_start_ = std::move(started);
    if (const auto prepared = prepare(); !prepared) {
        log_error("Jackfield can't start: {}", prepared.error().text);
        report_start_(false);
        return Outcome::failed;
    }
    watch_signals({.stop = [this] { (void)request_stop({StopRequest::When::now, false}); },
                   .reload =
                       [this] {
                           (void)spawn({.name = "reload"}, [this] { (void)reload_all(); });
                       },
                   .rotate = [] { (void)rotate_log(); }});
    const auto life = spawn({.name = "daemon"}, [this] {
        const auto up = boot();
        if (!up) {
            log_error("Jackfield can't start: {}", up.error().text);
            failed_ = true;
            stop_ = StopRequest{};
        }
        report_start_(up.has_value());
        if (up && invocation_.console) start_local_console();
        wait_for_stop();
        if (!deadline_) deadline_ = std::make_unique<Deadline>(stop_limit, stop_->restart);
        stop_everything();
        loop_->stop();
    });
    if (!life) {
        log_error("Jackfield can't start: {}", life.error().text);
        return Outcome::failed;
    }
    loop_->run();
    unwatch_signals();
    if (local_console_.joinable()) local_console_.join();
    const Outcome outcome = failed_ ? Outcome::failed : stop_->restart ? Outcome::restart : Outcome::stopped;
    loop_->run_until_idle();
    if (fiber_count() > 0 || channel_count() > 0 || !loader_->list().empty()) {
        // Something did not end in time. All that must be kept is on the disk; taking the rest down would wait for it.
        log_warning("Jackfield ends with {} fibers, {} channels and {} modules still there", fiber_count(),
                    channel_count(), loader_->list().size());
        leave_now(outcome == Outcome::restart);
    }
    end_dialplan();
    loader_.reset();
    core_.reset();
    logger_.reset();
    media_.reset();
    loop_.reset();
    stop_log();
    return outcome;
}

void Daemon::start_local_console() {
    local_console_ = std::thread([this] {
        RemoteConsoleSettings settings;
        settings.socket = configuration_.control_socket;
        settings.colours = !configuration_.settings.options.no_colour;
        settings.mute = invocation_.mute;
        settings.quiet = configuration_.settings.options.quiet;
        settings.local = true;
        run_remote_console(settings);
    });
}

Result<void> Daemon::reload_all() {
    reloaded_ = Clock::now();
    reloaded_at_ = wall_now();
    auto done = loader_->reload_all();
    publish(DaemonReloaded{{}, done.has_value()});
    if (!done) log_error("The reload changed nothing or only in part: {}", done.error().text);
    return done;
}

bool Daemon::check() {
    bool good = false;
    auto declared = declare_core_files();
    const auto life = spawn({.name = "check"}, [this, &good, &declared] {
        Diagnostics findings = configuration_.findings;
        if (declared) declared = add_core_commands(*core_);
        Diagnostics told_below;  // by the check of all files
        const ModuleSettings modules = read_module_settings(config_->read("modules.conf", told_below), told_below);
        if (declared) declared = loader_->load_all(modules);
        if (!declared) log_error("{}", declared.error().text);
        if (auto checked = loader_->check()) findings.append(*checked);
        if (auto checked = check_checked_dialplan()) findings.append(*checked);
        flush_log();
        const std::string text = findings.to_string();
        if (!findings.empty()) std::fprintf(stdout, "%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
        std::fprintf(stdout, "%s: %zu errors, %zu warnings\n", configuration_.file.c_str(), findings.errors(),
                     findings.warnings());
        std::fflush(stdout);
        good = declared.has_value() && !findings.has_errors();
        (void)loader_->unload_all(module_patience);
        loop_->stop();
    });
    if (!life) return false;
    loop_->run();
    loop_->run_until_idle();
    if (fiber_count() > 0 || !loader_->list().empty()) std::_Exit(good ? 0 : 1);
    loader_.reset();
    core_.reset();
    logger_.reset();
    loop_.reset();
    return good;
}

}  // namespace jackfield
