// Digits as the tones of trunks.
#include "apps/tones/tone_digits.hpp"

#include <algorithm>
#include <array>

namespace jackfield::tones {
namespace {

struct MfPair {
    char digit;
    unsigned low, high;
};
constexpr std::array<MfPair, 15> pairs{{{'1', 700, 900},   {'2', 700, 1100},  {'3', 900, 1100},  {'4', 700, 1300},
                                        {'5', 900, 1300},  {'6', 1100, 1300}, {'7', 700, 1500},  {'8', 900, 1500},
                                        {'9', 1100, 1500}, {'0', 1300, 1500}, {'*', 1100, 1700}, {'#', 1500, 1700},
                                        {'A', 900, 1700},  {'B', 1300, 1700}, {'C', 700, 1700}}};

// What both kinds have besides digits; true: it was that.
Result<bool> add_special(std::string& tones, char c) {
    if (c == 'w') {
        tones += "!0/500,";
        return true;
    }
    if (c == 'h' || c == 'H') {
        tones += "!2600/250,";
        return true;
    }
    if (c == 'f' || c == 'F' || c == 'W')
        return fail(ErrorCode::unsupported, "{} is a {} and needs an analog line", c, c == 'W' ? "wink" : "flash");
    return false;
}

}  // namespace

Result<std::string> mf_tones(std::string_view digits, const MfTimes& times) {
    std::string tones;
    for (const char given : digits) {
        if (JF_TRY(add_special(tones, given))) continue;
        const char digit = given >= 'a' && given <= 'c' ? static_cast<char>(given - 'a' + 'A') : given;
        const auto pair = std::ranges::find(pairs, digit, &MfPair::digit);
        if (pair == pairs.end())
            return fail(ErrorCode::invalid, "'{}' is no MF digit; there are 0 to 9, * (KP), # (ST), A, B and C", given);
        const auto length = digit == '*'                                        ? times.kp
                            : digit == '#' || (digit >= 'A' && digit <= 'C') ? times.st
                                                                                : times.digit;
        tones += fmt::format("!{}+{}/{},!0/{},", pair->low, pair->high, length.count(), times.pause.count());
    }
    if (!tones.empty()) tones.pop_back();
    return tones;
}

Result<std::string> sf_tones(std::string_view digits, double hz) {
    std::string tones;
    for (const char digit : digits) {
        if (JF_TRY(add_special(tones, digit))) continue;
        if (digit < '0' || digit > '9') return fail(ErrorCode::invalid, "'{}' is no SF digit; there are 0 to 9", digit);
        const int pulses = digit == '0' ? 10 : digit - '0';
        for (int i = 0; i < pulses; ++i) tones += fmt::format("!{}/60,!0/40,", hz);
        tones += "!0/660,";
    }
    if (!tones.empty()) tones.pop_back();
    return tones;
}

namespace {

// Of all elements of a description whose parts have their milliseconds behind a slash.
std::chrono::milliseconds length_of(std::string_view description) {
    std::chrono::milliseconds length{0};
    for (const std::string_view part : split_list(description))
        length += std::chrono::milliseconds(parse_number<int>(split_once(part, '/').second).value_or(0));
    return length;
}

}  // namespace

Result<void> play_tones(Channel& channel, const std::string& description) {
    if (description.empty()) return {};
    auto source = JF_TRY(make_tone(description));
    const auto keep = channel.share();
    Latch ended;
    channel.media().play(std::move(source), [&ended] { ended.set(); });
    // Nobody tells when the channel goes away, or when something else is played to it.
    auto waited = ended.wait(length_of(description) + std::chrono::seconds(1));
    if (waited || waited.error().code == ErrorCode::timeout) return {};
    if (!keep->ended()) keep->media().stop_playing();
    return waited;
}

}  // namespace jackfield::tones
