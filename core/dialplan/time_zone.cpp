// Local time in zones of the system's time zone database (RFC 8536 files).
#include "core/dialplan/time_zone.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

constexpr std::int64_t seconds_per_day = 86400;
constexpr std::size_t max_file_size = 1 << 20;

// Reads big-endian numbers; past the end it gives zeros and remembers it.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}
    bool failed() const { return failed_; }
    std::string_view rest() const { return bytes_; }
    std::string_view take(std::size_t count) {
        if (count > bytes_.size()) {
            failed_ = true;
            return {};
        }
        const std::string_view result = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return result;
    }
    std::int64_t number(std::size_t size) {
        const std::string_view bytes = take(size);
        if (bytes.empty()) return 0;
        std::uint64_t value = bytes[0] & 0x80 ? ~std::uint64_t{0} : 0;
        for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
        return static_cast<std::int64_t>(value);
    }

  private:
    std::string_view bytes_;
    bool failed_ = false;
};

struct Header {
    char version = 0;
    std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, characters = 0;
};
std::optional<Header> read_header(Reader& reader) {
    Header header;
    if (reader.take(4) != "TZif") return {};
    const std::string_view version = reader.take(1);
    reader.take(15);
    for (auto* count :
         {&header.utc_flags, &header.standard_flags, &header.leaps, &header.times, &header.types, &header.characters})
        *count = static_cast<std::size_t>(reader.number(4));
    if (reader.failed() || header.times > 100'000 || header.types > 255 || header.types == 0 ||
        header.characters > 4096)
        return {};
    header.version = version.empty() ? '\0' : version[0];
    return header;
}

std::int64_t days_since_1970(int year, int month, int day) {
    return std::chrono::sys_days(std::chrono::year(year) / month / day).time_since_epoch().count();
}
int year_of(std::int64_t seconds) {
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
    return static_cast<int>(std::chrono::year_month_day(day).year());
}

// Empty when it can't be read: `Europe` is a folder.
std::string read_file(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return {};
    std::ifstream file(path, std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    return bytes.size() > max_file_size ? std::string() : bytes;
}

// Names come from configuration and from callers' data (STRFTIME); none may leave the database's folder.
bool is_safe_name(std::string_view name) {
    return name.size() < 64 && !name.starts_with('/') && name.find("..") == std::string_view::npos &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                      c == '_' || c == '-' || c == '+';
           });
}

}  // namespace

// "CET-1CEST,M3.5.0,M10.5.0/3": what holds after the last change in the table.
class TimeZone::FooterParser {
  public:
    explicit FooterParser(std::string_view text) : text_(text) {}

    Footer parse() {
        Footer footer;
        if (text_.empty()) return footer;
        footer.standard = {0, false, name()};
        footer.standard.offset = -offset().value_or(0);
        footer.present = !failed_;
        if (failed_ || text_.empty()) return footer;
        footer.daylight = {0, true, name()};
        footer.daylight.offset = footer.standard.offset + 3600;
        if (!text_.empty() && text_.front() != ',') footer.daylight.offset = -offset().value_or(0);
        footer.to_daylight = change();
        footer.to_standard = change();
        footer.has_daylight = !failed_;
        return footer;
    }

  private:
    bool eat(char c) {
        if (!text_.starts_with(c)) return false;
        text_.remove_prefix(1);
        return true;
    }
    std::string name() {
        const bool quoted = eat('<');
        const auto end = text_.find_first_of(quoted ? ">" : "+-0123456789,");
        std::string result(text_.substr(0, end));
        text_.remove_prefix(std::min(text_.size(), result.size() + (quoted ? 1 : 0)));
        failed_ = failed_ || result.empty();
        return result;
    }
    int number() {
        int value = 0;
        const std::size_t before = text_.size();
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9' && value < 100'000) {
            value = value * 10 + (text_.front() - '0');
            text_.remove_prefix(1);
        }
        failed_ = failed_ || text_.size() == before;
        return value;
    }
    // [+-]h[:m[:s]] in seconds.
    std::optional<std::int32_t> offset() {
        const bool negative = eat('-');
        if (!negative) eat('+');
        std::int32_t seconds = number() * 3600;
        if (eat(':')) seconds += number() * 60;
        if (eat(':')) seconds += number();
        if (failed_) return {};
        return negative ? -seconds : seconds;
    }
    YearlyChange change() {
        YearlyChange result;
        failed_ = !eat(',') || failed_;
        if (eat('M')) {
            result.month = std::clamp(number(), 1, 12);
            failed_ = !eat('.') || failed_;
            result.week = std::clamp(number(), 1, 5);
            failed_ = !eat('.') || failed_;
            result.day = number() % 7;
        } else {
            result.kind = eat('J') ? YearlyChange::Kind::julian : YearlyChange::Kind::day_of_year;
            result.day = std::clamp(number(), 0, 365);
        }
        if (eat('/')) result.seconds = offset().value_or(7200);
        return result;
    }

    std::string_view text_;
    bool failed_ = false;
};

std::int64_t TimeZone::YearlyChange::moment(int year, std::int32_t offset_before) const {
    std::int64_t day_number = 0;
    if (kind == Kind::month_week_day) {
        const std::chrono::weekday weekday(static_cast<unsigned>(day));
        const auto in_month = std::chrono::year(year) / month;
        const auto date = week == 5 ? std::chrono::sys_days(in_month / weekday[std::chrono::last])
                                    : std::chrono::sys_days(in_month / weekday[static_cast<unsigned>(week)]);
        day_number = date.time_since_epoch().count();
    } else {
        // A Julian day never counts 29 February; the other kind does and begins at 0.
        const bool skip = kind == Kind::julian && day > 59 && std::chrono::year(year).is_leap();
        day_number = days_since_1970(year, 1, 1) + day - (kind == Kind::julian ? 1 : 0) + (skip ? 1 : 0);
    }
    return day_number * seconds_per_day + seconds - offset_before;
}

Result<TimeZone> TimeZone::parse(std::string_view file) {
    Reader reader(file);
    auto header = read_header(reader);
    if (!header) return fail(ErrorCode::invalid, "not a time zone file (RFC 8536)");
    std::size_t time_size = 4;
    if (header->version >= '2') {
        // Version 2 and later repeat everything with 64 bits after the first block.
        reader.take(header->times * 5 + header->types * 6 + header->characters + header->leaps * 8 +
                    header->standard_flags + header->utc_flags);
        header = read_header(reader);
        if (!header) return fail(ErrorCode::invalid, "the time zone file ends after its first block");
        time_size = 8;
    }
    TimeZone zone;
    for (std::size_t i = 0; i < header->times; ++i) zone.changes_.push_back(reader.number(time_size));
    for (std::size_t i = 0; i < header->times; ++i) {
        const auto period = static_cast<std::size_t>(reader.number(1));
        if (period >= header->types) return fail(ErrorCode::invalid, "the time zone file names a period that it lacks");
        zone.change_period_.push_back(static_cast<std::uint8_t>(period));
    }
    std::vector<std::size_t> name_places;
    zone.periods_.clear();
    for (std::size_t i = 0; i < header->types; ++i) {
        Period period;
        period.offset = static_cast<std::int32_t>(reader.number(4));
        period.daylight = reader.number(1) != 0;
        name_places.push_back(static_cast<std::size_t>(reader.number(1)) & 0xff);
        zone.periods_.push_back(std::move(period));
    }
    const std::string_view names = reader.take(header->characters);
    for (std::size_t i = 0; i < zone.periods_.size(); ++i) {
        const std::string_view name = name_places[i] < names.size() ? names.substr(name_places[i]) : std::string_view();
        zone.periods_[i].abbreviation = name.substr(0, name.find('\0'));
    }
    reader.take(header->leaps * (time_size + 4) + header->standard_flags + header->utc_flags);
    if (reader.failed() || !std::ranges::is_sorted(zone.changes_))
        return fail(ErrorCode::invalid, "the time zone file is damaged");
    if (time_size == 8 && reader.take(1) == "\n")
        zone.footer_ = FooterParser(reader.rest().substr(0, reader.rest().find('\n'))).parse();
    return zone;
}

const TimeZone::Period& TimeZone::period_at(std::int64_t seconds) const {
    const auto after = std::ranges::upper_bound(changes_, seconds);
    if (after == changes_.end() && footer_.present) {
        if (!footer_.has_daylight) return footer_.standard;
        const int year = year_of(seconds + footer_.standard.offset);
        const auto on = footer_.to_daylight.moment(year, footer_.standard.offset);
        const auto off = footer_.to_standard.moment(year, footer_.daylight.offset);
        const bool daylight = on < off ? seconds >= on && seconds < off : seconds >= on || seconds < off;
        return daylight ? footer_.daylight : footer_.standard;
    }
    if (after != changes_.begin())
        return periods_[change_period_[static_cast<std::size_t>(after - changes_.begin()) - 1]];
    return periods_[0];
}

std::tm TimeZone::local(WallTime when) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
    const Period& period = period_at(seconds);
    const std::time_t shifted = seconds + period.offset;
    std::tm result{};
    gmtime_r(&shifted, &result);
    result.tm_isdst = period.daylight;
    result.tm_gmtoff = period.offset;
    result.tm_zone = period.abbreviation.c_str();
    return result;
}

WallTime TimeZone::moment(const std::tm& local) const {
    std::tm copy = local;
    const std::int64_t wanted = timegm(&copy);
    // The offset before a change is tried first, so that of a repeated hour the first is meant.
    const std::int64_t before = wanted - period_at(wanted - seconds_per_day).offset;
    if (before + period_at(before).offset == wanted) return WallTime(std::chrono::seconds(before));
    const std::int64_t after = wanted - period_at(wanted + seconds_per_day).offset;
    if (after + period_at(after).offset == wanted) return WallTime(std::chrono::seconds(after));
    return WallTime(std::chrono::seconds(before));
}

std::shared_ptr<const TimeZone> TimeZone::find(std::string_view name) {
    if (name.empty()) return system();
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> cache;
    const std::lock_guard lock(mutex);
    if (const auto found = cache.find(name); found != cache.end()) return found->second;
    if (!is_safe_name(name)) return nullptr;
    auto zone = parse(read_file("/usr/share/zoneinfo/" + std::string(name)));
    // Only zones that exist are kept, so made-up names cannot fill the memory.
    if (!zone) return nullptr;
    return cache.emplace(name, std::make_shared<const TimeZone>(std::move(*zone))).first->second;
}

std::shared_ptr<const TimeZone> TimeZone::system() {
    static const std::shared_ptr<const TimeZone> zone = [] {
        if (const char* name = std::getenv("TZ"); name && *name) {
            if (*name == ':') ++name;
            if (auto found = *name && is_safe_name(name) ? find(name) : nullptr) return found;
        }
        auto local = parse(read_file("/etc/localtime"));
        return std::make_shared<const TimeZone>(local ? std::move(*local) : TimeZone());
    }();
    return zone;
}

}  // namespace jackfield
