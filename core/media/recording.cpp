// Recordings: a tap on the media thread, a ring, and a writer in the pool.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "core/base/log.hpp"
#include "core/media/disk_pump.hpp"
#include "core/media/recording_ring.hpp"
#include "core/media/sound_file.hpp"
#include "core/media/sound_writer.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield {
namespace {

using std::chrono::milliseconds;

// Shared by the tap, the pump and the control side.
class Recorder final : public DiskWork {
  public:
    Recorder(std::unique_ptr<SoundWriter> writer, Tap::Direction direction)
        : writer_(std::move(writer)),
          direction_(direction),
          rate_(writer_->linear()->rate),
          ring_(std::size_t{rate_.hz} * ring_seconds * (direction == Tap::Direction::both ? 2 : 1)) {}
    ~Recorder() override {
        const std::lock_guard lock(mutex_);  // the other thread's last turn has ended
        finish({});
    }

    const Codec* linear() const { return writer_->linear(); }
    const std::string& path() const { return writer_->path(); }
    milliseconds length() const {
        const std::uint64_t samples =
            std::max(heard_[0].load(std::memory_order_relaxed), heard_[1].load(std::memory_order_relaxed));
        return milliseconds(samples * 1000 / rate_.hz);
    }

    // Media thread.
    void hear(const Frame& frame, Tap::Direction direction) {
        if (closed_.load(std::memory_order_acquire) || frame.codec != writer_->linear()) return;
        const bool second = direction_ == Tap::Direction::both && direction == Tap::Direction::write;
        for (auto pcm = frame.linear(); !pcm.empty();) {
            const auto block = pcm.first(std::min(pcm.size(), RecordingRing::most_in_block));
            if (!ring_.push(second, block)) lost_.fetch_add(block.size(), std::memory_order_relaxed);
            heard_[second].fetch_add(block.size(), std::memory_order_relaxed);
            pcm = pcm.subspan(block.size());
        }
    }

    // Blocks. The tap's frames are ignored from now on.
    Result<void> close(milliseconds drop_last) {
        closed_.store(true, std::memory_order_release);
        const std::lock_guard lock(mutex_);
        return finish(drop_last);
    }

  protected:
    bool wants() const override { return !ring_.empty(); }
    void work() override {
        const std::lock_guard lock(mutex_);
        if (!finished_) drain(false);
    }

  private:
    static constexpr unsigned ring_seconds = 4;      // a disk may hang that long
    static constexpr unsigned most_behind_ms = 200;  // of one direction, before it counts as silent

    Result<void> finish(milliseconds drop_last) {
        if (std::exchange(finished_, true)) return {};
        drain(true);
        auto closed = writer_->close(drop_last);
        if (const auto lost = lost_.load(std::memory_order_relaxed))
            log_warning("recording {}: the disk was too slow, {} ms are missing", writer_->path(),
                        lost * 1000 / rate_.hz);
        if (failure_) return std::unexpected(*failure_);
        return closed;
    }
    void drain(bool all) {
        while (ring_.pop(first_, second_)) {
        }
        if (direction_ == Tap::Direction::both) {
            // Both sides run on one clock; a side from which nothing comes (mute, hold) must not hold up the other.
            const std::size_t behind = all ? 0 : std::size_t{rate_.hz} * most_behind_ms / 1000;
            const std::size_t longer = std::max(first_.size(), second_.size());
            const std::size_t both = std::min(first_.size(), second_.size());
            const std::size_t ready = std::max(both, longer > behind ? longer - behind : 0);
            first_.resize(std::max(first_.size(), ready));
            second_.resize(std::max(second_.size(), ready));
            mixed_.resize(ready);
            for (std::size_t i = 0; i < ready; ++i)
                mixed_[i] = static_cast<std::int16_t>(std::clamp(first_[i] + second_[i], -32768, 32767));
            first_.erase(first_.begin(), first_.begin() + static_cast<std::ptrdiff_t>(ready));
            second_.erase(second_.begin(), second_.begin() + static_cast<std::ptrdiff_t>(ready));
        } else {
            mixed_.swap(first_);
            first_.clear();
        }
        if (mixed_.empty() || failure_) return;
        if (auto written = writer_->write(mixed_); !written) {
            failure_ = written.error();
            log_warning("recording {} ends here: {}", writer_->path(), failure_->text);
        }
    }

    std::mutex mutex_;  // of the pool's threads: the pump's turn and close()
    std::unique_ptr<SoundWriter> writer_;
    const Tap::Direction direction_;
    const SampleRate rate_;
    RecordingRing ring_;
    std::atomic<bool> closed_{false};
    std::atomic<std::uint64_t> heard_[2]{}, lost_{0};
    // Under the mutex:
    bool finished_ = false;
    std::optional<Error> failure_;
    std::vector<std::int16_t> first_, second_, mixed_;
};

class RecordingTap final : public Tap {
  public:
    RecordingTap(std::shared_ptr<Recorder> recorder, Direction direction)
        : Tap(direction), recorder_(std::move(recorder)) {}
    const Codec* wants() const override { return recorder_->linear(); }
    void hear(const Frame& frame, Direction direction) override { recorder_->hear(frame, direction); }

  private:
    std::shared_ptr<Recorder> recorder_;
};

}  // namespace

struct Recording::Private {
    std::shared_ptr<Recorder> recorder;
    Tap::Direction direction;
    bool tapped = false;
};

Recording::Recording(std::unique_ptr<Private> made) : private_(std::move(made)) {}

Result<std::unique_ptr<Recording>> Recording::create(const std::string& path, const std::string& format, bool append,
                                                     Tap::Direction direction) {
    auto writer = JF_TRY(SoundWriter::make(path, format));
    JF_TRY(offload([&] { return writer->open(append); }));
    auto made = std::make_unique<Private>();
    made->recorder = std::make_shared<Recorder>(std::move(writer), direction);
    made->direction = direction;
    keep_supplied(made->recorder);
    return std::unique_ptr<Recording>(new Recording(std::move(made)));
}

Recording::~Recording() {
    // The pool completes the file; when it is too busy even for that, the last reference does.
    auto recorder = private_->recorder;
    default_lane().submit([recorder] {
        if (const auto closed = recorder->close({}); !closed)
            log_warning("recording {}: {}", recorder->path(), closed.error().text);
    });
    recorder->abandon();
}

std::unique_ptr<Tap> Recording::tap() {
    if (std::exchange(private_->tapped, true)) return nullptr;
    return std::make_unique<RecordingTap>(private_->recorder, private_->direction);
}

milliseconds Recording::length() const { return private_->recorder->length(); }

Result<void> Recording::close(milliseconds drop_last) {
    return offload([recorder = private_->recorder, drop_last] { return recorder->close(drop_last); });
}

}  // namespace jackfield
