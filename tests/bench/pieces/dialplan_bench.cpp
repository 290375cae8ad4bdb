// The dialplan: match, execute, substitute, expressions.
#include "core/dialplan/expression.hpp"
#include "core/dialplan/plan_builder.hpp"
#include "core/dialplan/template.hpp"
#include "tests/bench/pieces/allocations.hpp"
#include "tests/unit/core/dialplan/dialplan_fixture.hpp"
#include "tests/unit/core/dialplan/test_source.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

std::shared_ptr<const Dialplan> plan_of(std::int64_t extensions) {
    std::string text = "[default]\nexten => _9NXXXXXXXX,1,NoOp()\nexten => _0.,1,NoOp()\ninclude => others\n[others]\nexten => _7XXXXX,1,NoOp()\n[default](+)\n";
    for (std::int64_t i = 0; i < extensions; ++i) text += fmt::format("exten => 8{:06},1,NoOp()\n", i);
    const MemoryFiles files;
    Diagnostics findings;
    const ConfigFile file = parse_config_text("extensions.conf", text, files, {}, findings);
    DialplanBuilder builder;
    load_dialplan(file, builder, findings);
    return builder.build();
}

// Numbers all over the plan, so that its nodes come from memory and not from the nearest cache.
void match(benchmark::State& state) {
    const auto plan = plan_of(state.range(0));
    std::vector<std::string> numbers;
    for (std::int64_t i = 0; i < 1024; ++i) numbers.push_back(fmt::format("8{:06}", i * 7919 % state.range(0)));
    std::size_t next = 0;
    const bench::CountAllocations counted(state);
    for (auto _ : state) {
        const PlanMatch found = plan->find({.context = "default", .extension = numbers[next++ % numbers.size()]});
        if (!found) state.SkipWithError("not found");
        benchmark::DoNotOptimize(found);
    }
}
BENCHMARK(match)->Arg(100)->Arg(100'000);

void match_of_a_pattern_in_an_include(benchmark::State& state) {
    const auto plan = plan_of(state.range(0));
    const bench::CountAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(plan->find({.context = "default", .extension = "712345"}));
}
BENCHMARK(match_of_a_pattern_in_an_include)->Arg(100)->Arg(100'000);

void substitution(benchmark::State& state) {
    test::TestSource source;
    source.variables = {{"EXTEN", "5551212"}, {"NAME", "alpha"}};
    const Template compiled = Template::compile("PJSIP/${EXTEN:3}@${NAME}-trunk,30,g");
    const bench::CountAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(compiled.evaluate(source));
}
BENCHMARK(substitution);

void expression(benchmark::State& state) {
    test::TestSource source;
    const bench::CountAllocations counted(state);
    for (auto _ : state) benchmark::DoNotOptimize(evaluate_expression("12 + 30 * 2 > 70 & abc = abc", source));
}
BENCHMARK(expression);

// Priorities of one call, from an application that takes the time to another that does; the executor's own yields are in it.
void execute_a_priority(benchmark::State& state) {
    struct Calls : DialplanTest {
        void settle() { loop->run_until_idle(); }
    } calls;
    calls.setUp();
    {
        Module apps("app_bench");
        std::chrono::steady_clock::time_point begin, end;
        std::uint64_t allocated = 0;
        constexpr ApplicationInfo first{.name = "First", .syntax = "x", .synopsis = "x", .text = "x"},
            nothing{.name = "Nothing", .syntax = "x", .synopsis = "x", .text = "x"}, last{.name = "Last", .syntax = "x", .synopsis = "x", .text = "x"};
        (void)apps.add(first, [&](Channel&, const Arguments&) -> Result<void> {
            begin = std::chrono::steady_clock::now();
            allocated -= bench::allocations();
            return {};
        });
        (void)apps.add(nothing, [](Channel&, const Arguments&) -> Result<void> { return {}; });
        (void)apps.add(last, [&](Channel&, const Arguments&) -> Result<void> {
            end = std::chrono::steady_clock::now();
            allocated += bench::allocations();
            return {};
        });
        constexpr int priorities = 1000;
        std::string text = "[default]\nexten => 1,1,First()\n";
        for (int i = 0; i < priorities; ++i) text += " same => n,Nothing(${EXTEN} at ${PRIORITY})\n";
        DialplanTest::plan(text + " same => n,Last()\n");
        for (auto _ : state) {
            calls.run_call("1");
            state.SetIterationTime(std::chrono::duration<double>(end - begin).count() / priorities);
        }
        state.counters["allocs"] = static_cast<double>(allocated) / static_cast<double>(state.iterations()) / priorities;
        calls.settle();
    }
    calls.tearDown();
}
BENCHMARK(execute_a_priority)->UseManualTime()->Iterations(20);

}  // namespace
