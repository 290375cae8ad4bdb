// What the network or a machine says by tones: dial tone, ringing, busy, special information, fax, modem; and voice.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/tones/tone_meter.hpp"
#include "core/media/tone.hpp"

namespace jackfield::tones {

enum class Progress : std::uint32_t { none, dial_tone, ringing, busy, number_unobtainable, special_information, fax, modem, voice };
std::string_view to_string(Progress progress);  // as in TONESCANSTATUS

// Made on the control thread, fed with 8000 Hz on one media thread. Allocates nothing after that.
class ProgressScanner {
  public:
    struct Settings {
        std::string country;  // whose tones of indications.conf; empty: the default
        bool voice = false, fax = false;
    };
    explicit ProgressScanner(const Settings& settings);
    // Calls `tell(progress as a number)` each time one is told apart.
    template <class F>
    void hear(std::span<const std::int16_t> audio, F&& tell) {
        for (const auto sample : audio) {
            for (auto& each : meters_) each.meter.add(sample);
            energy_ += static_cast<double>(sample) * sample;
            if (++count_ < ToneMeter::block) continue;
            count_ = 0;
            if (const Progress found = end_block(); found != Progress::none) tell(static_cast<std::uint32_t>(found));
        }
    }

  private:
    struct Meter {
        double hz = 0;
        ToneMeter meter;
        double share = 0;  // of the energy of the last block
    };
    // A tone of the network: its frequencies, and how long it sounds and pauses, in blocks; 0: for ever.
    struct Pattern {
        Progress progress = Progress::none;
        std::array<int, 2> meters{-1, -1};
        unsigned on = 0, off = 0, settle = 0;  // settle: blocks after which one without a pause is told apart
        unsigned sounding = 0, pausing = 0, last_sounding = 0;
    };
    int meter_of(double hz);
    void add(Progress progress, std::string_view description);
    Progress end_block();
    Progress follow(Pattern& pattern, bool present);
    Progress follow_sequence();
    bool present(const Pattern& pattern) const;

    const Settings settings_;
    std::vector<Meter> meters_;
    std::vector<Pattern> patterns_;
    double energy_ = 0;
    unsigned count_ = 0, voiced_ = 0, quiet_ = 0;
    // Special information (ITU-T E.180): three tones that rise.
    std::array<std::array<int, 2>, 3> information_{};
    unsigned step_ = 0, step_blocks_ = 0, step_gap_ = 0;
};

}  // namespace jackfield::tones
