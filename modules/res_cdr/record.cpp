// Records as bytes, and their fields as text.
#include "modules/res_cdr/record.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ctime>

#include "core/base/strings.hpp"
#include "core/dialplan/time_zone.hpp"

namespace jackfield {
namespace {

using std::chrono::microseconds;

constexpr std::size_t longest_name = 80, longest_value = 8192, longest_record = 60 * 1024;

constexpr std::array<std::string_view, 4> time_names{"start", "answer", "end", "eventtime"};
constexpr std::array<std::string_view, 4> amaflags_names{"", "OMIT", "BILLING", "DOCUMENTATION"};
constexpr std::array<std::pair<std::string_view, int>, 5> disposition_numbers{
    {{"NO ANSWER", 0}, {"FAILED", 2}, {"BUSY", 4}, {"ANSWERED", 8}, {"CONGESTION", 16}}};

bool is_time(std::string_view name) {
    for (const auto each : time_names)
        if (equals_ignoring_case(each, name)) return true;
    return false;
}

std::string with_fraction(microseconds time) {
    return fmt::format("{}.{:06}", time.count() / 1'000'000, time.count() % 1'000'000);
}

}  // namespace

// One field: length of the name (1 byte), name, length of the value (2 bytes, low one first), value.
template <class F>
bool Record::walk(F&& visit) const {
    std::string_view rest = bytes_;
    while (!rest.empty()) {
        const std::size_t name_size = static_cast<unsigned char>(rest[0]);
        if (rest.size() < 3 + name_size) return false;
        const auto name = rest.substr(1, name_size);
        const std::size_t size = static_cast<unsigned char>(rest[1 + name_size]) |
                                 static_cast<std::size_t>(static_cast<unsigned char>(rest[2 + name_size])) << 8;
        rest.remove_prefix(3 + name_size);
        if (rest.size() < size) return false;
        if (!visit(name, rest.substr(0, size))) return true;
        rest.remove_prefix(size);
    }
    return true;
}

std::optional<Record> Record::decode(std::string bytes) {
    Record record;
    record.bytes_ = std::move(bytes);
    if (record.bytes_.empty() || !record.walk([](auto, auto) { return true; })) return {};
    return record;
}

std::string_view Record::get(std::string_view name) const {
    std::string_view found;
    (void)walk([&](std::string_view each, std::string_view value) {
        if (!equals_ignoring_case(each, name)) return true;
        found = value;
        return false;
    });
    return found;
}

bool Record::has(std::string_view name) const {
    bool found = false;
    (void)walk([&](std::string_view each, std::string_view) {
        found = equals_ignoring_case(each, name);
        return !found;
    });
    return found;
}

WallTime Record::time(std::string_view name) const {
    return WallTime(microseconds(parse_number<std::int64_t>(get(name)).value_or(0)));
}

std::vector<std::pair<std::string_view, std::string_view>> Record::fields() const {
    std::vector<std::pair<std::string_view, std::string_view>> list;
    (void)walk([&](std::string_view name, std::string_view value) {
        list.emplace_back(name, value);
        return true;
    });
    return list;
}

RecordBuilder& RecordBuilder::add(std::string_view name, std::string_view value) {
    name = name.substr(0, longest_name);
    value = value.substr(0, longest_value);
    if (name.empty() || bytes_.size() + name.size() + value.size() + 3 > longest_record) return *this;
    if (bytes_.empty()) bytes_.reserve(640);  // what most records take
    bytes_ += static_cast<char>(name.size());
    bytes_ += name;
    bytes_ += static_cast<char>(value.size() & 255);
    bytes_ += static_cast<char>(value.size() >> 8);
    bytes_ += value;
    return *this;
}

RecordBuilder& RecordBuilder::add(std::string_view name, long value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return add(name, std::string_view(digits.data(), end));
}

RecordBuilder& RecordBuilder::add(std::string_view name, WallTime time) {
    return add(name, static_cast<long>(std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count()));
}

Record RecordBuilder::take() {
    Record record;
    record.bytes_ = std::move(bytes_);
    return record;
}

std::string time_text(WallTime time, const RecordTime& style) {
    if (time == WallTime{}) return {};
    const auto since = std::chrono::duration_cast<microseconds>(time.time_since_epoch());
    std::tm parts{};
    if (style.utc) {
        const std::time_t seconds = since.count() / 1'000'000;
        gmtime_r(&seconds, &parts);
    } else {
        parts = TimeZone::system()->local(time);
    }
    std::string format = style.format;
    for (auto place = format.find("%q"); place != std::string::npos; place = format.find("%q", place + 3))
        format.replace(place, 2, fmt::format("{:03}", since.count() / 1000 % 1000));
    std::array<char, 128> text;
    return {text.data(), std::strftime(text.data(), text.size(), format.c_str(), &parts)};
}

std::string record_text(const Record& record, std::string_view name, const RecordTime& style, std::string_view options) {
    const bool raw = options.contains('u');
    if (is_time(name)) {
        const WallTime time = record.time(name);
        const std::string_view own = record.get("dateformat");  // of cel.conf
        const bool event = equals_ignoring_case(name, "eventtime");
        if (raw || (event && own.empty())) return with_fraction(std::chrono::duration_cast<microseconds>(time.time_since_epoch()));
        return event ? time_text(time, {std::string(own), style.utc}) : time_text(time, style);
    }
    const bool billed = equals_ignoring_case(name, "billsec");
    if (options.contains('f') && (billed || equals_ignoring_case(name, "duration"))) {
        const WallTime from = record.time(billed ? "answer" : "start"), until = record.time("end");
        const bool none = from == WallTime{} || until < from;
        return with_fraction(none ? microseconds(0) : std::chrono::duration_cast<microseconds>(until - from));
    }
    const std::string_view value = record.get(name);
    if (raw && equals_ignoring_case(name, "disposition")) return std::to_string(disposition_number(value));
    if (raw && equals_ignoring_case(name, "amaflags")) return std::to_string(amaflags_number(value));
    return std::string(value);
}

int disposition_number(std::string_view text) {
    for (const auto& [name, number] : disposition_numbers)
        if (name == text) return number;
    return 0;
}

int amaflags_number(std::string_view text) {
    for (std::size_t i = 1; i < amaflags_names.size(); ++i)
        if (equals_ignoring_case(amaflags_names[i], text)) return static_cast<int>(i);
    return parse_number<int>(text).value_or(0);
}

std::string_view amaflags_text(int number) {
    return number > 0 && number < static_cast<int>(amaflags_names.size()) ? amaflags_names[static_cast<std::size_t>(number)] : "Unknown";
}

}  // namespace jackfield
