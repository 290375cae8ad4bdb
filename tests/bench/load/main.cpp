// jackfield_load: both sides of many calls with their RTP, registration storms and OPTIONS, over few sockets in one process.
// Everything is begun by absolute time (open loop), and latencies count from the scheduled moment. One line of JSON at the end.
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "tests/bench/load/callee.hpp"
#include "tests/bench/load/caller.hpp"
#include "tests/bench/load/options.hpp"
#include "tests/bench/load/requests.hpp"
#include "tests/bench/load/timing.hpp"

namespace bench {
namespace {

constexpr const char* help = R"(jackfield_load WHAT --server ADDRESS[:PORT] [options]

 calls     places calls to the server and answers those that it sends to --callee
   --caller A[:P] --callee A[:P]   our addresses (default port 5060); without --callee only calls are placed
   --number 7#    what is dialled; # becomes the call's index      --user caller    user of From and Contact
   --hold S       length of a call (0: ended at once)               --ringing S      between 180 and 200
   --concurrent N most calls at a time; the rest counts as failed "held back"
   --rtp          send and check RTP; --ptime MS, --caller-codec, --callee-codec pcmu|pcma|g722|gsm, --rtp-port N, --rtp-sockets N
   --speakers N   of each side so many speak, the others send silence, by which loss is told from RTP's own numbers
   --measure S    once all --calls are up: settle for 1 s, measure S seconds, end them; {"up": N} is printed when they are up
   --linger       once all are up: print {"up": N} and keep them until standard input ends (figures of media from then on)
 rtp       RTP without calls between --caller and --callee through `bare_relay`: --pairs N --relay-port N --measure S
 register  --local A[:P] --users N --user u# --password secret --expires S    REGISTER with MD5 digest
 options   --local A[:P]                                                      OPTIONS
 for all   --rate R --calls N (how many) | --rate R --ramp STEP --to R --step-seconds S --limit-ms MS
           --pid N        the server's process, whose CPU time is told per step and in the measured window
           --drain S      how long to wait for the last ends (default 40)
)";

std::string quantiles(const Histogram& histogram) {
    return fmt::format(R"({{"count": {}, "p50_ms": {:.3f}, "p99_ms": {:.3f}, "p999_ms": {:.3f}, "max_ms": {:.3f}}})", histogram.count(),
                       milliseconds(histogram.quantile(0.5)), milliseconds(histogram.quantile(0.99)), milliseconds(histogram.quantile(0.999)),
                       milliseconds(histogram.largest()));
}

std::string step_text(const Step& step, double until) {
    std::string failures;
    for (const auto& [reason, count] : step.failures) failures += fmt::format(R"({}"{}": {})", failures.empty() ? "" : ", ", reason, count);
    return fmt::format(R"({{"rate": {:.1f}, "good": {}, "begun": {}, "answered": {}, "answered_at_end": {}, "failed": {}, "failures": {{{}}}, "retransmitted": {}, )"
                       R"("seconds": {:.3f}, "latency": {}, "target_cpu_s": {:.6f}, "target_main_cpu_s": {:.6f}}})",
                       step.rate, step.good, step.begun, step.answered, step.answered_at_end, step.failed, failures, step.retransmitted, until, quantiles(step.latency),
                       step.cpu_end.all - step.cpu_begin.all, step.cpu_end.main - step.cpu_begin.main);
}

std::string media_text(const MediaSide& side, double own_sent_elsewhere) {
    const MediaFigures figures = side.figures();
    return fmt::format(R"({{"sent": {}, "received": {}, "lost": {}, "strange": {}, "silent_flows": {}, "flows": {}, "heard_of_sent": {:.6f}, )"
                       R"("delay": {}, "longest_gap_ms": {:.2f}, "own_drops": {}}})",
                       figures.sent, figures.received, figures.lost, figures.strange, figures.silent_flows, side.flows(),
                       own_sent_elsewhere > 0 ? static_cast<double>(figures.received) / own_sent_elsewhere : 0, quantiles(figures.delay),
                       milliseconds(figures.longest_gap), side.dropped());
}

// What all sub-commands share: the loop, signals, the window in which media and CPU are measured, and how it ends.
class Session {
  public:
    explicit Session(Options& options)
        : target_(static_cast<pid_t>(options.number("pid", 0))), measure_(options.number("measure", -1)), drain_(options.number("drain", 40)),
          linger_(options.given("linger")) {
        sigset_t ends;
        sigemptyset(&ends);
        for (const int number : {SIGINT, SIGTERM}) sigaddset(&ends, number);
        sigprocmask(SIG_BLOCK, &ends, nullptr);
        signals_ = ::signalfd(-1, &ends, SFD_CLOEXEC);
        loop.add(signals_, [this] { end(); });
        deadline_kind_ = loop.timer_kind([this](std::uint64_t) { loop.stop(); });
        window_kind_ = loop.timer_kind([this](std::uint64_t begins) { begins ? open_window() : end(); });
        window_begin_ = cpu_time(target_);
        window_opened_ = std::chrono::steady_clock::now();
    }

    Loop loop;
    std::function<void()> end_all = [] {};  // asks what is up to end
    std::function<std::string()> media_figures = [] { return std::string("{}"); };
    std::function<void()> reset_media = [] {};

    bool windowed() const { return measure_ >= 0 || linger_; }
    pid_t target() const { return target_; }

    // All is up: the window begins after a second, which connections and caches take to settle.
    void all_up(std::size_t count) {
        if (std::exchange(announced_, true) || !windowed()) return;
        fmt::print("{{\"up\": {}}}\n", count);
        std::fflush(stdout);
        if (linger_) {
            open_window();
            loop.add(STDIN_FILENO, [this] {
                char waste[256];
                if (::read(STDIN_FILENO, waste, sizeof waste) <= 0 && !ending_) end();
            });
            return;
        }
        const Time begin = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        loop.at(begin, window_kind_, 1);
        loop.at(begin + from_seconds(measure_), window_kind_, 0);
    }

    void no_more() {
        if (!std::exchange(draining_, true)) loop.at(std::chrono::steady_clock::now() + from_seconds(drain_), deadline_kind_, 0);
    }

    // Closes the window and ends everything; again: at once.
    void end() {
        if (std::exchange(ending_, true)) return loop.stop();
        close_window();
        end_all();
        no_more();
    }

    std::string window_text() {
        close_window();
        return fmt::format(R"("window_s": {:.3f}, "target": {{"cpu_s": {:.6f}, "main_cpu_s": {:.6f}}}, "media": {}, "own": {{"cpu_s": {:.3f}, "window_cpu_s": {:.3f}, "latest_timer_ms": {:.3f}}})",
                           seconds(window_closed_ - window_opened_), window_end_.all - window_begin_.all, window_end_.main - window_begin_.main,
                           window_media_, own_cpu_time(), own_end_ - own_begin_, milliseconds(loop.latest_timer()));
    }

  private:
    void open_window() {
        reset_media();
        window_begin_ = cpu_time(target_);
        own_begin_ = own_cpu_time();
        window_opened_ = std::chrono::steady_clock::now();
    }
    void close_window() {
        if (std::exchange(window_is_closed_, true)) return;
        window_end_ = cpu_time(target_);
        own_end_ = own_cpu_time();
        window_closed_ = std::chrono::steady_clock::now();
        window_media_ = media_figures();
    }

    pid_t target_;
    double measure_, drain_;
    bool linger_, announced_ = false, draining_ = false, ending_ = false, window_is_closed_ = false;
    int signals_ = -1;
    std::size_t deadline_kind_ = 0, window_kind_ = 0;
    CpuTime window_begin_, window_end_;
    double own_begin_ = 0, own_end_ = 0;
    Time window_opened_, window_closed_;
    std::string window_media_;
};

MediaSide::Settings media_settings(Options& options, const std::string& side, sockaddr_in address, int default_port) {
    MediaSide::Settings settings;
    settings.name = side;
    settings.first = address;
    settings.first.sin_port = htons(static_cast<std::uint16_t>(options.number("rtp-port", default_port)));
    settings.sockets = static_cast<int>(options.number("rtp-sockets", 4));
    settings.codec = &codec_named(options.text(side + "-codec", "pcmu"));
    settings.packet_ms = static_cast<int>(options.number("ptime", 20));
    settings.speakers = static_cast<std::size_t>(options.number("speakers", 1e9));
    if (settings.packet_ms < 1 || settings.packet_ms > 60 || settings.sockets < 1) {
        fmt::print(stderr, "jackfield_load: --ptime is 1 to 60 ms, --rtp-sockets at least 1\n");
        std::exit(2);
    }
    return settings;
}

Schedule::Settings schedule_settings(Options& options, pid_t target) {
    Schedule::Settings settings;
    settings.rate = options.number("rate", 100);
    settings.step = options.number("ramp", 0);
    settings.last_rate = options.number("to", 1e9);
    settings.step_seconds = options.number("step-seconds", 5);
    settings.limit = from_seconds(options.number("limit-ms", 100) / 1e3);
    settings.count = static_cast<std::uint64_t>(options.number("calls", settings.step > 0 ? 0 : 100));
    settings.target = target;
    return settings;
}

std::string steps_text(const Schedule& schedule) {
    std::string text;
    const auto& steps = schedule.steps();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Time end = i + 1 < steps.size() ? steps[i + 1].begin : std::min(steps[i].end, std::chrono::steady_clock::now());
        text += (i ? ", " : "") + step_text(steps[i], seconds(end - steps[i].begin));
    }
    return fmt::format(R"("best_rate": {:.1f}, "steps": [{}])", schedule.best_rate(), text);
}

int calls(Options& options) {
    Session session(options);
    Loop& loop = session.loop;
    const bool with_media = options.given("rtp");
    Caller::Settings settings;
    settings.server = parse_address(options.text("server", ""), 5060);
    settings.local = parse_address(options.text("caller", ""), 5060);
    settings.number = options.text("number", "700");
    settings.user = options.text("user", "caller");
    settings.ringing = from_seconds(options.number("ringing", 0));
    settings.most = static_cast<std::size_t>(options.number("concurrent", 100'000));
    settings.hold = session.windowed() ? std::chrono::nanoseconds(-1) : from_seconds(options.number("hold", 0));
    MediaSide near(loop, media_settings(options, "caller", settings.local, 30000));
    std::optional<MediaSide> far;
    std::optional<Callee> callee;
    if (options.given("callee")) {
        const sockaddr_in address = parse_address(options.text("callee", ""), 5060);
        far.emplace(loop, media_settings(options, "callee", address, 40000));
        callee.emplace(loop, Callee::Settings{address, settings.ringing}, *far, with_media);
    }
    bool placed_all = false;
    Caller* placing = nullptr;
    const auto changed = [&] {
        if (!placed_all || !placing) return;
        const auto& figures = placing->figures();
        if (figures.answered + figures.failed >= figures.placed + figures.held_back) session.all_up(placing->up());
        if (placing->active() == 0) loop.stop();
    };
    Caller caller(loop, settings, near, with_media, changed);
    placing = &caller;
    Schedule schedule(loop, schedule_settings(options, session.target()), [&](std::size_t step, Time when) { caller.place(step, when); }, [&] {
        placed_all = true;
        if (!session.windowed()) session.no_more();
        changed();
    });
    caller.use(schedule);
    session.end_all = [&] {
        schedule.finish();
        caller.end_all();
    };
    session.reset_media = [&] {
        near.reset();
        if (far) far->reset();
    };
    session.media_figures = [&] {
        const double near_sent = static_cast<double>(near.figures().sent), far_sent = far ? static_cast<double>(far->figures().sent) : 0;
        return fmt::format(R"({{"caller": {}, "callee": {}}})", media_text(near, far ? far_sent : near_sent), far ? media_text(*far, near_sent) : "null");
    };
    options.done();
    schedule.start();
    loop.run();
    const auto& made = caller.figures();
    const Callee::Figures none, &taken = callee ? callee->figures() : none;
    fmt::print(R"({{"placed": {}, "answered": {}, "finished": {}, "failed": {}, "held_back": {}, "cut_off": {}, "left": {}, "invite_bytes": {}, )"
               R"("retransmitted": {}, "retransmissions_seen": {}, "callee": {{"invited": {}, "answered": {}, "acknowledged": {}, "ended": {}, "cancelled": {}, )"
               R"("never_acknowledged": {}, "retransmitted": {}, "retransmissions_seen": {}}}, "own_drops": {}, "send_errors": {}, {}, {}}})" "\n",
               made.placed, made.answered, made.finished, made.failed, made.held_back, made.cut_off, caller.active(), made.bytes_in_invite,
               made.retransmitted, made.retransmissions_seen, taken.invited, taken.answered, taken.acknowledged, taken.ended, taken.cancelled,
               taken.never_acknowledged, taken.retransmitted, taken.retransmissions_seen, caller.dropped() + (callee ? callee->dropped() : 0),
               caller.send_errors() + (callee ? callee->send_errors() : 0), session.window_text(), steps_text(schedule));
    return made.failed + made.cut_off + caller.active() == 0 ? 0 : 1;
}

int rtp(Options& options) {
    Session session(options);
    const sockaddr_in near_address = parse_address(options.text("caller", ""), 1), far_address = parse_address(options.text("callee", ""), 1);
    MediaSide near(session.loop, media_settings(options, "caller", near_address, 30000)), far(session.loop, media_settings(options, "callee", far_address, 40000));
    const auto pairs = static_cast<std::size_t>(options.number("pairs", 100));
    sockaddr_in relay = parse_address(options.text("server", ""), 1);
    const int first = static_cast<int>(options.number("relay-port", 20000));
    for (std::size_t i = 0; i < pairs; ++i) {
        relay.sin_port = htons(static_cast<std::uint16_t>(first + 4 * static_cast<int>(i)));
        near.start(i, relay);
        relay.sin_port = htons(static_cast<std::uint16_t>(first + 4 * static_cast<int>(i) + 2));
        far.start(i, relay);
    }
    session.reset_media = [&] {
        near.reset();
        far.reset();
    };
    session.media_figures = [&] {
        return fmt::format(R"({{"caller": {}, "callee": {}}})", media_text(near, static_cast<double>(far.figures().sent)),
                           media_text(far, static_cast<double>(near.figures().sent)));
    };
    session.end_all = [&] { session.loop.stop(); };
    options.done();
    session.all_up(pairs);
    session.loop.run();
    fmt::print("{{{}}}\n", session.window_text());
    return 0;
}

int requests(Options& options, Requests::Kind kind) {
    Session session(options);
    Requests::Settings settings;
    settings.kind = kind;
    settings.server = parse_address(options.text("server", ""), 5060);
    settings.local = parse_address(options.text("local", ""), 5060);
    settings.user = options.text("user", "u#");
    settings.password = options.text("password", "secret");
    settings.users = static_cast<std::size_t>(options.number("users", 1000));
    settings.expires = static_cast<int>(options.number("expires", 3600));
    bool begun_all = false;
    Requests* asking = nullptr;
    Requests all(session.loop, settings, [&] {
        if (begun_all && asking->active() == 0) session.loop.stop();
    });
    asking = &all;
    Schedule schedule(session.loop, schedule_settings(options, session.target()), [&](std::size_t step, Time when) { all.begin(step, when); }, [&] {
        begun_all = true;
        session.no_more();
    });
    all.use(schedule);
    session.end_all = [&] { schedule.finish(); };
    options.done();
    const Time started = std::chrono::steady_clock::now();
    schedule.start();
    session.loop.run();
    const auto& figures = all.figures();
    fmt::print(R"({{"sent": {}, "succeeded": {}, "failed": {}, "challenged": {}, "left": {}, "retransmitted": {}, "retransmissions_seen": {}, )"
               R"("asked": {}, "seconds": {:.3f}, "own_drops": {}, "send_errors": {}, {}, {}}})" "\n",
               figures.sent, figures.succeeded, figures.failed, figures.challenged, all.active(), figures.retransmitted, figures.retransmissions_seen,
               figures.asked, seconds(std::chrono::steady_clock::now() - started), all.dropped(), all.send_errors(), session.window_text(),
               steps_text(schedule));
    return figures.failed + all.active() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bench

int main(int count, char** words) {
    const std::string_view what = count > 1 ? words[1] : "--help";
    bench::Options options(count > 2 ? count - 2 : 0, words + 2);
    if (what == "calls") return bench::calls(options);
    if (what == "rtp") return bench::rtp(options);
    if (what == "register") return bench::requests(options, bench::Requests::Kind::registration);
    if (what == "options") return bench::requests(options, bench::Requests::Kind::options);
    fmt::print(stderr, "{}", bench::help);
    return 2;
}
