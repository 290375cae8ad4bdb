// A first-in-first-out sequence that costs nothing while it is empty and unused: most queues of a call never hold a thing,
// and std::deque takes half a KiB for each of them.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace jackfield {

// Grows by doubling, never shrinks but by clear(). Not thread-safe. Elements move when it grows.
template <class T>
class Ring {
    static_assert(std::is_nothrow_move_constructible_v<T>);

  public:
    Ring() = default;
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() { clear(); }

    bool empty() const { return count_ == 0; }
    std::size_t size() const { return count_; }
    T& front() { return *at(0); }
    T& back() { return *at(count_ - 1); }

    T& push_back(T value) {
        if (count_ == capacity_) grow();
        T* const made = std::construct_at(at(count_), std::move(value));
        ++count_;
        return *made;
    }
    void pop_front() {
        std::destroy_at(at(0));
        first_ = (first_ + 1) & (capacity_ - 1);
        --count_;
    }
    void pop_back() { std::destroy_at(at(--count_)); }
    void clear() {  // gives the memory back
        while (!empty()) pop_front();
        if (values_) std::allocator<T>().deallocate(std::exchange(values_, nullptr), std::exchange(capacity_, 0));
        first_ = 0;
    }

  private:
    T* at(std::size_t position) { return values_ + ((first_ + position) & (capacity_ - 1)); }
    void grow() {
        const std::size_t larger = capacity_ ? 2 * capacity_ : 2;
        T* const moved = std::allocator<T>().allocate(larger);
        for (std::size_t i = 0; i < count_; ++i) {
            std::construct_at(moved + i, std::move(*at(i)));
            std::destroy_at(at(i));
        }
        if (values_) std::allocator<T>().deallocate(values_, capacity_);
        values_ = moved;
        capacity_ = larger;
        first_ = 0;
    }

    T* values_ = nullptr;
    std::size_t capacity_ = 0;  // a power of two, or 0
    std::size_t first_ = 0, count_ = 0;
};

}  // namespace jackfield
