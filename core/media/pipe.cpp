// Two ports back to back.
#include "core/media/pipe.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace jackfield {
namespace {

// A loop of pipes and looped streams ends here instead of on the stack's guard page.
constexpr int deepest_pipes = 16;
thread_local int depth = 0;

// Frames and digits from the thread of one end to that of the other. One writer, one reader.
class FrameRing {
  public:
    static constexpr std::size_t size = 32;
    struct Entry {
        Frame frame;
        std::optional<FrameBuffer> bytes;  // of the frame; empty: a digit
        Digit digit;
    };
    // False when full.
    bool push(const Frame& frame) {
        Entry* const entry = place(size - reserved);
        if (!entry || frame.payload.size() > FrameBuffer::capacity) return false;
        entry->bytes.emplace();
        std::memcpy(entry->bytes->data(), frame.payload.data(), frame.payload.size());
        entry->frame = frame;
        entry->frame.payload = entry->bytes->bytes().first(frame.payload.size());
        publish();
        return true;
    }
    bool push(const Digit& digit) {  // digits have places that audio can't take
        Entry* const entry = place(size);
        if (!entry) return false;
        entry->bytes.reset();
        entry->digit = digit;
        publish();
        return true;
    }
    Entry* front() {
        const auto at = read_.load(std::memory_order_relaxed);
        return at == written_.load(std::memory_order_acquire) ? nullptr : &entries_[at % size];
    }
    void pop() {
        const auto at = read_.load(std::memory_order_relaxed);
        entries_[at % size].bytes.reset();
        read_.store(at + 1, std::memory_order_release);
    }
    std::size_t waiting() const {
        return written_.load(std::memory_order_acquire) - read_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr std::size_t reserved = 8;
    Entry* place(std::size_t limit) {
        const auto at = written_.load(std::memory_order_relaxed);
        return at - read_.load(std::memory_order_acquire) >= limit ? nullptr : &entries_[at % size];
    }
    void publish() { written_.store(written_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
    std::array<Entry, size> entries_;
    std::atomic<std::uint32_t> written_{0}, read_{0};
};

class PipeEnd;

struct Side {
    std::atomic<MediaThread*> thread{nullptr};  // where the end lives; null: nowhere
    PipeEnd* end = nullptr;                     // touched on that thread only
    FrameRing inbound;                               // written by the other end
    int wake = -1;
};

struct Pipe {
    std::array<Side, 2> sides;
    ~Pipe() {
        for (Side& side : sides)
            if (side.wake >= 0) close(side.wake);
    }
};

class PipeEnd final : public Port, Pollable {
  public:
    PipeEnd(std::shared_ptr<Pipe> pipe, std::size_t side)
        : pipe_(std::move(pipe)), own_(pipe_->sides[side]), other_(pipe_->sides[1 - side]) {}

    void write(const Frame& frame) override { pass(frame); }
    bool write_digit(const Digit& digit) override {
        pass(digit);
        return true;
    }
    void attach(MediaThread& thread) override {
        own_.end = this;
        own_.thread.store(&thread, std::memory_order_release);
        thread.add(own_.wake, *this);
    }
    void detach() override {
        MediaThread* const thread = own_.thread.exchange(nullptr, std::memory_order_release);
        thread->remove(own_.wake);
        own_.end = nullptr;
    }

  private:
    void readable() override {
        eventfd_t count;
        eventfd_read(own_.wake, &count);
        // A reader that was held up does not play the past: what is older than some packets is left out.
        constexpr std::size_t most = 6;
        std::size_t left = own_.inbound.waiting();
        for (FrameRing::Entry* entry; left > 0 && (entry = own_.inbound.front()); --left) {
            if (!entry->bytes)
                receive_digit(entry->digit);
            else if (left <= most)
                receive(entry->frame);
            own_.inbound.pop();
        }
    }

    static void hand_over(PipeEnd& end, const Frame& frame) { end.receive(frame); }
    static void hand_over(PipeEnd& end, const Digit& digit) { end.receive_digit(digit); }

    template <class T>
    void pass(const T& what) {
        MediaThread* const here = own_.thread.load(std::memory_order_relaxed);
        MediaThread* const there = other_.thread.load(std::memory_order_acquire);
        if (here != there) {
            // While the other end is on its way from one thread to another, the ring keeps what comes.
            if (other_.inbound.push(what)) eventfd_write(other_.wake, 1);
            return;
        }
        // It lives on this thread, so it can't leave while this runs.
        if (depth >= deepest_pipes) return;
        ++depth;
        PipeEnd& end = *other_.end;
        if (other_.inbound.front()) end.readable();
        hand_over(end, what);
        --depth;
    }

    const std::shared_ptr<Pipe> pipe_;
    Side &own_, &other_;
};

}  // namespace

Result<PipePair> make_pipe() {
    auto pipe = std::make_shared<Pipe>();
    for (Side& side : pipe->sides) {
        side.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (side.wake < 0)
            return fail(ErrorCode::limit, "no descriptor for a Local channel's audio: {}", std::strerror(errno));
    }
    return PipePair{std::make_unique<PipeEnd>(pipe, 0), std::make_unique<PipeEnd>(pipe, 1)};
}

}  // namespace jackfield
