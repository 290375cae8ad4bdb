// Counts heap allocations of the calling thread: the binary has malloc and its kin of its own in front of the library's, which
// operator new calls too.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace bench {

/// Allocations that this thread has made so far.
std::uint64_t allocations();

/// From its making to its end; tells the benchmark how many there were for each operation ("allocs").
class CountAllocations {
  public:
    explicit CountAllocations(benchmark::State& state) : state_(state), before_(allocations()) {}
    ~CountAllocations() {
        state_.counters["allocs"] = benchmark::Counter(static_cast<double>(allocations() - before_), benchmark::Counter::kAvgIterations);
    }
    CountAllocations(const CountAllocations&) = delete;

  private:
    benchmark::State& state_;
    std::uint64_t before_;
};

}  // namespace bench
