// How long work takes on the running thread, so that tests can tell work that grows with a table from work that does not.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>

namespace jackfield::testing {

// The least time of several runs, in CPU time of this thread: what else the machine does only adds to it.
template <class F>
std::chrono::nanoseconds least_thread_time(F work, int runs = 9) {
    const auto now = [] {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    };
    auto least = std::chrono::nanoseconds::max();
    for (int i = 0; i < runs; ++i) {
        const auto start = now();
        work();
        least = std::min(least, now() - start);
    }
    return least;
}

}  // namespace jackfield::testing
