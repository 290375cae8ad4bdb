// The runtime and the configuration: events, timers, parsing.
#include <fmt/format.h>

#include <deque>

#include "core/config/parser.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/timer.hpp"
#include "core/runtime/timer_wheel.hpp"
#include "tests/bench/pieces/allocations.hpp"

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

struct Happened {
    static constexpr std::string_view topic = "bench.happened";
    int number;
};

void event_bus(benchmark::State& state) {
    ControlLoop loop;
    std::vector<Subscription> subscriptions;
    int heard = 0;
    for (std::int64_t i = 0; i < state.range(0); ++i)
        subscriptions.push_back(subscribe<Happened>([&](const Happened& event) { heard += event.number; }));
    const bench::CountAllocations counted(state);
    for (auto _ : state) publish(Happened{1});
    benchmark::DoNotOptimize(heard);
}
BENCHMARK(event_bus)->Arg(0)->Arg(1)->Arg(5);

// Starting one of many timers anew, while the clock goes on and some expire.
void timer_wheel(benchmark::State& state) {
    ControlLoop loop;
    Instant now{1h};
    TimerWheel wheel(now);
    std::deque<Timer> timers;
    std::uint64_t fired = 0;
    for (std::int64_t i = 0; i < state.range(0); ++i) timers.emplace_back([&fired] { ++fired; });
    std::size_t next = 0;
    const auto pass = [&] {
        Timer& timer = timers[next];
        next = next + 1 < timers.size() ? next + 1 : 0;
        wheel.remove(timer);
        wheel.insert(timer, now + 32s);
        if (next % 16 == 0) wheel.advance(now += 1ms);
    };
    for (std::int64_t i = 0; i < state.range(0); ++i) pass();
    const bench::CountAllocations counted(state);
    for (auto _ : state) pass();
    for (Timer& timer : timers) wheel.remove(timer);
    benchmark::DoNotOptimize(fired);
}
BENCHMARK(timer_wheel)->Arg(1000)->Arg(500'000);

// One section of pjsip.conf with a template, of so many.
void config_parse(benchmark::State& state) {
    std::string text = "[phone](!)\ntype = endpoint\ncontext = default\ndisallow = all\nallow = ulaw,alaw\n";
    for (std::int64_t i = 0; i < state.range(0); ++i) text += fmt::format("[u{0:06}](phone)\nauth = u{0:06}\naors = u{0:06} ; its place\n", i);
    const MemoryFiles files;
    const std::uint64_t before = bench::allocations();
    for (auto _ : state) {
        Diagnostics findings;
        benchmark::DoNotOptimize(parse_config_text("pjsip.conf", text, files, {}, findings));
    }
    state.counters["allocs"] = static_cast<double>(bench::allocations() - before) / static_cast<double>(state.iterations() * state.range(0));
    state.counters["per_section"] = benchmark::Counter(static_cast<double>(state.range(0)),
                                                       benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(config_parse)->Arg(100)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
