// Commands that say something; a key of the escape digits ends each and is its result.
#include <chrono>
#include <cstdint>

#include "core/base/strings.hpp"
#include "core/media/say.hpp"
#include "modules/res_agi/command_line.hpp"
#include "modules/res_agi/commands.hpp"

namespace jackfield::agi {
namespace {

Result<Reply> speak(Channel& channel, const PromptNames& names, std::string_view escape_digits) {
    const char key = JF_TRY(channel.play_names(names, escape_digits));
    return key_pressed(key);
}

const std::string& language(Channel& channel) { return channel.attributes().language; }

Result<Reply> say_alpha(Channel& channel, Words words) { return speak(channel, say_letters(words[2], language(channel)), words[3]); }

Result<Reply> say_phonetic(Channel& channel, Words words) {
    return speak(channel, jackfield::say_phonetic(words[2], language(channel)), words[3]);
}

Result<Reply> say_digits(Channel& channel, Words words) {
    if (words[2].find_first_of("0123456789") == std::string::npos) return usage();
    return speak(channel, jackfield::say_digits(words[2], language(channel)), words[3]);
}

Result<Reply> say_number(Channel& channel, Words words) {
    const auto number = parse_number<std::int64_t>(words[2]);
    if (!number) return usage();
    const auto names = JF_TRY(jackfield::say_number(*number, language(channel), word(words, 4)));
    return speak(channel, names, words[3]);
}

Result<Reply> say_moment(Channel& channel, Words words, std::string_view format, const std::string& zone = {}) {
    const auto seconds = parse_number<std::int64_t>(words[2]);
    if (!seconds) return usage();
    const std::chrono::system_clock::time_point time{std::chrono::seconds(*seconds)};
    const auto names = JF_TRY(jackfield::say_time(time, zone, format, language(channel)));
    return speak(channel, names, words[3]);
}

bool german(Channel& channel) { return starts_with_ignoring_case(language(channel), "de"); }

Result<Reply> say_date(Channel& channel, Words words) { return say_moment(channel, words, german(channel) ? "AdBY" : "ABdY"); }

Result<Reply> say_time(Channel& channel, Words words) { return say_moment(channel, words, german(channel) ? "HM" : "IMp"); }

Result<Reply> say_date_time(Channel& channel, Words words) {
    const std::string_view usual = german(channel) ? "A dBY HMS" : "ABdY 'digits/at' IMp";
    return say_moment(channel, words, words.size() > 4 ? word(words, 4) : usual, std::string(word(words, 5)));
}

constexpr std::string_view returns = "Returns 0, or the ASCII number of the key that ended it, or -1 on failure.";

constexpr Command all_say_commands[]{
    {"say alpha", false, "TEXT ESCAPE_DIGITS", "Spell a text", returns, 4, 4, say_alpha},
    {"say date", false, "DATE ESCAPE_DIGITS", "Say a date, given in seconds since 1970", returns, 4, 4, say_date},
    {"say datetime", false, "TIME ESCAPE_DIGITS [FORMAT] [TIMEZONE]", "Say date and time, given in seconds since 1970", returns, 4, most_words,
     say_date_time},
    {"say digits", false, "NUMBER ESCAPE_DIGITS", "Say digits one by one", returns, 4, 4, say_digits},
    {"say number", false, "NUMBER ESCAPE_DIGITS [GENDER]", "Say a number", returns, 4, 5, say_number},
    {"say phonetic", false, "TEXT ESCAPE_DIGITS", "Spell a text by the alphabet of telephony", returns, 4, 4, say_phonetic},
    {"say time", false, "TIME ESCAPE_DIGITS", "Say a time of day, given in seconds since 1970", returns, 4, 4, say_time},
};

}  // namespace

std::span<const Command> say_commands() { return all_say_commands; }

}  // namespace jackfield::agi
