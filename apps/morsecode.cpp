// Morsecode: say a text in Morse code (ITU-R M.1677).
#include <array>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "Morsecode",
                               .syntax = "Morsecode(text)",
                               .synopsis = "Say a text in Morse code",
                               .text = "Letters, digits and punctuation of the international code; anything else is a pause. Variables of the "
                                       "channel: MORSEDITLEN (length of a dot in ms, 80), MORSETONE (Hz, 800), MORSESPACETONE (Hz between "
                                       "dots, 0), MORSETYPE (INTERNATIONAL, the only one)."};

constexpr std::size_t longest_text = 1024;
constexpr std::size_t characters_at_once = 16;  // of at most 13 tones each: a tone description has at most 256

struct Letter {
    char character;
    std::string_view code;
};
constexpr Letter letters[]{
    {'a', ".-"},     {'b', "-..."},   {'c', "-.-."},   {'d', "-.."},    {'e', "."},      {'f', "..-."},   {'g', "--."},
    {'h', "...."},   {'i', ".."},     {'j', ".---"},   {'k', "-.-"},    {'l', ".-.."},   {'m', "--"},     {'n', "-."},
    {'o', "---"},    {'p', ".--."},   {'q', "--.-"},   {'r', ".-."},    {'s', "..."},    {'t', "-"},      {'u', "..-"},
    {'v', "...-"},   {'w', ".--"},    {'x', "-..-"},   {'y', "-.--"},   {'z', "--.."},   {'0', "-----"},  {'1', ".----"},
    {'2', "..---"},  {'3', "...--"},  {'4', "....-"},  {'5', "....."},  {'6', "-...."},  {'7', "--..."},  {'8', "---.."},
    {'9', "----."},  {'.', ".-.-.-"}, {',', "--..--"}, {'?', "..--.."}, {'\'', ".----."}, {'/', "-..-."}, {'(', "-.--."},
    {')', "-.--.-"}, {':', "---..."}, {'=', "-...-"},  {'+', ".-.-."},  {'-', "-....-"}, {'"', ".-..-."}, {'@', ".--.-."}};

std::string_view code_of(char character) {
    for (const Letter& letter : letters)
        if (letter.character == character) return letter.code;
    return {};
}

unsigned setting(Channel& channel, std::string_view variable, unsigned otherwise, unsigned most) {
    const auto number = parse_number<unsigned>(channel.variable(variable));
    return number && *number <= most ? *number : otherwise;
}

// A dash lasts three dots; one is between signs, three between letters, seven between words.
std::string tones(std::string_view text, unsigned dot, unsigned hz, unsigned space_hz) {
    std::string all;
    const auto add = [&](unsigned frequency, unsigned dots) { all += fmt::format("{}!{}/{}", all.empty() ? "" : ",", frequency, dots * dot); };
    for (const char character : to_lower(text)) {
        const std::string_view code = code_of(character);
        for (const char sign : code) {
            add(hz, sign == '-' ? 3 : 1);
            add(space_hz, 1);
        }
        add(space_hz, code.empty() ? 4 : 2);  // with what stands behind the last sign or letter
    }
    return all;
}

Result<void> morse_code(Channel& channel, const Arguments& arguments) {
    const std::string_view text = arguments.raw();
    if (text.empty() || text.size() > longest_text)
        return fail(ErrorCode::invalid, "Morsecode needs a text of at most {} characters", longest_text);
    if (const std::string type = channel.variable("MORSETYPE"); !type.empty() && !equals_ignoring_case(type, "INTERNATIONAL"))
        return fail(ErrorCode::unsupported, "Morsecode: MORSETYPE {} is not available, only INTERNATIONAL", type);
    const unsigned dot = setting(channel, "MORSEDITLEN", 80, 5000), hz = setting(channel, "MORSETONE", 800, 4000);
    const unsigned space_hz = setting(channel, "MORSESPACETONE", 0, 4000);
    for (std::size_t at = 0; at < text.size(); at += characters_at_once) {
        auto tone = JF_TRY(make_tone(tones(text.substr(at, characters_at_once), dot ? dot : 80, hz, space_hz)));
        JF_TRY(channel.play_source(std::move(tone)));
    }
    return {};
}

Result<void> load(Module& module) { return module.add(info, morse_code); }

}  // namespace

JACKFIELD_MODULE("app_morsecode", "Morse code", load)
