// The measured process: CPU time by thread from /proc.
#include "tests/bench/load/target.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>

namespace bench {

CpuTime cpu_time(pid_t process) {
    CpuTime sum;
    if (process == 0) return sum;
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process), gone)) {
        std::ifstream file(task.path() / "schedstat");
        double nanoseconds = 0;
        file >> nanoseconds;
        sum.all += nanoseconds / 1e9;
        if (task.path().filename() == std::to_string(process)) sum.main += nanoseconds / 1e9;
    }
    return sum;
}

double own_cpu_time() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace bench
