// A console whose output is kept as text: for AMI's Command action and tests.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/console/command.hpp"

namespace jackfield {

class TextConsole final : public Console {
  public:
    // Output beyond `limit` bytes ends the command with ErrorCode::limit.
    explicit TextConsole(uid_t user = 0, std::size_t limit = 64 * 1024 * 1024) : user_(user), limit_(limit) {}

    Result<void> write(std::string_view text) override {
        if (text_.size() + text.size() > limit_) return fail(ErrorCode::limit, "the answer is too long");
        text_ += text;
        return {};
    }
    uid_t user() const override { return user_; }
    void set_user(uid_t user) { user_ = user; }
    const std::string& text() const { return text_; }
    std::string take() { return std::exchange(text_, {}); }
    void clear() { text_.clear(); }

  private:
    uid_t user_;
    std::size_t limit_;
    std::string text_;
};

}  // namespace jackfield
