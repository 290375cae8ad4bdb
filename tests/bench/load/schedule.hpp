// What is begun when (open loop), and the figures of each stretch with one rate.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/bench/load/histogram.hpp"
#include "tests/bench/load/loop.hpp"
#include "tests/bench/load/target.hpp"

namespace bench {

struct Step {
    double rate = 0;  // begun per second
    Time begin, end;
    std::uint64_t begun = 0, answered = 0, failed = 0, retransmitted = 0, answered_at_end = 0;  // at the end of the step's own time
    std::map<std::string, std::uint64_t> failures;  // by status, or "timeout"
    Histogram latency;                              // from the scheduled moment to the final answer
    CpuTime cpu_begin, cpu_end;                     // of the target
    bool good = true;
};

/// Begins things at a rate by absolute time: one that comes late is measured from when it should have begun. A ramp goes on to
/// the next rate while a step is good: at most 1 % failed or overdue, p99 of the latency below the limit.
class Schedule {
  public:
    struct Settings {
        double rate = 100, step = 0, step_seconds = 5, last_rate = 0;  // step 0: one rate, `count` of them
        std::uint64_t count = 0;
        std::chrono::nanoseconds limit = std::chrono::milliseconds(100);
        pid_t target = 0;
    };
    using Begin = std::function<void(std::size_t step, Time scheduled)>;

    /// `ended` is called once, when the last was begun.
    Schedule(Loop& loop, const Settings& settings, Begin begin, std::function<void()> ended);
    void start();
    /// Begins nothing more.
    void finish();

    Step& step(std::size_t index) { return steps_[index]; }
    const std::vector<Step>& steps() const { return steps_; }
    /// The highest rate whose step was good; 0 for none.
    double best_rate() const;

  private:
    void begin_due();
    void next_step(Time begin);
    void close_step();
    bool judge(Step& step) const;
    Time due(const Step& step) const;

    Loop& loop_;
    Settings settings_;
    Begin begin_;
    std::function<void()> ended_;
    std::vector<Step> steps_;
    std::size_t kind_;
    std::uint64_t total_ = 0;
    bool over_ = false;
};

}  // namespace bench
