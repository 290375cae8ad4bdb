// Declared options: look-up, errors, samples.
#include "core/config/options.hpp"

#include <algorithm>
#include <cmath>

namespace jackfield {
namespace {

using namespace std::chrono_literals;

struct Unit {
    std::string_view name;
    std::chrono::nanoseconds length;
};
constexpr Unit units[] = {{"ms", 1ms},  {"msec", 1ms}, {"s", 1s},   {"sec", 1s},  {"second", 1s},
                          {"seconds", 1s}, {"m", 1min}, {"min", 1min}, {"minute", 1min}, {"minutes", 1min},
                          {"h", 1h},    {"hour", 1h},  {"hours", 1h}, {"d", 24h},  {"day", 24h}, {"days", 24h}};

std::string did_you_mean(std::string_view word, const std::vector<std::string>& words) {
    const auto near = nearest_word(word, words);
    return near ? fmt::format("; did you mean \"{}\"?", *near) : std::string();
}

// Values can be long or binary: findings show their beginning.
std::string shown(std::string_view value) {
    std::string text;
    for (const char c : value.substr(0, 60)) text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    return value.size() > 60 ? text + "..." : text;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text, std::chrono::nanoseconds unit) {
    text = trim(text);
    const auto end = std::min(text.find_first_not_of("0123456789.-+"), text.size());
    const auto number = parse_number<double>(text.substr(0, end));
    if (!number) return {};
    if (const auto word = trim(text.substr(end)); !word.empty()) {
        const auto* const found = std::ranges::find_if(units, [&](const Unit& each) { return equals_ignoring_case(each.name, word); });
        if (found == std::end(units)) return {};
        unit = found->length;
    }
    const double nanoseconds = *number * static_cast<double>(unit.count());
    // About 290 years: beyond that the count overflows.
    if (!std::isfinite(nanoseconds) || std::abs(nanoseconds) > 9e18) return {};
    return std::chrono::nanoseconds(std::llround(nanoseconds));
}

std::string print_duration(std::chrono::nanoseconds value, std::chrono::nanoseconds unit) {
    if (unit.count() > 0 && value % unit == 0ns) return fmt::format("{}", value / unit);
    if (value % 1ms == 0ns) return fmt::format("{} ms", value / 1ms);
    return fmt::format("{}", static_cast<double>(value.count()) / static_cast<double>(unit.count()));
}

namespace detail {

std::string integer_words(std::int64_t least, std::uint64_t most) {
    if (least == 0 && most == std::numeric_limits<std::uint64_t>::max()) return "a whole number";
    // `most` of a signed type comes here converted: only the largest unsigned ones pass the limit.
    return fmt::format("a number from {} to {}", least,
                       least < 0 ? fmt::format("{}", static_cast<std::int64_t>(most)) : fmt::format("{}", most));
}

std::string word_list(const std::vector<std::string>& words) {
    std::string text = "one of ";
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

OptionTable::OptionTable(std::vector<OptionRecord> records) : records_(std::move(records)) {
    for (std::size_t i = 0; i < records_.size(); ++i) index_.emplace(records_[i].name, i);
    // Aliases lead straight to the option meant.
    for (auto& [name, index] : index_)
        if (records_[index].kind == OptionRecord::Kind::alias)
            for (std::size_t i = 0; i < records_.size(); ++i)
                if (records_[i].kind != OptionRecord::Kind::alias && records_[i].name == records_[index].text) index = i;
}

void OptionTable::reset(void* settings) const {
    for (const auto& record : records_)
        if (record.reset) record.reset(settings);
}

const OptionRecord* OptionTable::find(std::string_view key) const {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &records_[found->second];
}

void OptionTable::apply(void* settings, const ConfigEntry& entry, Diagnostics& findings) const {
    const auto* const record = find(entry.key);
    if (!record) {
        std::vector<std::string> names;
        for (const auto& each : records_)
            if (each.kind != OptionRecord::Kind::absent) names.push_back(each.name);
        return findings.error(entry.place(), "unknown option \"{}\"{}", shown(entry.key), did_you_mean(entry.key, names));
    }
    switch (record->kind) {
        case OptionRecord::Kind::ignored:
            return findings.notice(entry.place(), "{} is ignored: {}", record->name, record->text);
        case OptionRecord::Kind::absent:
            return findings.error(entry.place(), "{} is known from Asterisk but not available here: {}", record->name,
                                  record->text);
        case OptionRecord::Kind::alias:
        case OptionRecord::Kind::normal: break;
    }
    if (!record->deprecated.empty())
        findings.warning(entry.place(), "{} is outdated: use {}", record->name, record->deprecated);
    if (!record->parse) return;
    const auto read = record->parse(settings, entry.value, entry);
    if (read) return;
    if (!read.error().text.empty()) return findings.error(entry.place(), "{}: {}", entry.key, read.error().text);
    findings.error(entry.place(), "{}: expected {}, not \"{}\"{}", entry.key, record->expected, shown(entry.value),
                   did_you_mean(entry.value, record->words));
}

std::string OptionTable::sample() const {
    std::string text;
    for (const auto& record : records_) {
        if (record.kind != OptionRecord::Kind::normal || !record.deprecated.empty()) continue;
        text += "; " + record.text;
        if (!record.expected.empty() && record.expected != "text") text += " (" + record.expected + ")";
        // A semicolon would end the line as a comment when somebody uncomments it.
        std::string value;
        for (const char c : record.default_value) value += c == ';' ? std::string("\\;") : std::string(1, c);
        text += fmt::format("\n;{} ={}{}\n", record.name, value.empty() ? "" : " ", value);
    }
    return text;
}

}  // namespace detail

std::optional<std::string> section_type(const ConfigCategory& category, const std::vector<std::string>& types,
                                        Diagnostics& findings) {
    const auto* const entry = category.find("type");
    if (!entry) {
        findings.error(category.place(), "[{}] has no type: write type = {}", shown(category.name()),
                       types.empty() ? "..." : types.front());
        return {};
    }
    for (const auto& type : types)
        if (equals_ignoring_case(type, entry->value)) return type;
    findings.error(entry->place(), "type: expected {}, not \"{}\"{}", detail::word_list(types), shown(entry->value),
                   did_you_mean(entry->value, types));
    return {};
}

void unknown_section(const ConfigCategory& category, const std::vector<std::string>& names, Diagnostics& findings) {
    findings.error(category.place(), "unknown section [{}]{}", shown(category.name()), did_you_mean(category.name(), names));
}

}  // namespace jackfield
