// Local time in zones of the system's time zone database (RFC 8536 files), several zones in one process.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace jackfield {

// A zone's rules. Immutable; any thread.
class TimeZone {
  public:
    // The zone of that name (Europe/Berlin), from a cache that lives as long as the process; the file is read at the
    // first use. An empty name is the system's zone. Null when there is none or its file is damaged.
    static std::shared_ptr<const TimeZone> find(std::string_view name);
    // The zone of TZ or /etc/localtime; UTC when neither can be read.
    static std::shared_ptr<const TimeZone> system();

    // Compiles the bytes of a zone file. Errors: invalid.
    static Result<TimeZone> parse(std::string_view file);

    // Broken-down local time; tm_gmtoff, tm_zone and tm_isdst are filled in. tm_zone points into this object.
    std::tm local(WallTime when) const;
    // The moment of a local time (tm_isdst is ignored; of a repeated hour the first, of a skipped one the hour after).
    WallTime moment(const std::tm& local) const;

  private:
    struct Period {
        std::int32_t offset = 0;  // seconds east of Greenwich
        bool daylight = false;
        std::string abbreviation = "UTC";
    };
    // A rule of the file's last line: when in each year a change comes (RFC 8536 3.3.1, POSIX TZ).
    struct YearlyChange {
        enum class Kind : std::uint8_t { month_week_day, julian, day_of_year } kind = Kind::month_week_day;
        int month = 1, week = 1, day = 0;
        std::int32_t seconds = 7200;  // after midnight, local time before the change
        std::int64_t moment(int year, std::int32_t offset_before) const;
    };
    struct Footer {
        bool present = false, has_daylight = false;
        Period standard, daylight;
        YearlyChange to_daylight, to_standard;
    };
    class FooterParser;

    const Period& period_at(std::int64_t seconds) const;

    std::vector<std::int64_t> changes_;        // seconds since 1970, ascending
    std::vector<std::uint8_t> change_period_;  // period that begins with each
    std::vector<Period> periods_{Period{}};
    Footer footer_;
};

}  // namespace jackfield
