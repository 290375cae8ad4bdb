// The bounded queue between those who log and the writer thread. Private to core/base.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/log_sink.hpp"

namespace jackfield::detail {

// Many producers, one consumer, no lock: each slot carries the number of the turn in which it may be used (D. Vyukov's
// bounded queue). Short texts live in the slot; longer ones on the heap, bounded in total.
class LogQueue {
  public:
    static constexpr std::size_t capacity = 4096;
    static constexpr std::size_t inline_text = 160;
    static constexpr std::size_t longest_text = 64 * 1024;
    static constexpr std::size_t heap_limit = 16 * 1024 * 1024;

    LogQueue() : slots_(std::make_unique<Slot[]>(capacity)) {
        for (std::size_t i = 0; i < capacity; ++i) slots_[i].turn.store(i, std::memory_order_relaxed);
    }

    // False when full: the caller counts the line as lost.
    bool push(const LogLine& line, std::size_t limit) {
        std::unique_ptr<char[]> heap;
        const std::size_t size = std::min(line.text.size(), longest_text);
        if (size > inline_text) {
            if (heap_used_.fetch_add(size, std::memory_order_relaxed) + size > heap_limit) {
                heap_used_.fetch_sub(size, std::memory_order_relaxed);
                return false;
            }
            heap.reset(new char[size]);
        }
        auto position = tail_.load(std::memory_order_relaxed);
        for (;;) {
            Slot& slot = slots_[position % capacity];
            const auto turn = slot.turn.load(std::memory_order_acquire);
            const bool room = position - head_.load(std::memory_order_relaxed) < limit;
            if (turn == position && room) {
                if (!tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed)) continue;
                char* const text = heap ? heap.get() : slot.text.data();
                std::memcpy(text, line.text.data(), size);
                slot.line = line;
                slot.heap = std::move(heap);
                slot.line.text = std::string_view(text, size);
                slot.turn.store(position + 1, std::memory_order_release);
                return true;
            }
            const auto now = tail_.load(std::memory_order_relaxed);
            if (now == position) {
                if (heap) heap_used_.fetch_sub(size, std::memory_order_relaxed);
                return false;
            }
            position = now;
        }
    }

    // Calls write(line) for the oldest line; false when there is none. One thread at a time.
    template <class Write>
    bool pop(Write&& write) {
        const auto position = head_.load(std::memory_order_relaxed);
        Slot& slot = slots_[position % capacity];
        if (slot.turn.load(std::memory_order_acquire) != position + 1) return false;
        write(static_cast<const LogLine&>(slot.line));
        if (slot.heap) {
            heap_used_.fetch_sub(slot.line.text.size(), std::memory_order_relaxed);
            slot.heap.reset();
        }
        slot.turn.store(position + capacity, std::memory_order_release);
        head_.store(position + 1, std::memory_order_relaxed);
        return true;
    }

    // How many lines were ever accepted; everything up to here has been written once popped() has reached it.
    std::uint64_t pushed() const { return tail_.load(std::memory_order_acquire); }
    std::uint64_t popped() const { return head_.load(std::memory_order_acquire); }

  private:
    struct Slot {
        std::atomic<std::uint64_t> turn;
        LogLine line;
        std::unique_ptr<char[]> heap;
        std::array<char, inline_text> text;
    };
    std::unique_ptr<Slot[]> slots_;
    alignas(64) std::atomic<std::uint64_t> tail_{0};
    alignas(64) std::atomic<std::uint64_t> head_{0};
    std::atomic<std::size_t> heap_used_{0};
};

}  // namespace jackfield::detail
