// Starts and stops the media threads.
#include "core/media/media_engine.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"

namespace jackfield {
namespace {

// Those that the process may use: containers and taskset give fewer than the machine has.
unsigned usable_cores() {
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<unsigned>(std::max(1, CPU_COUNT(&cores)));
    return std::max(1u, std::thread::hardware_concurrency());
}

MediaEngine* the_engine = nullptr;  // control thread

// Counts down when it comes back: by then everything before it has come back as well.
class PassCommand final : public MediaCommand {
  public:
    PassCommand(std::size_t& left, Latch& passed) : left_(left), passed_(passed) {}
    void run(MediaLoop&) override {}
    void finished() override {
        if (--left_ == 0) passed_.set();
    }

  private:
    std::size_t& left_;
    Latch& passed_;
};

}  // namespace

MediaLoop* MediaEngine::Private::choose() {
    const auto least = std::min_element(residents.begin(), residents.end());
    ++*least;
    return loops[static_cast<std::size_t>(least - residents.begin())].get();
}

void MediaEngine::Private::submit(MediaLoop* loop, std::unique_ptr<MediaCommand> command) {
    if (!loop) return;
    loop->submit(std::move(command));
    Private& engine = the_engine->internals();
    if (std::exchange(engine.flush_planned, true)) return;
    const auto flush = [] {
        if (!the_engine) return;
        Private& present = the_engine->internals();
        present.flush_planned = false;
        for (const auto& each : present.loops) each->flush();
    };
    if (ControlLoop::instance())
        at_end_of_turn(flush);
    else
        flush();
}

MediaEngine::MediaEngine(unsigned threads) : private_(std::make_unique<Private>()) {
    if (threads == 0) threads = usable_cores();
    for (unsigned i = 0; i < threads; ++i) private_->loops.push_back(std::make_unique<MediaLoop>(i));
    private_->residents.assign(threads, 0);
    the_engine = this;
    for (const auto& loop : private_->loops) loop->start();
}

MediaEngine::~MediaEngine() {
    for (const auto& loop : private_->loops) loop->flush();  // all first: one may wait for what another gives
    for (const auto& loop : private_->loops) loop->stop();
    private_->loops.clear();
    the_engine = nullptr;
}

MediaEngine* MediaEngine::instance() { return the_engine; }

unsigned MediaEngine::threads() const { return static_cast<unsigned>(private_->loops.size()); }

Result<void> MediaEngine::pass_turn() {
    const Shield shield;
    Latch passed;
    std::size_t left = private_->loops.size();
    for (const auto& loop : private_->loops) Private::submit(loop.get(), std::make_unique<PassCommand>(left, passed));
    return passed.wait();
}

std::unique_ptr<TranslationPath> make_path(const Codec* from, const Codec* to) {
    auto path = TranslationPath::find(from, to);
    if (path) return std::move(*path);
    static RateLimit limit(std::chrono::seconds(1));
    if (limit.allow(Clock::now()))
        log_warning("audio is dropped: {} ({} more not shown)", path.error().text, limit.taken());
    return nullptr;
}

}  // namespace jackfield
