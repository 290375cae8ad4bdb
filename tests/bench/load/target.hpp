// The measured process: CPU time by thread from /proc.
#pragma once

#include <sys/types.h>

#include <string>

namespace bench {

struct CpuTime {
    double main = 0, all = 0;  // seconds: of the thread whose id is the process's, and of all threads
};

/// Nanosecond-exact times on a CPU (/proc/PID/task/*/schedstat); zeros for pid 0. Threads that ended in between are missed.
CpuTime cpu_time(pid_t process);
/// CPU seconds of this process.
double own_cpu_time();

}  // namespace bench
