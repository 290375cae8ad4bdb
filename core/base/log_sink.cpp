// The logging engine: sinks, the writer thread, listeners.
#include "core/base/log_sink.hpp"

#include <fmt/core.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "core/base/log_file.hpp"
#include "core/base/log_format.hpp"
#include "core/base/log_levels.hpp"
#include "core/base/log_queue.hpp"
#include "core/base/log_writer.hpp"
#include "core/base/rate_limit.hpp"
#include "core/base/strings.hpp"

namespace jackfield {

struct LogSubscription::Listener {
    detail::LogLevelSet levels;
    bool console_levels = false;  // follows the sink "console"
    bool muted = false;
    std::optional<int> verbose;
    std::function<void(const LogLine&)> callback;
};

namespace {

using namespace std::chrono_literals;
using Listener = LogSubscription::Listener;

constexpr std::size_t levels_limit = 32;
// Verbose and debug lines still need `core set verbose` or -v to exist at all.
constexpr std::string_view default_console_levels = "notice,warning,error,verbose,debug";

struct Facility {
    std::string_view name;
    int value;
};
constexpr Facility facilities[] = {
    {"kern", LOG_KERN},     {"user", LOG_USER},     {"mail", LOG_MAIL},         {"daemon", LOG_DAEMON},
    {"auth", LOG_AUTH},     {"syslog", LOG_SYSLOG}, {"lpr", LOG_LPR},           {"news", LOG_NEWS},
    {"uucp", LOG_UUCP},     {"cron", LOG_CRON},     {"authpriv", LOG_AUTHPRIV}, {"security", LOG_AUTH},
    {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},     {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6},     {"local7", LOG_LOCAL7}};

std::optional<int> find_facility(std::string_view name) {
    for (const auto& facility : facilities)
        if (equals_ignoring_case(name, facility.name)) return facility.value;
    return {};
}

int syslog_priority(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return LOG_DEBUG;
        case LogLevel::verbose:
        case LogLevel::dtmf: return LOG_INFO;
        case LogLevel::notice: return LOG_NOTICE;
        case LogLevel::warning: return LOG_WARNING;
        case LogLevel::error: return LOG_ERR;
        case LogLevel::security: return LOG_NOTICE;
    }
    return LOG_NOTICE;
}

enum class SinkKind { console, syslog, file };

struct Sink {
    explicit Sink(std::string path) : file(std::move(path)) {}
    LogSinkSettings settings;
    SinkKind kind = SinkKind::file;
    bool dynamic = false;
    int facility = LOG_LOCAL0;
    detail::LogLevelSet levels;
    detail::LogFile file;
    std::string pending;  // lines of the present batch
    std::uint64_t pending_lines = 0;
    std::atomic<std::uint64_t> written{0}, lost{0};
    std::atomic<bool> enabled{true};
    std::array<std::uint64_t, levels_limit> lost_before{};  // the queue's losses when this sink began
};

// Lock order: changes, then writing, then listening. `changes` serialises configuration; `writing` guards the sinks and
// is held by the writer while it writes; `listening` guards the listeners only, so that a console which leaves never
// waits for a disk.
struct Engine {
    std::mutex changes, writing, listening;
    LoggerSettings settings;
    std::vector<std::unique_ptr<Sink>> sinks;
    std::vector<std::shared_ptr<Listener>> listeners;
    detail::LogLevelSet console_levels = *detail::LogLevelSet::parse(default_console_levels);
    std::string host_name;
    detail::LogDate date{"%b %e %T"};
    bool colours = false;
    std::uint64_t reported_lost = 0;
    RateLimit disk_complaint{60s};

    std::unique_ptr<detail::LogQueue> queue;  // made once, never freed: late callers may still hold it
    std::thread writer;
    std::atomic<bool> running{false}, muted{false}, stopping{false};
    std::atomic<unsigned> queue_limit{1000};
    std::atomic<std::uint32_t> wake{0};
    std::atomic<std::uint32_t> flush_asked{0}, flush_done{0};
    std::array<std::atomic<std::uint64_t>, levels_limit> lost{};
    std::atomic<int> sinks_verbose{0}, sinks_debug{0};  // highest levels that sinks name themselves

    std::mutex asking;
    std::vector<std::string> rotate_asked;  // names of sinks; "" means all

    // What format_log_line() needs, apart from `writing`, under which listeners are called.
    std::mutex formatting;
    detail::LogDate listener_date{"%b %e %T"};
    bool listener_call_ids = true;
    std::string listener_host;
};

Engine& engine() {
    static auto* const engine = new Engine;  // outlives every static object that may still log
    return *engine;
}

std::uint64_t all_lost(const Engine& now) {
    std::uint64_t sum = 0;
    for (const auto& count : now.lost) sum += count.load(std::memory_order_relaxed);
    return sum;
}

void wake_writer(Engine& now) {
    now.wake.fetch_add(1, std::memory_order_release);
    now.wake.notify_one();
}

void write_stderr(std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

detail::LogStyle style_of(const Engine& now, const Sink& sink) {
    detail::LogStyle style;
    style.console = sink.kind == SinkKind::console;
    style.format = sink.levels.format().value_or(LogFormat::standard);
    style.colours = style.console && now.colours && style.format == LogFormat::standard;
    style.call_ids = now.settings.use_call_ids;
    style.host_name = now.host_name;
    return style;
}

void send_syslog(const Engine& now, Sink& sink, const LogLine& line) {
    std::string text;
    if (style_of(now, sink).format == LogFormat::json) {
        detail::append_log_line(text, line, style_of(now, sink), engine().date);
        text.pop_back();
    } else {
        const std::string_view path = line.file;
        text = fmt::format("{}[{}]", log_level_name(line.level), line.thread);
        if (line.call && now.settings.use_call_ids) text += fmt::format("[C-{:08x}]", line.call.value);
        text += fmt::format(": {}:{}: ", path.substr(path.rfind('/') + 1), line.line);
        detail::append_visible(text, line.text, " ");
    }
    ::syslog(sink.facility | syslog_priority(line.level), "%s", text.c_str());
    sink.written.fetch_add(1, std::memory_order_relaxed);
}

// Under `writing`.
void deliver(Engine& now, const LogLine& line) {
    for (const auto& sink : now.sinks) {
        if (!sink->levels.wants(line)) continue;
        if (sink->kind == SinkKind::console && (!now.settings.console || now.muted)) continue;
        if (sink->kind == SinkKind::syslog) {
            send_syslog(now, *sink, line);
            continue;
        }
        detail::append_log_line(sink->pending, line, style_of(now, *sink), now.date);
        ++sink->pending_lines;
    }
    const std::lock_guard lock(now.listening);
    for (const auto& listener : now.listeners) {
        if (listener->muted) continue;
        const auto& levels = listener->console_levels ? now.console_levels : listener->levels;
        const bool verbose = line.level == LogLevel::verbose && listener->verbose && levels.has(LogLevel::verbose);
        if (verbose ? line.detail <= *listener->verbose : levels.wants(line)) listener->callback(line);
    }
}

// Under `writing`.
void write_pending(Engine& now) {
    for (const auto& sink : now.sinks) {
        if (sink->pending.empty()) continue;
        bool good = true;
        if (sink->kind == SinkKind::console)
            write_stderr(sink->pending);
        else
            good = sink->file.write(sink->pending);
        (good ? sink->written : sink->lost).fetch_add(sink->pending_lines, std::memory_order_relaxed);
        sink->enabled = good;
        if (!good && now.disk_complaint.allow(Clock::now()))
            write_stderr(fmt::format("log file {} can't be written; {} lines lost so far\n", sink->file.path(),
                                     sink->lost.load()));
        sink->pending.clear();
        sink->pending_lines = 0;
        if (sink->pending.capacity() > 1024 * 1024) sink->pending.shrink_to_fit();
    }
}

void write_now(Engine& now, const LogLine& line) {
    const std::lock_guard lock(now.writing);
    deliver(now, line);
    if (now.sinks.empty() && now.console_levels.wants(line) && !now.muted) {
        std::string text;
        const bool colours = ::isatty(STDERR_FILENO) != 0;
        detail::append_log_line(text, line, {.console = true, .colours = colours}, now.date);
        write_stderr(text);
    }
    write_pending(now);
}

LogLine own_line(LogLevel level, std::string_view text, const std::source_location& where) {
    LogLine line;
    line.level = level;
    line.file = where.file_name();
    line.function = where.function_name();
    line.line = where.line();
    line.time = wall_now();
    line.thread = static_cast<std::uint32_t>(::gettid());
    line.text = text;
    return line;
}

// What the writer itself has to say goes to the sinks directly: the queue may be what is in trouble. Under `writing`.
void say(Engine& now, LogLevel level, std::string_view text,
         std::source_location where = std::source_location::current()) {
    deliver(now, own_line(level, text, where));
}

void report_lost(Engine& now) {
    const auto lost = all_lost(now);
    if (lost == now.reported_lost) return;
    say(now, LogLevel::warning, fmt::format("{} log lines were lost: the queue of {} was full", lost - now.reported_lost,
                                            now.queue_limit.load()));
    now.reported_lost = lost;
}

// Under `writing`.
void rotate_sink(Engine& now, Sink& sink) {
    auto archive = sink.file.rotate(now.settings.rotation, wall_now());
    sink.enabled = sink.file.is_open();
    if (!archive) return say(now, LogLevel::error, archive.error().text);
    if (!archive->empty() && !now.settings.exec_after_rotate.empty())
        if (const auto run = detail::run_after_rotate(now.settings.exec_after_rotate, *archive); !run)
            say(now, LogLevel::error, run.error().text);
}

void rotate_as_asked(Engine& now) {
    std::vector<std::string> asked;
    {
        const std::lock_guard lock(now.asking);
        asked.swap(now.rotate_asked);
    }
    if (asked.empty()) return;
    const std::lock_guard lock(now.writing);
    for (const auto& name : asked)
        for (const auto& sink : now.sinks)
            if (sink->kind == SinkKind::file && (name.empty() || name == sink->settings.name)) rotate_sink(now, *sink);
    write_pending(now);
}

// Writes what is queued now, at most `most` lines; true when there was any.
bool write_batch(Engine& now, int most) {
    const std::lock_guard lock(now.writing);
    int count = 0;
    while (count < most && now.queue->pop([&](const LogLine& line) { deliver(now, line); })) ++count;
    report_lost(now);
    write_pending(now);
    return count > 0;
}

void run_writer(Engine& now) {
    pthread_setname_np(pthread_self(), "jf-log");
    for (;;) {
        const auto seen = now.wake.load(std::memory_order_acquire);
        const bool stopping = now.stopping;
        const auto asked = now.flush_asked.load(std::memory_order_acquire);
        while (write_batch(now, 256)) {}
        rotate_as_asked(now);
        if (now.flush_done.exchange(asked) != asked) now.flush_done.notify_all();
        if (stopping) return;
        now.wake.wait(seen);
    }
}

// Under `changes`.
void start_writer(Engine& now) {
    if (now.running) return;
    if (!now.queue) {
        now.queue = std::make_unique<detail::LogQueue>();
        std::atexit(stop_log);
    }
    now.stopping = false;
    // Signals belong to the daemon's main thread.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    now.writer = std::thread([&now] { run_writer(now); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    now.running.store(true, std::memory_order_release);
}

// Verbose and debug levels that sinks and listeners ask for by themselves open the gates for the whole process.
void publish_levels(Engine& now) {
    int verbose = now.sinks_verbose, debug = now.sinks_debug;
    {
        const std::lock_guard lock(now.listening);
        for (const auto& listener : now.listeners) {
            verbose = std::max({verbose, listener->levels.verbose().value_or(0), listener->verbose.value_or(0)});
            debug = std::max(debug, listener->levels.debug().value_or(0));
        }
    }
    detail::set_sink_levels(verbose, debug);
}

// Under `changes`, after sinks came or went.
void sinks_changed(Engine& now) {
    int verbose = 0, debug = 0;
    for (const auto& sink : now.sinks) {
        verbose = std::max(verbose, sink->levels.verbose().value_or(0));
        debug = std::max(debug, sink->levels.debug().value_or(0));
    }
    now.sinks_verbose = verbose;
    now.sinks_debug = debug;
    publish_levels(now);
}

Result<std::unique_ptr<Sink>> make_sink(const Engine& now, const LoggerSettings& settings, const LogSinkSettings& wanted) {
    if (auto good = check_log_sink(wanted); !good) return std::unexpected(std::move(good).error());
    std::string path;
    SinkKind kind = SinkKind::file;
    if (wanted.name == "console") {
        kind = SinkKind::console;
    } else if (wanted.name == "syslog" || wanted.name.starts_with("syslog.")) {
        kind = SinkKind::syslog;
    } else {
        path = wanted.name.starts_with('/') ? wanted.name : settings.directory + '/' + wanted.name;
        if (settings.append_host_name && !now.host_name.empty()) path += '.' + now.host_name;
    }
    auto sink = std::make_unique<Sink>(std::move(path));
    sink->settings = wanted;
    sink->kind = kind;
    sink->levels = *detail::LogLevelSet::parse(wanted.levels);
    if (kind == SinkKind::syslog && wanted.name.size() > 7) sink->facility = *find_facility(wanted.name.substr(7));
    for (std::size_t i = 0; i < levels_limit; ++i) sink->lost_before[i] = now.lost[i];
    return sink;
}

Sink* find_sink(Engine& now, std::string_view name) {
    for (const auto& sink : now.sinks)
        if (sink->settings.name == name) return sink.get();
    return nullptr;
}

std::string own_host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

LogSinkStatus status_of(const Engine& now, const Sink& sink) {
    LogSinkStatus status;
    status.name = sink.settings.name;
    status.path = sink.file.path();
    static constexpr std::string_view kinds[] = {"Console", "Syslog", "File"};
    status.kind = kinds[static_cast<int>(sink.kind)];
    static constexpr std::string_view formats[] = {"default", "plain", "json"};
    status.format = formats[static_cast<int>(sink.levels.format().value_or(LogFormat::standard))];
    status.levels = sink.levels.describe();
    status.enabled = sink.enabled && (sink.kind != SinkKind::console || now.settings.console);
    status.written = sink.written;
    status.lost = sink.lost;
    status.dynamic = sink.dynamic;
    for (std::size_t i = 0; i < levels_limit; ++i)
        if (sink.levels.has(static_cast<LogLevel>(i))) status.lost += now.lost[i] - sink.lost_before[i];
    return status;
}

}  // namespace

std::string format_log_line(const LogLine& line, LogFormat format, bool console, bool colours) {
    auto& now = engine();
    const std::lock_guard lock(now.formatting);
    std::string text;
    detail::append_log_line(text, line, {format, console, colours, now.listener_call_ids, now.listener_host},
                            now.listener_date);
    text.pop_back();
    return text;
}

std::optional<LogRotation> parse_log_rotation(std::string_view word) {
    if (equals_ignoring_case(word, "none")) return LogRotation::none;
    if (equals_ignoring_case(word, "sequential")) return LogRotation::sequential;
    if (equals_ignoring_case(word, "rotate")) return LogRotation::rotate;
    if (equals_ignoring_case(word, "timestamp")) return LogRotation::timestamp;
    return {};
}

Result<void> check_log_sink(const LogSinkSettings& sink) {
    if (sink.name.empty()) return fail(ErrorCode::invalid, "a log channel needs a name");
    if (sink.name.starts_with("syslog.") && !find_facility(sink.name.substr(7))) {
        std::vector<std::string> words;
        for (const auto& facility : facilities) words.emplace_back(facility.name);
        const auto near = nearest_word(sink.name.substr(7), words);
        return fail(ErrorCode::invalid, "unknown syslog facility \"{}\"{}", sink.name.substr(7),
                    near ? ", did you mean \"" + *near + "\"?" : ": use one such as local0, daemon or user");
    }
    auto levels = detail::LogLevelSet::parse(sink.levels);
    if (!levels) return fail(levels.error().code, "log channel \"{}\": {}", sink.name, levels.error().text);
    return {};
}

Result<void> configure_log(const LoggerSettings& settings) {
    auto& now = engine();
    const std::lock_guard change(now.changes);
    std::string errors;
    const auto complain = [&](const Error& error) { errors += (errors.empty() ? "" : "; ") + error.text; };
    const auto host_name = own_host_name();
    {
        const std::lock_guard lock(now.writing);
        now.host_name = host_name;
    }
    std::vector<std::unique_ptr<Sink>> sinks;
    auto console_levels = *detail::LogLevelSet::parse(default_console_levels);
    for (const auto& wanted : settings.sinks) {
        auto sink = make_sink(now, settings, wanted);
        if (!sink) {
            complain(sink.error());
            continue;
        }
        const auto same = [&](const auto& other) { return other->settings.name == wanted.name; };
        if (std::ranges::any_of(sinks, same)) {
            complain({ErrorCode::exists, fmt::format("log channel \"{}\" is there twice", wanted.name)});
            continue;
        }
        if ((*sink)->kind == SinkKind::console) console_levels = (*sink)->levels;
        if ((*sink)->kind == SinkKind::file) {
            auto& file = (*sink)->file;
            if (settings.rotate_on_start && !now.running) {
                if (auto rotated = file.rotate(settings.rotation, wall_now()); !rotated) complain(rotated.error());
            } else if (auto opened = file.open(); !opened) {
                complain(opened.error());
            }
            (*sink)->enabled = file.is_open();
        }
        sinks.push_back(std::move(*sink));
    }
    {
        const std::lock_guard lock(now.writing);
        for (auto& sink : now.sinks) {
            const auto same = [&](const auto& other) { return other->settings.name == sink->settings.name; };
            if (sink->dynamic && std::ranges::none_of(sinks, same)) sinks.push_back(std::move(sink));
        }
        now.sinks.swap(sinks);
        now.settings = settings;
        now.date = detail::LogDate(settings.date_format);
        now.colours = settings.console_colours && ::isatty(STDERR_FILENO) != 0;
        const std::lock_guard listen(now.listening);
        now.console_levels = console_levels;
    }
    {
        const std::lock_guard lock(now.formatting);
        now.listener_date = detail::LogDate(settings.date_format);
        now.listener_call_ids = settings.use_call_ids;
        now.listener_host = host_name;
    }
    now.queue_limit = std::clamp<unsigned>(settings.queue_limit, 1, detail::LogQueue::capacity);
    sinks_changed(now);
    start_writer(now);
    if (!errors.empty()) return fail(ErrorCode::failed, "{}", errors);
    return {};
}

Result<void> add_log_sink(const LogSinkSettings& wanted) {
    auto& now = engine();
    const std::lock_guard change(now.changes);
    if (find_sink(now, wanted.name)) return fail(ErrorCode::exists, "log channel \"{}\" exists already", wanted.name);
    auto made = make_sink(now, now.settings, wanted);
    if (!made) return std::unexpected(std::move(made).error());
    auto& sink = *made;
    if (sink->kind == SinkKind::console)
        return fail(ErrorCode::refused, "the console is set in logger.conf or by \"core set verbose\"");
    sink->dynamic = true;
    if (sink->kind == SinkKind::file) JF_TRY(sink->file.open());
    {
        const std::lock_guard lock(now.writing);
        now.sinks.push_back(std::move(sink));
    }
    sinks_changed(now);
    return {};
}

Result<void> remove_log_sink(std::string_view name) {
    auto& now = engine();
    const std::lock_guard change(now.changes);
    const auto* sink = find_sink(now, name);
    if (!sink) return fail(ErrorCode::not_found, "there is no log channel \"{}\"", name);
    if (!sink->dynamic)
        return fail(ErrorCode::refused, "log channel \"{}\" is set in logger.conf; remove it there and reload", name);
    {
        const std::lock_guard lock(now.writing);
        std::erase_if(now.sinks, [&](const auto& other) { return other.get() == sink; });
    }
    sinks_changed(now);
    return {};
}

Result<void> rotate_log(std::string_view name) {
    auto& now = engine();
    const std::lock_guard change(now.changes);
    if (!name.empty() && !find_sink(now, name))
        return fail(ErrorCode::not_found, "there is no log channel \"{}\"", name);
    {
        const std::lock_guard lock(now.asking);
        if (std::ranges::find(now.rotate_asked, name) == now.rotate_asked.end()) now.rotate_asked.emplace_back(name);
    }
    if (now.running)
        wake_writer(now);
    else
        rotate_as_asked(now);
    return {};
}

std::vector<LogSinkStatus> log_sinks() {
    auto& now = engine();
    const std::lock_guard change(now.changes);
    std::vector<LogSinkStatus> list;
    for (const auto& sink : now.sinks) list.push_back(status_of(now, *sink));
    return list;
}

std::uint64_t lost_log_lines() { return all_lost(engine()); }

void flush_log() {
    auto& now = engine();
    const std::lock_guard change(now.changes);
    if (!now.running) return;
    const auto mine = now.flush_asked.fetch_add(1, std::memory_order_acq_rel) + 1;
    wake_writer(now);
    for (auto done = now.flush_done.load(); done != mine; done = now.flush_done.load()) now.flush_done.wait(done);
}

void stop_log() {
    auto& now = engine();
    const std::lock_guard change(now.changes);
    if (!now.running.exchange(false)) return;
    now.stopping = true;
    wake_writer(now);
    now.writer.join();
    while (write_batch(now, 256)) {}
    {
        const std::lock_guard lock(now.writing);
        now.sinks.clear();
        now.settings = {};
    }
    sinks_changed(now);
}

void mute_console(bool muted) { engine().muted = muted; }
bool console_muted() { return engine().muted; }

LogSubscription::LogSubscription(std::string levels, std::function<void(const LogLine&)> callback)
    : listener_(std::make_shared<Listener>()) {
    auto& now = engine();
    listener_->callback = std::move(callback);
    if (auto parsed = detail::LogLevelSet::parse(levels); parsed && !levels.empty())
        listener_->levels = std::move(*parsed);
    else
        listener_->console_levels = true;
    {
        const std::lock_guard lock(now.listening);
        now.listeners.push_back(listener_);
    }
    publish_levels(now);
}

LogSubscription::~LogSubscription() {
    if (!listener_) return;
    auto& now = engine();
    {
        const std::lock_guard lock(now.listening);
        std::erase(now.listeners, listener_);
    }
    publish_levels(now);
}

LogSubscription& LogSubscription::operator=(LogSubscription&& other) noexcept {
    std::swap(listener_, other.listener_);
    return *this;
}

void LogSubscription::mute(bool muted) {
    if (!listener_) return;
    const std::lock_guard lock(engine().listening);
    listener_->muted = muted;
}

void LogSubscription::set_verbose(int level) {
    if (!listener_) return;
    {
        const std::lock_guard lock(engine().listening);
        listener_->verbose = level;
    }
    publish_levels(engine());
}

namespace detail {

void submit_log_line(const LogLine& line) {
    auto& now = engine();
    if (!now.running.load(std::memory_order_acquire)) return write_now(now, line);
    if (now.queue->push(line, now.queue_limit.load(std::memory_order_relaxed)))
        wake_writer(now);
    else
        now.lost[static_cast<std::size_t>(line.level) % levels_limit].fetch_add(1, std::memory_order_relaxed);
}

void log_levels_changed() {
    auto& now = engine();
    const std::lock_guard lock(now.writing);
    for (const auto& sink : now.sinks) sink->levels.refresh();
    const std::lock_guard listen(now.listening);
    now.console_levels.refresh();
    for (const auto& listener : now.listeners) listener->levels.refresh();
}

}  // namespace detail
}  // namespace jackfield
