// The overflow handler: runs on a stack of its own, since the fiber's has no room left.
#include "core/runtime/overflow.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/base/log.hpp"
#include "core/runtime/fiber_private.hpp"

namespace jackfield {
namespace {

constexpr std::size_t kSignalStack = 64 * 1024;

struct sigaction previous_action;

// One line, built without allocating.
class Line {
  public:
    Line& operator<<(std::string_view text) {
        const std::size_t length = std::min(text.size(), text_.size() - length_);
        std::memcpy(text_.data() + length_, text.data(), length);
        length_ += length;
        return *this;
    }
    Line& number(std::uint64_t value, unsigned base, unsigned width = 1) {
        std::array<char, 24> digits;
        std::size_t first = digits.size();
        while (value != 0 || digits.size() - first < width) {
            digits[--first] = "0123456789abcdef"[value % base];
            value /= base;
        }
        return *this << std::string_view(digits.data() + first, digits.size() - first);
    }
    void write_out() const {
        if (write(STDERR_FILENO, text_.data(), length_) < 0) return;  // nobody is left to tell
    }

  private:
    std::array<char, 768> text_;
    std::size_t length_ = 0;
};

const Fiber* fiber_that_overflowed(const void* address) {
    const Fiber* fiber = fiber_scheduler ? fiber_scheduler->running() : nullptr;
    if (!fiber || !on_control_thread()) return nullptr;
    const auto* at = static_cast<const char*>(address);
    return at >= fiber->stack && at < fiber->stack + StackPool::guard_size ? fiber : nullptr;
}

void handle(int number, siginfo_t* info, void*) {
    if (const Fiber* fiber = fiber_that_overflowed(info->si_addr)) {
        const Gate* gate = running_gate();
        Line line;
        line << "stack overflow: fiber \"" << fiber->name << "\", call C-";
        line.number(current_call_id().value, 16, 8) << ", module " << (gate ? std::string_view(gate->name()) : "core");
        line << ", started at " << fiber->started_at.file_name() << ":";
        line.number(fiber->started_at.line(), 10) << ", last wait at " << fiber->waits_at.file_name() << ":";
        line.number(fiber->waits_at.line(), 10) << "\n";
        line.write_out();
    }
    // The fault happens again after the return, and then as if we had never been here; one that somebody sent does not.
    sigaction(number, &previous_action, nullptr);
    if (info->si_code <= 0) raise(number);
}

}  // namespace

void install_overflow_handler() {
    // Per thread; never given back, since it has to be there as long as the thread runs.
    thread_local const bool has_stack = [] {
        void* memory = mmap(nullptr, kSignalStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return false;
        stack_t stack{};
        stack.ss_sp = memory;
        stack.ss_size = kSignalStack;
        return sigaltstack(&stack, nullptr) == 0;
    }();
    if (!has_stack) log_warning("no signal stack: a stack overflow will not be named");
    static const bool installed = [] {
        struct sigaction action {};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        return sigaction(SIGSEGV, &action, &previous_action) == 0;
    }();
    static_cast<void>(installed);
}

}  // namespace jackfield
