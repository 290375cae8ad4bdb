// The program's own malloc and pthread functions stand before those of the C library, count, and go on there.
#include "tests/unit/modules/res_rtp/counted_calls.hpp"

#include <dlfcn.h>
#include <pthread.h>

#include <cstddef>

namespace jackfield::testing {
namespace {

// Of the program, so that no access allocates.
thread_local CallCounts counts __attribute__((tls_model("initial-exec")));

// Found before main(): dlsym() itself takes locks.
template <class F>
F* next(const char* name) {
    return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

CallCounts counted_calls() { return counts; }

}  // namespace jackfield::testing

using jackfield::testing::counts;
using jackfield::testing::next;

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
    ++counts.allocations;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    ++counts.allocations;
    return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
    ++counts.allocations;
    return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    ++counts.allocations;
    return __libc_memalign(alignment, size);
}

#define JF_COUNT_LOCK(name, parameters, ...)                            \
    int name parameters {                                               \
        static auto* const real = next<int parameters>(#name);          \
        ++counts.locks;                                                 \
        return real(__VA_ARGS__);                                       \
    }
JF_COUNT_LOCK(pthread_mutex_lock, (pthread_mutex_t * mutex), mutex)
JF_COUNT_LOCK(pthread_mutex_trylock, (pthread_mutex_t * mutex), mutex)
JF_COUNT_LOCK(pthread_rwlock_rdlock, (pthread_rwlock_t * lock), lock)
JF_COUNT_LOCK(pthread_rwlock_wrlock, (pthread_rwlock_t * lock), lock)
JF_COUNT_LOCK(pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex), condition, mutex)
JF_COUNT_LOCK(pthread_cond_clockwait, (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until),
              condition, mutex, clock, until)
#undef JF_COUNT_LOCK

}  // extern "C"
