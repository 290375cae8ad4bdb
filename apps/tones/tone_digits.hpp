// Digits as the tones of trunks: MF (ITU-T Q.320) and SF (pulses of one tone), described as in indications.conf.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/sdk.hpp"

namespace jackfield::tones {

struct MfTimes {
    std::chrono::milliseconds pause{50}, digit{55}, kp{120}, st{65};
};
// "0-9 * (KP) # (ST) A (STP) B (ST2P) C (ST3P)", w for half a second, h for 250 ms of 2600 Hz. Errors: invalid; unsupported
// for f (flash) and W (wink), which need a line.
Result<std::string> mf_tones(std::string_view digits, const MfTimes& times);
// Ten pulses a second of `hz`; w and h as above.
Result<std::string> sf_tones(std::string_view digits, double hz);

// Plays to the channel's far side until it has ended; the channel may be another one than the caller's. Waits.
Result<void> play_tones(Channel& channel, const std::string& description);

}  // namespace jackfield::tones
