// The end of patience at a stop: whatever hangs, the process is gone in time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace jackfield {

// Writes out the log and ends the process, or starts the program anew in it. Any thread.
[[noreturn]] void leave_now(bool restart);

// Leaves when the process still exists after `limit`. Destroying it calls that off.
class Deadline {
  public:
    Deadline(std::chrono::milliseconds limit, bool restart);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool off_ = false;
    std::thread thread_;
};

// Remembers how the program was started, for restart_program(). Once, in main().
void remember_arguments(int count, char** arguments);
// Replaces the process by a fresh run of the program, which stays in the background if this one was there.
[[noreturn]] void restart_program();
// True in a process that restart_program() made: it is where it belongs already and must not fork again.
bool was_restarted();

}  // namespace jackfield
