// An owned file descriptor, and the failure of a system call as a Result. Private.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/result.hpp"

namespace jackfield {

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }
    ~Descriptor() { reset(); }
    explicit operator bool() const { return number_ >= 0; }
    int get() const { return number_; }
    void reset() {
        if (number_ >= 0) close(std::exchange(number_, -1));
    }

  private:
    int number_ = -1;
};

// "what: the system's text" of errno.
inline std::unexpected<Error> system_failure(std::string_view what, int error = errno) {
    return fail(ErrorCode::failed, "{}: {}", what, std::generic_category().message(error));
}

}  // namespace jackfield
