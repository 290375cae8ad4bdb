// Preloaded into a daemon: counts the heap allocations of its first thread, the control thread, in the file that
// JACKFIELD_ALLOCATIONS names (eight bytes, mapped, so that they can be read while it runs).
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

std::uint64_t before_start = 0;
std::uint64_t* count = &before_start;

// Found before main(): no allocation comes from dlsym() for a name that is there.
template <class F>
F* next(const char* name) {
    return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

void note() {
    static thread_local const bool first __attribute__((tls_model("initial-exec"))) = gettid() == getpid();
    if (first) ++*count;
}

[[gnu::constructor]] void open_file() {
    const char* const path = std::getenv("JACKFIELD_ALLOCATIONS");
    const int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (file < 0 || ftruncate(file, sizeof *count) != 0) return;
    void* const mapped = mmap(nullptr, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) count = static_cast<std::uint64_t*>(mapped);
    close(file);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
    static auto* const real = next<void*(std::size_t)>("malloc");
    note();
    return real(size);
}
void* calloc(std::size_t members, std::size_t size) {
    static auto* const real = next<void*(std::size_t, std::size_t)>("calloc");
    note();
    return real(members, size);
}
void* realloc(void* old, std::size_t size) {
    static auto* const real = next<void*(void*, std::size_t)>("realloc");
    note();
    return real(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    static auto* const real = next<void*(std::size_t, std::size_t)>("aligned_alloc");
    note();
    return real(alignment, size);
}

}  // extern "C"

// The allocator's own operators do not come by its malloc().
void* operator new(std::size_t size) {
    if (void* const made = malloc(size)) return made;
    throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
