// Frame buffers: blocks of a per-thread pool that may be given back on any thread.
#include "core/media/frame.hpp"

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace jackfield {
namespace {

class Pool;

struct Block {
    Pool* owner;
    Block* next;
    alignas(16) std::uint8_t bytes[FrameBuffer::capacity];
};

// The blocks of one thread. Pools live as long as the process, for a buffer may outlive the thread that took it; a new
// thread takes over the pool of one that has ended.
class Pool {
  public:
    Block* take() {
        if (!free_) free_ = returned_.exchange(nullptr, std::memory_order_acquire);
        if (!free_) return new Block{this, nullptr, {}};
        return std::exchange(free_, free_->next);
    }
    void put_here(Block* block) {
        block->next = free_;
        free_ = block;
    }
    void put_from_elsewhere(Block* block) {
        block->next = returned_.load(std::memory_order_relaxed);
        while (!returned_.compare_exchange_weak(block->next, block, std::memory_order_release,
                                                std::memory_order_relaxed)) {
        }
    }

  private:
    Block* free_ = nullptr;
    std::atomic<Block*> returned_{nullptr};
};

std::mutex idle_mutex;

std::vector<Pool*>& idle_pools() {  // guarded by idle_mutex; never destroyed: threads may end after main()
    static auto* pools = new std::vector<Pool*>;
    return *pools;
}

// Gives the pool to the next thread when this one ends.
struct ThreadPool {
    Pool* pool;
    ThreadPool() {
        const std::lock_guard lock(idle_mutex);
        if (idle_pools().empty()) {
            pool = new Pool;
        } else {
            pool = idle_pools().back();
            idle_pools().pop_back();
        }
    }
    ~ThreadPool() {
        const std::lock_guard lock(idle_mutex);
        idle_pools().push_back(pool);
    }
};

Pool& thread_pool() {
    thread_local ThreadPool own;
    return *own.pool;
}

}  // namespace

std::uint32_t new_frame_source() {
    static std::atomic<std::uint32_t> last{0};
    std::uint32_t name;
    do name = last.fetch_add(1, std::memory_order_relaxed) + 1;
    while (name == 0);
    return name;
}

FrameBuffer::FrameBuffer() : block_(thread_pool().take()) {}

FrameBuffer::~FrameBuffer() {
    if (!block_) return;
    auto* const block = static_cast<Block*>(block_);
    if (Pool& here = thread_pool(); block->owner == &here)
        here.put_here(block);
    else
        block->owner->put_from_elsewhere(block);
}

FrameBuffer::FrameBuffer(FrameBuffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}

FrameBuffer& FrameBuffer::operator=(FrameBuffer&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
}

std::uint8_t* FrameBuffer::data() { return static_cast<Block*>(block_)->bytes; }

}  // namespace jackfield
