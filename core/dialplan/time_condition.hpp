// "times|weekdays|days of month|months|timezone": when an include, GotoIfTime, ExecIfTime or IFTIME() holds.
#pragma once

#include <bitset>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"

namespace jackfield {

// A compiled condition; immutable, any thread. Fields are separated by commas or bars; each is `*`, empty, or values
// and ranges joined by `&`. Ranges include their end and may wrap around: 22:00-06:00, fri-mon, 25-5, nov-feb. Weekdays
// and months are English three-letter names or numbers from 1 (Sunday, January).
class TimeCondition {
  public:
    TimeCondition() = default;  // always true

    // Never fails: a value that cannot be understood is left out, as in Asterisk, and told to `problems` when given.
    static TimeCondition parse(std::string_view text, std::vector<std::string>* problems = nullptr);

    // True for this local time (tm_min, tm_hour, tm_mday, tm_mon, tm_wday are looked at).
    bool matches(const std::tm& local) const;
    // True for this moment in the condition's time zone, or the system's when it names none. Reads a zone's file once.
    bool matches(WallTime when) const;

    // Zone name such as Europe/Berlin; empty for the system's zone.
    const std::string& timezone() const { return timezone_; }
    // The text that it was compiled from.
    const std::string& text() const { return text_; }

  private:
    static constexpr int minutes_per_day = 24 * 60;
    std::bitset<minutes_per_day> minutes_ = std::bitset<minutes_per_day>().set();
    std::uint32_t weekdays_ = 0x7f;    // bit 0: Sunday
    std::uint32_t days_ = 0x7fffffff;  // bit 0: the 1st
    std::uint32_t months_ = 0xfff;     // bit 0: January
    std::string timezone_;
    std::string text_;
};

}  // namespace jackfield
