// Counts heap allocations: malloc and its kin in front of those of glibc.
#include "tests/bench/pieces/allocations.hpp"

#include <cerrno>
#include <cstddef>

namespace {
thread_local constinit std::uint64_t count = 0;
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
    ++count;
    return __libc_malloc(size);
}
void* calloc(std::size_t members, std::size_t size) {
    ++count;
    return __libc_calloc(members, size);
}
void* realloc(void* old, std::size_t size) {
    ++count;
    return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    ++count;
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** made, std::size_t alignment, std::size_t size) {
    ++count;
    *made = __libc_memalign(alignment, size);
    return *made ? 0 : ENOMEM;
}
}

namespace bench {

std::uint64_t allocations() { return count; }

}  // namespace bench
