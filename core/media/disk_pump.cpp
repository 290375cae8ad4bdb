// The timer that looks after reading ahead and writing behind.
#include "core/media/disk_pump.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "core/runtime/control.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield {

// Control thread.
class DiskPump {
  public:
    void add(std::shared_ptr<DiskWork> work) {
        all_.push_back(std::move(work));
        if (!timer_) timer_ = std::make_unique<Timer>([this] { turn(); });
        if (!timer_->running()) timer_->start(interval);
    }

  private:
    static constexpr std::chrono::milliseconds interval{100};

    void turn() {
        std::erase_if(all_, [](std::shared_ptr<DiskWork>& work) {
            if (work->busy_.load(std::memory_order_acquire)) return false;
            if (work->abandoned_.load(std::memory_order_acquire)) {
                // Closing a file may block; when the lane is full the reference ends here instead.
                default_lane().submit([work = std::move(work)]() mutable { work.reset(); });
                return true;
            }
            if (work->wants()) start(work);
            return false;
        });
        if (all_.empty())
            timer_.reset();  // also from its own function
        else
            timer_->start(interval);
    }
    static void start(const std::shared_ptr<DiskWork>& work) {
        work->busy_.store(true, std::memory_order_relaxed);
        const bool taken = default_lane().submit([work] {
            work->work();
            work->busy_.store(false, std::memory_order_release);
        });
        if (!taken) work->busy_.store(false, std::memory_order_relaxed);  // the next turn tries again
    }

    std::vector<std::shared_ptr<DiskWork>> all_;
    std::unique_ptr<Timer> timer_;  // only while there is work, so that none outlives the loop
};

namespace {
DiskPump& pump() {
    static auto* const the_pump = new DiskPump;  // never destroyed: it may still hold a timer when statics go
    return *the_pump;
}
}  // namespace

void keep_supplied(std::shared_ptr<DiskWork> work) {
    if (on_control_thread()) return pump().add(std::move(work));
    post([work = std::move(work)]() mutable { pump().add(std::move(work)); });
}

}  // namespace jackfield
