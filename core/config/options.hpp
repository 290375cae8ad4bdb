// Declared options: one table gives the parser, errors with file and line, the sample file and the CLI's help.
//
//   struct Settings { std::uint16_t port; bool tcp; std::chrono::seconds expiry; Mode mode; };
//   const Options<Settings> options{
//       {"port", &Settings::port, 5060, Range{1, 65535}, "UDP port to listen on"},
//       {"tcp", &Settings::tcp, false, "Listen on TCP too"},
//       {"expiry", &Settings::expiry, 60s, Range{1s, 1h}, "Registrations end after this time"},
//       {"mode", &Settings::mode, Mode::rfc4733, Words<Mode>{{"rfc4733", Mode::rfc4733}, {"info", Mode::info}}, "Digits"},
//   };
//   Settings settings = options.read(category, findings);
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/strings.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"

namespace jackfield {

// Smallest and greatest value allowed; of durations too.
template <class T>
struct Range {
    T least, most;
};
template <class T, class U>
Range(T, U) -> Range<std::common_type_t<T, U>>;

// The words of an enumeration. Several words may mean the same value; the first is the one printed.
template <class E>
using Words = std::vector<std::pair<std::string_view, E>>;

// A number with an optional unit (ms s min h d), in nanoseconds; without one it counts `unit`s. Fractions are allowed.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text, std::chrono::nanoseconds unit);
// "250 ms", "90" when it is whole in the unit: as parse_duration reads it back.
std::string print_duration(std::chrono::nanoseconds value, std::chrono::nanoseconds unit);

namespace detail {

template <class T>
constexpr bool is_duration = false;
template <class R, class P>
constexpr bool is_duration<std::chrono::duration<R, P>> = true;

std::string integer_words(std::int64_t least, std::uint64_t most);  // "a number from 1 to 65535"
std::string word_list(const std::vector<std::string>& words);       // "one of udp, tcp or tls"

// An option without its settings' type.
struct OptionRecord {
    enum class Kind : std::uint8_t { normal, alias, ignored, absent } kind = Kind::normal;
    std::string name;
    std::string text;           // help; for alias the option meant; for ignored and absent the reason
    std::string default_value;  // as it would be written in the file
    std::string expected;       // "a number from 1 to 65535"
    std::vector<std::string> words;  // for enumerations and booleans: guesses and completion
    std::string deprecated;     // what to use instead; empty: not deprecated
    std::function<Result<void>(void* settings, std::string_view value, const ConfigEntry&)> parse;
    std::function<void(void* settings)> reset;
    std::function<std::string(const void* settings)> print;
};

class OptionTable {
  public:
    explicit OptionTable(std::vector<OptionRecord> records);
    void reset(void* settings) const;
    void apply(void* settings, const ConfigEntry& entry, Diagnostics& findings) const;
    bool knows(std::string_view key) const { return index_.contains(key); }
    std::string sample() const;
    const std::vector<OptionRecord>& records() const { return records_; }
    const OptionRecord* find(std::string_view key) const;

  private:
    std::vector<OptionRecord> records_;
    std::unordered_map<std::string, std::size_t, CaseInsensitiveHash, CaseInsensitiveEqual> index_;
};

}  // namespace detail

// One line of a table. Which constructor fits follows from the member's type.
template <class S>
class Option {
  public:
    using Record = detail::OptionRecord;

    // yes/no
    Option(std::string_view name, bool S::*member, bool value, std::string_view text) : Option(name, text) {
        record_.default_value = value ? "yes" : "no";
        record_.expected = "yes or no";
        record_.words = {"yes", "no"};
        bind(member, value, [](std::string_view word) { return parse_bool(word); },
             [](bool now) { return std::string(now ? "yes" : "no"); });
    }
    // whole numbers
    template <std::integral T, class D, class L>
        requires(!std::same_as<T, bool> && std::convertible_to<D, T>)
    Option(std::string_view name, T S::*member, D value, Range<L> range, std::string_view text) : Option(name, text) {
        const T least = static_cast<T>(range.least), most = static_cast<T>(range.most);
        record_.default_value = fmt::format("{}", static_cast<T>(value));
        record_.expected = detail::integer_words(static_cast<std::int64_t>(least), static_cast<std::uint64_t>(most));
        bind(member, static_cast<T>(value),
             [least, most](std::string_view word) -> std::optional<T> {
                 const auto number = parse_number<T>(word);
                 return number && *number >= least && *number <= most ? number : std::nullopt;
             },
             [](T now) { return fmt::format("{}", now); });
    }
    template <std::integral T, class D>
        requires(!std::same_as<T, bool> && std::convertible_to<D, T>)
    Option(std::string_view name, T S::*member, D value, std::string_view text)
        : Option(name, member, value, Range<T>{std::numeric_limits<T>::min(), std::numeric_limits<T>::max()}, text) {}
    // fractions
    Option(std::string_view name, double S::*member, double value, Range<double> range, std::string_view text)
        : Option(name, text) {
        record_.default_value = fmt::format("{}", value);
        record_.expected = fmt::format("a number from {} to {}", range.least, range.most);
        bind(member, value,
             [range](std::string_view word) -> std::optional<double> {
                 const auto number = parse_number<double>(word);
                 return number && *number >= range.least && *number <= range.most ? number : std::nullopt;
             },
             [](double now) { return fmt::format("{}", now); });
    }
    // text
    Option(std::string_view name, std::string S::*member, std::string_view value, std::string_view text)
        : Option(name, text) {
        record_.default_value = value;
        record_.expected = "text";
        bind(member, std::string(value), [](std::string_view word) { return std::optional(std::string(word)); },
             [](const std::string& now) { return now; });
    }
    // Time; a number without a unit counts in the member's own unit, or in `unit`.
    template <class R, class P, class D, class L>
        requires detail::is_duration<D>
    Option(std::string_view name, std::chrono::duration<R, P> S::*member, D value, Range<L> range, std::string_view text,
           std::chrono::nanoseconds unit = std::chrono::duration<std::int64_t, P>(1))
        : Option(name, text) {
        using Time = std::chrono::duration<R, P>;
        record_.default_value = print_duration(value, unit);
        record_.expected = fmt::format("a time from {} to {}", print_duration(range.least, unit),
                                       print_duration(range.most, unit)) + unit_words(unit);
        bind(member, std::chrono::duration_cast<Time>(value),
             [range, unit](std::string_view word) -> std::optional<Time> {
                 const auto time = parse_duration(word, unit);
                 if (!time || *time < range.least || *time > range.most) return {};
                 return std::chrono::duration_cast<Time>(*time);
             },
             [unit](Time now) { return print_duration(now, unit); });
    }
    // one of several words
    template <class E>
        requires(std::is_enum_v<E> || std::integral<E>)
    Option(std::string_view name, E S::*member, E value, Words<E> words, std::string_view text) : Option(name, text) {
        for (const auto& [word, meaning] : words) record_.words.emplace_back(word);
        record_.expected = detail::word_list(record_.words);
        const auto print = [words](E now) {
            for (const auto& [word, meaning] : words)
                if (meaning == now) return std::string(word);
            return std::string();
        };
        record_.default_value = print(value);
        bind(member, value,
             [words](std::string_view written) -> std::optional<E> {
                 for (const auto& [word, meaning] : words)
                     if (equals_ignoring_case(word, written)) return meaning;
                 return {};
             },
             print);
    }
    // A comma list; further lines of the same key add to it.
    Option(std::string_view name, std::vector<std::string> S::*member, std::vector<std::string> value,
           std::string_view text)
        : Option(name, text) {
        record_.default_value = join(value, ",");
        record_.expected = "words separated by commas";
        record_.reset = [member, value](void* settings) { static_cast<S*>(settings)->*member = value; };
        record_.parse = [member](void* settings, std::string_view written, const ConfigEntry&) -> Result<void> {
            for (const auto word : split_list(written)) (static_cast<S*>(settings)->*member).emplace_back(word);
            return {};
        };
        record_.print = [member](const void* settings) { return join(static_cast<const S*>(settings)->*member, ","); };
    }
    // Anything else: a function that reads the value into the settings. Its error text follows the key in the finding.
    using Parse = std::function<Result<void>(S&, std::string_view value, const ConfigEntry&)>;
    Option(std::string_view name, Parse parse, std::string_view default_value, std::string_view text,
           std::function<std::string(const S&)> print = {})
        : Option(name, text) {
        record_.default_value = default_value;
        record_.parse = [parse = std::move(parse)](void* settings, std::string_view value, const ConfigEntry& entry) {
            return parse(*static_cast<S*>(settings), value, entry);
        };
        if (print) record_.print = [print](const void* settings) { return print(*static_cast<const S*>(settings)); };
    }

    // Another name for an option of the same table, without a notice.
    static Option alias(std::string_view name, std::string_view meant) { return {Record::Kind::alias, name, meant}; }
    // Asterisk has it, it means nothing here: a notice that says why, and no harm.
    static Option ignored(std::string_view name, std::string_view reason) { return {Record::Kind::ignored, name, reason}; }
    // Asterisk has it and it would matter, but we don't have it: an error that says so (and what to do).
    static Option absent(std::string_view name, std::string_view reason) { return {Record::Kind::absent, name, reason}; }
    // Still understood, with a warning that names what to use now.
    Option&& deprecated(std::string_view instead) && {
        record_.deprecated = instead;
        return std::move(*this);
    }

    const Record& record() const { return record_; }

  private:
    Option(std::string_view name, std::string_view text) {
        record_.name = name;
        record_.text = text;
    }
    Option(Record::Kind kind, std::string_view name, std::string_view text) : Option(name, text) { record_.kind = kind; }

    static std::string unit_words(std::chrono::nanoseconds unit) {
        if (unit == std::chrono::seconds(1)) return " (seconds, or with a unit: ms s min h d)";
        if (unit == std::chrono::milliseconds(1)) return " (milliseconds, or with a unit: ms s min h d)";
        if (unit == std::chrono::minutes(1)) return " (minutes, or with a unit: ms s min h d)";
        return " (with a unit: ms s min h d)";
    }

    template <class T, class Read, class Print>
    void bind(T S::*member, T value, Read read, Print print) {
        record_.reset = [member, value](void* settings) { static_cast<S*>(settings)->*member = value; };
        record_.parse = [member, read](void* settings, std::string_view written, const ConfigEntry&) -> Result<void> {
            auto parsed = read(written);
            if (!parsed) return fail(ErrorCode::invalid);
            static_cast<S*>(settings)->*member = *std::move(parsed);
            return {};
        };
        record_.print = [member, print](const void* settings) { return print(static_cast<const S*>(settings)->*member); };
    }

    Record record_;
};

// One line of help (`config show help`, completion, the manual).
struct OptionHelp {
    std::string name, text, expected, default_value, value;
    std::vector<std::string> words;
};

// The table. Immutable; make it once (static const) and use it from any thread.
template <class S>
class Options {
  public:
    Options(std::initializer_list<Option<S>> options) : table_(records(options)) {}
    explicit Options(const std::vector<Option<S>>& options) : table_(records(options)) {}

    S defaults() const {
        S settings{};
        table_.reset(&settings);
        return settings;
    }
    // Applies the section's entries in order to settings; keys in `also` belong to somebody else and are passed over.
    // Every wrong value and unknown key becomes an error with its place.
    void apply(const ConfigCategory& category, S& settings, Diagnostics& findings,
               std::initializer_list<std::string_view> also = {}) const {
        for (const auto& entry : category.entries()) {
            bool others = false;
            for (const auto key : also) others = others || equals_ignoring_case(key, entry.key);
            if (!others) table_.apply(&settings, entry, findings);
        }
    }
    // One setting by itself, for sections that mix settings with other lines.
    void apply(const ConfigEntry& entry, S& settings, Diagnostics& findings) const {
        table_.apply(&settings, entry, findings);
    }
    // Defaults, then the section.
    S read(const ConfigCategory& category, Diagnostics& findings,
           std::initializer_list<std::string_view> also = {}) const {
        S settings = defaults();
        apply(category, settings, findings, also);
        return settings;
    }
    // Defaults, then the file's first section of the name if there is one.
    S read(const ConfigFile& file, std::string_view category, Diagnostics& findings,
           std::initializer_list<std::string_view> also = {}) const {
        const auto* found = file.find(category);
        return found ? read(*found, findings, also) : defaults();
    }
    bool knows(std::string_view key) const { return table_.knows(key); }
    // Commented lines for the sample file: help, what is expected, the default.
    std::string sample() const { return table_.sample(); }
    // With the values of `settings` when given.
    std::vector<OptionHelp> help(const S* settings = nullptr) const {
        std::vector<OptionHelp> list;
        for (const auto& record : table_.records())
            if (record.kind == detail::OptionRecord::Kind::normal)
                list.push_back({record.name, record.text, record.expected, record.default_value,
                                settings && record.print ? record.print(settings) : std::string(), record.words});
        return list;
    }

  private:
    template <class List>
    static std::vector<detail::OptionRecord> records(const List& options) {
        std::vector<detail::OptionRecord> list;
        for (const auto& option : options) list.push_back(option.record());
        return list;
    }
    detail::OptionTable table_;
};

// The value of `type` in a section of a file with typed sections (pjsip.conf and its like); when it is missing or none of
// `types`, nothing, and an error with the nearest word.
std::optional<std::string> section_type(const ConfigCategory& category, const std::vector<std::string>& types,
                                        Diagnostics& findings);
// An error for a section whose name the file does not know, with the nearest of `names`.
void unknown_section(const ConfigCategory& category, const std::vector<std::string>& names, Diagnostics& findings);

}  // namespace jackfield
