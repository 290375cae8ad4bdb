// What is begun when, and the figures of each stretch with one rate.
#include "tests/bench/load/schedule.hpp"

#include "tests/bench/load/timing.hpp"

namespace bench {
namespace {

constexpr double tolerated_failures = 0.01, overdue_after_seconds = 0.5;

}  // namespace

Schedule::Schedule(Loop& loop, const Settings& settings, Begin begin, std::function<void()> ended)
    : loop_(loop), settings_(settings), begin_(std::move(begin)), ended_(std::move(ended)) {
    kind_ = loop_.timer_kind([this](std::uint64_t) { begin_due(); });
}

void Schedule::start() {
    next_step(std::chrono::steady_clock::now());
    begin_due();
}

void Schedule::next_step(Time begin) {
    if (!steps_.empty()) close_step();
    Step step;
    step.rate = steps_.empty() ? settings_.rate : steps_.back().rate + settings_.step;
    step.begin = begin;
    step.end = settings_.step > 0 ? begin + from_seconds(settings_.step_seconds) : Time::max();
    step.cpu_begin = step.cpu_end = cpu_time(settings_.target);
    steps_.push_back(step);
}

Time Schedule::due(const Step& step) const { return step.begin + from_seconds(static_cast<double>(step.begun) / step.rate); }

void Schedule::begin_due() {
    const Time now = std::chrono::steady_clock::now();
    while (!over_) {
        Step& step = steps_.back();
        const Time when = due(step);
        if (when >= step.end) {
            if (now < step.end) return loop_.at(step.end, kind_, 0);
            step.good = judge(step);
            if (!step.good || step.rate + settings_.step > settings_.last_rate) return finish();
            next_step(now);
            continue;
        }
        if (when > now) return loop_.at(when, kind_, 0);
        ++step.begun;
        ++total_;
        begin_(steps_.size() - 1, when);
        if (settings_.count > 0 && total_ >= settings_.count) return finish();
    }
}

void Schedule::finish() {
    if (over_) return;
    over_ = true;
    if (!steps_.empty()) close_step();
    ended_();
}

void Schedule::close_step() {
    steps_.back().cpu_end = cpu_time(settings_.target);
    steps_.back().answered_at_end = steps_.back().answered;
}

bool Schedule::judge(Step& step) const {
    const double begun = static_cast<double>(step.begun), waiting = begun - static_cast<double>(step.answered + step.failed);
    const double overdue = std::max(0.0, waiting - overdue_after_seconds * step.rate);
    return static_cast<double>(step.failed) + overdue <= tolerated_failures * begun && step.latency.quantile(0.99) <= settings_.limit;
}

double Schedule::best_rate() const {
    double best = 0;
    for (const Step& step : steps_)
        if (step.good && step.answered > 0) best = std::max(best, step.rate);
    return best;
}

}  // namespace bench
