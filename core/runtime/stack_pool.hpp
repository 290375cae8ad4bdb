// Stacks of fibers: pooled address space with a guard at the low end. Private.
#pragma once

#include <cstddef>
#include <vector>

namespace jackfield {

class StackPool {
  public:
    // size: bytes of address space per stack, guard included; rounded up to pages.
    explicit StackPool(std::size_t size);
    ~StackPool();  // all stacks must be back
    StackPool(const StackPool&) = delete;
    StackPool& operator=(const StackPool&) = delete;

    char* take();           // lowest address; null when the system has no more mappings or address space
    void put(char* stack);  // gives memory of deep uses back to the system, but for a few

    std::size_t size() const { return size_; }
    static constexpr std::size_t guard_size =
        16 * 1024;  // wider than one page: a frame of a few KiB can't jump over it

  private:
    static constexpr std::size_t kStacksPerSlab = 64;
    static constexpr std::size_t kWarmBytes = 16 * 1024;  // kept resident at the top of a pooled stack
    static constexpr std::size_t kWarmStacks = 1024;      // pooled stacks that keep their warm bytes
    static constexpr std::size_t kLookBytes = 16 * 1024;  // below them, where a deep use shows
    static constexpr unsigned kPutsPerLook = 8;           // a look is a system call
    static constexpr unsigned kCloseLooks = 64;           // at each stack, after a deep one: they come in groups

    bool grow();
    bool guard(char* stack);

    std::size_t size_;
    unsigned puts_since_look_ = 0, close_looks_ = 0;
    bool light_guards_ = true;  // MADV_GUARD_INSTALL works; false: mprotect, which costs two mappings per stack
    std::vector<char*> fresh_;  // never used, without a guard yet
    std::vector<char*> free_;
    std::vector<char*> slabs_;
};

}  // namespace jackfield
