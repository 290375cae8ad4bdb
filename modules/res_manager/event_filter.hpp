// Which events a user or session gets, by regular expressions over the event's text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace re2 {
class RE2;
}

namespace jackfield::manager {

// POSIX extended, of limited memory; `.` is any character and `^` the begin of the whole text. Errors: invalid.
Result<std::shared_ptr<const re2::RE2>> compile_expression(std::string_view expression);

// An expression is matched with the event as it is sent, "Event: Hangup\r\n...". With a ! before it, what matches is left
// out. Expressions without ! alone let only what matches one of them through; with ! alone, everything but what matches
// one of them; with both, what matches one without and none with !. Immutable apart from add(); copies share expressions.
class EventFilter {
  public:
    // POSIX extended syntax; case counts; a dot matches line ends too, ^ and $ stand for the event's two ends.
    // Errors: invalid with what is wrong, limit (too many
    // expressions).
    Result<void> add(std::string_view expression);
    bool passes(std::string_view event) const;
    bool empty() const { return include_.empty() && exclude_.empty(); }
    std::size_t size() const { return include_.size() + exclude_.size(); }
    static constexpr std::size_t most = 100;

  private:
    using Expressions = std::vector<std::shared_ptr<const re2::RE2>>;
    Expressions include_, exclude_;
};

}  // namespace jackfield::manager
