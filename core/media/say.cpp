// The say engine: applies the rules of a language.
#include "core/media/say.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/media/say_rules.hpp"
#include "core/media/sound_search.hpp"

namespace jackfield {
namespace {

constexpr int deepest_rules = 40;  // rules that call rules
constexpr std::size_t most_prompts = 512;

// Control thread.
struct Languages {
    std::map<std::string, SayLanguage, std::less<>> all;
    std::string default_language = "en";
    std::set<std::string, std::less<>> missed;  // warned about already
};
Languages& languages() {
    static Languages the_languages;
    return the_languages;
}
LocalTimeFunction& local_time() {
    static LocalTimeFunction function = nullptr;
    return function;
}

// The rules for a language or its root ("fr_CA", "fr"), else those of the default language, else English.
const SayLanguage* find_language(std::string_view language) {
    Languages& known = languages();
    auto order = language_order(language, known.default_language);
    order.back() = "en";  // instead of "no language"
    for (const std::string& one : order) {
        const auto found = known.all.find(one);
        if (found == known.all.end()) continue;
        const bool own = language.empty() || language.starts_with(one);
        if (!own && known.missed.size() < 100 && known.missed.emplace(language).second)
            log_warning("there are no rules to speak {} (say/{}.conf); those of {} are used", language,
                        std::string(language.substr(0, language.find_first_of("_-"))), one);
        return &found->second;
    }
    if (known.missed.emplace("").second)
        log_warning(
            "there are no rules to speak numbers: say/en.conf is in no folder of sounds; digits are said one by one");
    return nullptr;
}

class Speaker {
  public:
    explicit Speaker(const SayLanguage& language) : language_(language) {}

    Result<void> number(std::int64_t n, std::string_view gender, bool ordinal, int depth = 0) {
        const auto& rules = ordinal ? language_.ordinals : language_.numbers;
        for (const SayRule& rule : rules) {
            if (!rule.gender.empty() && rule.gender != gender) continue;
            const bool fits = std::any_of(rule.ranges.begin(), rule.ranges.end(),
                                          [&](const auto& range) { return n >= range.first && n <= range.second; });
            if (fits && holds(rule, n)) return apply(rule, n, gender, ordinal, depth);
        }
        return fail(ErrorCode::unsupported, "this language has no rule for the {} {}", ordinal ? "ordinal" : "number",
                    n);
    }
    // The first rule of a time's letter that fits.
    Result<bool> letter(std::string_view letter, std::int64_t n) {
        const auto found = language_.time.find(letter);
        if (found == language_.time.end()) return false;
        for (const SayRule& rule : found->second) {
            if (!holds(rule, n)) continue;
            JF_TRY(apply(rule, n, language_.gender, false, 0));
            return true;
        }
        return true;
    }
    void prompt(std::string name) {
        if (prompts.size() < most_prompts && !name.empty()) prompts.push_back(std::move(name));
    }

    PromptNames prompts;

  private:
    static bool holds(const SayRule& rule, std::int64_t n) {
        return std::all_of(rule.conditions.begin(), rule.conditions.end(),
                           [&](const SayCondition& condition) { return condition.holds(n); });
    }
    Result<void> apply(const SayRule& rule, std::int64_t n, std::string_view gender, bool ordinal, int depth) {
        if (depth > deepest_rules) return fail(ErrorCode::invalid, "the rules for {} call themselves for ever", n);
        for (const SayWord& word : rule.words) {
            if (word.kind == SayWord::Kind::prompt) {
                std::string name = word.texts.front();
                for (std::size_t i = 0; i < word.expressions.size(); ++i)
                    name += std::to_string(word.expressions[i].value(n)) + word.texts[i + 1];
                prompt(std::move(name));
                continue;
            }
            const std::int64_t value = word.expressions.front().value(n);
            if (word.kind == SayWord::Kind::again && value == 0) continue;
            const bool next = word.kind == SayWord::Kind::ordinal || (word.kind == SayWord::Kind::again && ordinal);
            JF_TRY(number(value, word.gender ? std::string_view(*word.gender) : gender, next, depth + 1));
        }
        return {};
    }

    const SayLanguage& language_;
};

Result<PromptNames> say_amount(std::int64_t number, std::string_view language, std::string_view gender, bool ordinal) {
    const SayLanguage* rules = find_language(language);
    if (!rules) return say_digits(std::to_string(number), language);
    Speaker speaker(*rules);
    if (number < 0) {
        speaker.prompt(rules->minus);
        number =
            number == std::numeric_limits<std::int64_t>::min() ? std::numeric_limits<std::int64_t>::max() : -number;
    }
    const std::string wanted = gender.empty() ? rules->gender : to_lower(gender);
    JF_TRY(speaker.number(number, wanted, ordinal));
    return std::move(speaker.prompts);
}

using Characters = std::map<std::string, std::string, std::less<>>;

// The next character of UTF-8 text; 0xfffd for what is none.
char32_t next_character(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xf0 && first < 0xf8 ? 4
                               : first >= 0xe0 && first < 0xf0 ? 3
                               : first >= 0xc0 && first < 0xe0 ? 2
                                                               : 0;
    if (length == 0 || length > text.size()) {
        text.remove_prefix(1);
        return 0xfffd;
    }
    char32_t code = length == 1 ? first : first & (0x7fu >> length);
    for (std::size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
    text.remove_prefix(length);
    return code;
}

// Adds the prompt of `kind`, with {c} replaced.
void add_character(const Characters& characters, std::string_view kind, char character, PromptNames& prompts) {
    const auto found = characters.find(kind);
    if (found == characters.end() || prompts.size() >= most_prompts) return;
    std::string name = found->second;
    if (const std::size_t at = name.find("{c}"); at != std::string::npos) name.replace(at, 3, 1, character);
    prompts.push_back(std::move(name));
}

PromptNames spell(std::string_view text, const Characters& characters, bool tell_case) {
    PromptNames prompts;
    while (!text.empty()) {
        const char32_t code = next_character(text);
        const bool upper = code >= 'A' && code <= 'Z', lower = code >= 'a' && code <= 'z';
        const char plain = static_cast<char>(upper ? code + 32 : code);
        if (tell_case && (upper || lower)) add_character(characters, upper ? "upper" : "lower", plain, prompts);
        if (const std::string own = std::to_string(upper ? code + 32 : code); characters.contains(own))
            add_character(characters, own, plain, prompts);
        else if (upper || lower)
            add_character(characters, "letter", plain, prompts);
        else if (code >= '0' && code <= '9')
            add_character(characters, "digit", plain, prompts);
    }
    return prompts;
}

// One letter of a time format: what it says, over what value.
class TimeSpeaker {
  public:
    TimeSpeaker(const SayLanguage& language, const std::tm& time, const std::tm& now)
        : language_(language), speaker_(language), time_(time), now_(now) {}

    Result<void> format(std::string_view format) {
        while (!format.empty()) {
            const char letter = format.front();
            format.remove_prefix(1);
            if (letter == ' ' || letter == ',') continue;
            if (letter == '\'') {
                const std::size_t end = format.find('\'');
                if (end == std::string_view::npos)
                    return fail(ErrorCode::invalid, "time format: the quote before \"{}\" is not closed", format);
                speaker_.prompt(std::string(format.substr(0, end)));
                format.remove_prefix(end + 1);
                continue;
            }
            JF_TRY(say(letter));
        }
        return {};
    }
    PromptNames& prompts() { return speaker_.prompts; }

  private:
    static constexpr std::string_view day_format = "ABdY";

    // Calendar days from today to the time's day.
    long days_away() const {
        std::tm from = now_, to = time_;
        for (std::tm* one : {&from, &to}) one->tm_hour = 12, one->tm_min = one->tm_sec = 0, one->tm_isdst = 0;
        return (timegm(&to) - timegm(&from)) / 86400;
    }
    Result<void> relative(bool terse) {
        const long away = days_away();
        const auto say_prompt = [&](const char* name) {
            if (const auto found = language_.time_prompts.find(name); found != language_.time_prompts.end())
                speaker_.prompt(found->second);
        };
        if (away == 0) {
            if (!terse) say_prompt("today");
        } else if (away == -1) {
            say_prompt("yesterday");
        } else if (terse && away < 0 && away > -7) {
            return say('A');
        } else {
            return format(day_format);
        }
        return {};
    }
    std::optional<std::int64_t> value_of(char letter) const {
        switch (letter) {
            case 'A':
            case 'a':
                return time_.tm_wday;
            case 'B':
            case 'b':
            case 'h':
                return time_.tm_mon;
            case 'm':
                return time_.tm_mon + 1;
            case 'd':
            case 'e':
                return time_.tm_mday;
            case 'Y':
                return time_.tm_year + 1900;
            case 'I':
            case 'l':
                return time_.tm_hour % 12 ? time_.tm_hour % 12 : 12;
            case 'H':
            case 'k':
                return time_.tm_hour;
            case 'M':
            case 'N':
                return time_.tm_min;
            case 'S':
                return time_.tm_sec;
            case 'P':
            case 'p':
                return time_.tm_hour >= 12;
            default:
                return {};
        }
    }
    Result<void> say(char letter) {
        switch (letter) {
            case 'R':
                return format("HM");
            case 'T':
                return format("HMS");
            case 'Q':
                return relative(false);
            case 'q':
                return relative(true);
            default:
                break;
        }
        const auto value = value_of(letter);
        if (!value)
            return fail(ErrorCode::invalid,
                        "time format: there is no letter \"{}\"; use A B d Y I H k l M m p P Q q R S T", letter);
        if (JF_TRY(speaker_.letter(std::string(1, letter), *value))) return {};
        // Letters that mean the same as another one.
        constexpr std::pair<char, char> same[] = {{'a', 'A'}, {'b', 'B'}, {'h', 'B'}, {'e', 'd'},
                                                  {'l', 'I'}, {'k', 'H'}, {'P', 'p'}, {'N', 'M'}};
        for (const auto& [one, other] : same)
            if (one == letter && JF_TRY(speaker_.letter(std::string(1, other), *value))) return {};
        return fail(ErrorCode::unsupported, "time format: this language has no rule for \"{}\"", letter);
    }

    const SayLanguage& language_;
    Speaker speaker_;
    std::tm time_, now_;
};

Result<std::tm> to_local(std::chrono::system_clock::time_point time, const std::string& timezone) {
    if (local_time()) return local_time()(time, timezone);
    if (!timezone.empty()) return fail(ErrorCode::unsupported, "time zones by name are not there");
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm local{};
    if (!localtime_r(&seconds, &local)) return fail(ErrorCode::invalid, "the time is out of range");
    return local;
}

}  // namespace

Result<PromptNames> say_number(std::int64_t number, std::string_view language, std::string_view gender) {
    return say_amount(number, language, gender, false);
}

Result<PromptNames> say_ordinal(std::int64_t number, std::string_view language, std::string_view gender) {
    return say_amount(number, language, gender, true);
}

PromptNames say_digits(std::string_view digits, std::string_view language) {
    static const Characters plain{
        {"digit", "digits/{c}"}, {"star", "digits/star"}, {"pound", "digits/pound"}, {"minus", "digits/minus"}};
    const SayLanguage* rules = find_language(language);
    const Characters& characters = rules && !rules->digits.empty() ? rules->digits : plain;
    PromptNames prompts;
    for (const char c : digits) {
        if (c >= '0' && c <= '9')
            add_character(characters, "digit", c, prompts);
        else if (c == '*' || c == '#' || c == '-')
            add_character(characters, c == '*' ? "star" : c == '#' ? "pound" : "minus", c, prompts);
    }
    return prompts;
}

PromptNames say_letters(std::string_view text, std::string_view language, bool tell_case) {
    const SayLanguage* rules = find_language(language);
    return rules ? spell(text, rules->letters, tell_case) : say_digits(text, language);
}

PromptNames say_phonetic(std::string_view text, std::string_view language) {
    const SayLanguage* rules = find_language(language);
    return rules ? spell(text, rules->phonetic, false) : say_digits(text, language);
}

Result<PromptNames> say_time(std::chrono::system_clock::time_point time, const std::string& timezone,
                             std::string_view format, std::string_view language) {
    const SayLanguage* rules = find_language(language);
    if (!rules) return fail(ErrorCode::not_found, "say/en.conf is in no folder of sounds");
    const std::tm local = JF_TRY(to_local(time, timezone)), now = JF_TRY(to_local(wall_now(), timezone));
    TimeSpeaker speaker(*rules, local, now);
    JF_TRY(speaker.format(format));
    return std::move(speaker.prompts());
}

void set_local_time(LocalTimeFunction function) { local_time() = function; }

Result<void> add_say_language(const std::string& name, const std::string& text) {
    Diagnostics findings;
    const MemoryFiles files;
    languages().all[name] =
        read_say_language(parse_config_text("say/" + name + ".conf", text, files, {}, findings), findings);
    return findings.to_result();
}

void load_say_languages(const std::vector<std::string>& directories, const std::string& default_language) {
    Languages fresh;
    fresh.default_language = default_language;
    Diagnostics findings;
    const DiskFiles files;
    for (const std::string& directory : directories) {
        for (const std::string& path : files.expand(directory + "/say/*.conf")) {
            const std::string name = std::filesystem::path(path).stem();
            if (fresh.all.contains(name)) continue;  // of a directory that is searched before this one
            fresh.all.emplace(name, read_say_language(parse_config(path, files, {}, findings), findings));
        }
    }
    findings.log();
    languages() = std::move(fresh);
}

}  // namespace jackfield
