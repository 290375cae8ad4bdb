// SayDigits, SayNumber, SayOrdinal, SayAlpha, SayAlphaCase, SayPhonetic.
#include "core/media/say.hpp"

#include "modules/pbx_builtins/pbx_builtins.hpp"

namespace jackfield::pbx_builtins {
namespace {

constexpr ApplicationInfo digits_info{.name = "SayDigits",
                                      .syntax = "SayDigits(digits)",
                                      .synopsis = "Say digits one by one",
                                      .text = "Digits, `*`, `#` and `-` (minus) are said, anything else is left out. A key pressed goes on "
                                              "at that extension when SAY_DTMF_INTERRUPT is `true`."};
constexpr ApplicationInfo number_info{.name = "SayNumber",
                                      .syntax = "SayNumber(number[,gender])",
                                      .synopsis = "Say a number",
                                      .text = "In the channel's language; the gender is f, m, c or n where the language has one."};
constexpr ApplicationInfo ordinal_info{.name = "SayOrdinal",
                                       .syntax = "SayOrdinal(number[,gender])",
                                       .synopsis = "Say an ordinal number",
                                       .text = "In the channel's language, as in `third`."};
constexpr ApplicationInfo alpha_info{.name = "SayAlpha",
                                     .syntax = "SayAlpha(text)",
                                     .synopsis = "Spell a text",
                                     .text = "Letters, digits and the punctuation that prompts exist for."};
constexpr ApplicationInfo alpha_case_info{.name = "SayAlphaCase",
                                          .syntax = "SayAlphaCase(casetype,text)",
                                          .synopsis = "Spell a text and tell the case of its letters",
                                          .text = "The case type is `a` (all letters), `l` (lower case), `u` (upper case) or `n` (none)."};
constexpr ApplicationInfo phonetic_info{.name = "SayPhonetic",
                                        .syntax = "SayPhonetic(text)",
                                        .synopsis = "Spell a text by the alphabet of telephony",
                                        .text = "Alpha, bravo, charlie, ..."};

// Plays; a key ends it and goes on at that extension when the plan asked for that.
Result<void> speak(Channel& channel, const std::vector<std::string>& prompts) {
    const bool interruptible = parse_bool(channel.variable("SAY_DTMF_INTERRUPT")).value_or(false);
    const char digit = JF_TRY(channel.play_names(prompts, interruptible ? "0123456789*#" : ""));
    if (digit && extension_exists(channel, channel.place().context, std::string(1, digit)))
        go_to(channel, Place{channel.place().context, std::string(1, digit), 1});
    return {};
}

Result<void> say_digits(Channel& channel, const Arguments& arguments) {
    return speak(channel, jackfield::say_digits(arguments[0], channel.attributes().language));
}

template <auto engine>
Result<void> say_amount(Channel& channel, const Arguments& arguments) {
    const auto number = parse_number<std::int64_t>(trim(arguments[0]));
    if (!number) return fail(ErrorCode::invalid, "'{}' is not a number that can be said", arguments[0]);
    const auto prompts = JF_TRY(engine(*number, channel.attributes().language, arguments[1]));
    return speak(channel, prompts);
}

Result<void> say_alpha(Channel& channel, const Arguments& arguments) {
    return speak(channel, say_letters(arguments.raw(), channel.attributes().language));
}

Result<void> say_alpha_case(Channel& channel, const Arguments& arguments) {
    return speak(channel, say_letters(arguments[1], channel.attributes().language, arguments[0] != "n"));
}

Result<void> say_by_alphabet(Channel& channel, const Arguments& arguments) {
    return speak(channel, say_phonetic(arguments.raw(), channel.attributes().language));
}

}  // namespace

Result<void> add_say(Module& module) {
    JF_TRY(module.add(digits_info, say_digits));
    JF_TRY(module.add(number_info, say_amount<say_number>));
    JF_TRY(module.add(ordinal_info, say_amount<say_ordinal>));
    JF_TRY(module.add(alpha_info, say_alpha));
    JF_TRY(module.add(alpha_case_info, say_alpha_case));
    return module.add(phonetic_info, say_by_alphabet);
}

}  // namespace jackfield::pbx_builtins
