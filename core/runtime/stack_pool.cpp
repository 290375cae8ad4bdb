// Stacks of fibers.
#include "core/runtime/stack_pool.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/log.hpp"
#include "core/runtime/sanitizer.hpp"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102  // Linux 6.13; Debian 12's headers do not have it
#endif

namespace jackfield {
namespace {

std::size_t round_to_pages(std::size_t size) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return (size + page - 1) / page * page;
}

}  // namespace

StackPool::StackPool(std::size_t size) : size_(round_to_pages(std::max(size, guard_size + 4 * kWarmBytes))) {}

StackPool::~StackPool() {
    for (char* slab : slabs_) munmap(slab, size_ * kStacksPerSlab);
}

bool StackPool::grow() {
    void* slab = mmap(nullptr, size_ * kStacksPerSlab, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (slab == MAP_FAILED) return false;
    // A huge page would make each stack cost 2 MiB.
    madvise(slab, size_ * kStacksPerSlab, MADV_NOHUGEPAGE);
    slabs_.push_back(static_cast<char*>(slab));
    for (std::size_t i = kStacksPerSlab; i-- > 0;) fresh_.push_back(static_cast<char*>(slab) + i * size_);
    return true;
}

bool StackPool::guard(char* stack) {
    if (light_guards_) {
        if (madvise(stack, guard_size, MADV_GUARD_INSTALL) == 0) return true;
        if (errno == EINVAL) {
            light_guards_ = false;
            log_verbose(2, "this kernel has no MADV_GUARD_INSTALL: stacks are guarded by mprotect");
        }
    }
    return mprotect(stack, guard_size, PROT_NONE) == 0;
}

char* StackPool::take() {
    if (!free_.empty()) {
        char* stack = free_.back();
        free_.pop_back();
        sanitizer::unpoison(stack + guard_size, size_ - guard_size);  // the last user's entry frame never returned
        return stack;
    }
    if (fresh_.empty() && !grow()) return nullptr;
    char* stack = fresh_.back();
    if (!guard(stack)) return nullptr;
    fresh_.pop_back();
    return stack;
}

void StackPool::put(char* stack) {
    const bool warm = free_.size() < kWarmStacks;
    const std::size_t kept = warm ? kWarmBytes : 0;
    char* low = stack + guard_size;
    const std::size_t length = size_ - guard_size - kept;
    bool deep = !warm;
    if (warm && ++puts_since_look_ >= (close_looks_ ? 1 : kPutsPerLook)) {
        puts_since_look_ = 0;
        if (close_looks_) --close_looks_;
        // mincore() tells which pages were touched without touching them. Nothing that goes deeper leaps over all of these.
        unsigned char resident[kLookBytes / 4096];
        deep = mincore(low + length - kLookBytes, kLookBytes, resident) != 0 ||
               std::ranges::any_of(resident, [](unsigned char page) { return (page & 1) != 0; });
        if (deep) close_looks_ = kCloseLooks;
    }
    if (deep) madvise(low, length, MADV_DONTNEED);
    free_.push_back(stack);
}

}  // namespace jackfield
