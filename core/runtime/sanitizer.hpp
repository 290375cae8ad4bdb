// Tells address and thread sanitizer of switched stacks; empty in other builds. Private.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define JF_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define JF_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JF_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define JF_TSAN 1
#endif
#endif

#ifdef JF_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef JF_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace jackfield::sanitizer {

inline void unpoison([[maybe_unused]] char* from, [[maybe_unused]] std::size_t length) {
#ifdef JF_ASAN
    __asan_unpoison_memory_region(from, length);
#endif
}

// One side of a switch: the loop's stack or a fiber's.
class Side {
  public:
    void make_fiber() {
#ifdef JF_TSAN
        thread_ = __tsan_create_fiber(0);
#endif
    }
    void destroy_fiber() {
#ifdef JF_TSAN
        __tsan_destroy_fiber(thread_);
#endif
    }
    void set_stack([[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t size) {
#ifdef JF_ASAN
        bottom_ = bottom;
        size_ = size;
#endif
    }
    // Just before the jump from this side. last: this side's stack is not returned to.
    void leave([[maybe_unused]] Side& to, [[maybe_unused]] bool last = false) {
#ifdef JF_TSAN
        thread_ = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(to.thread_, 0);
#endif
#ifdef JF_ASAN
        __sanitizer_start_switch_fiber(last ? nullptr : &fake_stack_, to.bottom_, to.size_);
#endif
    }
    // Just after the arrival on this side.
    void arrive([[maybe_unused]] Side& from) {
#ifdef JF_ASAN
        const void* bottom = nullptr;
        std::size_t size = 0;
        __sanitizer_finish_switch_fiber(fake_stack_, &bottom, &size);
        from.set_stack(bottom, size);
#endif
    }

  private:
#ifdef JF_ASAN
    void* fake_stack_ = nullptr;
    const void* bottom_ = nullptr;
    std::size_t size_ = 0;
#endif
#ifdef JF_TSAN
    void* thread_ = nullptr;
#endif
};

}  // namespace jackfield::sanitizer
