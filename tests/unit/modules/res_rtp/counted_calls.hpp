// Counts what a thread asks of the heap and of locks, in programs that link counted_calls.cpp.
#pragma once

#include <cstdint>

namespace jackfield::testing {

struct CallCounts {
    std::uint64_t allocations = 0;  // malloc, calloc, realloc, aligned ones, and so operator new
    std::uint64_t locks = 0;        // of mutexes and read-write locks, waits for conditions
};

// The calls of the running thread since it was started; each thread has its own.
CallCounts counted_calls();

}  // namespace jackfield::testing
