// The service interface of res_cdr: one record of a call (CDR) or of an event in a call (CEL), as backends get it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"

namespace jackfield {

// Named values in one piece of memory, which is what queues and spool files carry. Immutable; any thread. Times are kept as
// microseconds since 1970, 0 for none; everything else as text. Names as CDR() has them ("src", "billsec", ...) and those of
// variables that the dialplan set; of CEL "eventtype", "eventtime", "cidnum", ...
class Record {
  public:
    Record() = default;
    // Of bytes that RecordBuilder made; nothing when they are damaged.
    static std::optional<Record> decode(std::string bytes);

    // Letter case aside; empty when there is none.
    std::string_view get(std::string_view name) const;
    bool has(std::string_view name) const;
    WallTime time(std::string_view name) const;
    std::vector<std::pair<std::string_view, std::string_view>> fields() const;
    const std::string& bytes() const { return bytes_; }

  private:
    friend class RecordBuilder;
    template <class F>
    bool walk(F&& visit) const;
    std::string bytes_;
};

// Names longer than 80 bytes and values beyond 8 KiB are cut, and what would make a record longer than 60 KiB is left out.
class RecordBuilder {
  public:
    RecordBuilder& add(std::string_view name, std::string_view value);
    RecordBuilder& add(std::string_view name, long value);
    RecordBuilder& add(std::string_view name, WallTime time);
    Record take();

  private:
    std::string bytes_;
};

// How times are written.
struct RecordTime {
    std::string format = "%Y-%m-%d %H:%M:%S";  // strftime's letters, and %q for milliseconds
    bool utc = false;
};
// A field as text: times by `style`, empty for none. `options` as of CDR(): u - not formatted (times as epoch with a fraction,
// disposition and amaflags as numbers), f - duration and billsec with a fraction.
std::string record_text(const Record& record, std::string_view name, const RecordTime& style = {}, std::string_view options = {});
std::string time_text(WallTime time, const RecordTime& style);

// Numbers of Asterisk's interface.
int disposition_number(std::string_view text);
int amaflags_number(std::string_view text);
std::string_view amaflags_text(int number);

}  // namespace jackfield
