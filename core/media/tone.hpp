// Tones: indications.conf by country, and the generator for any tone description.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/source.hpp"

namespace jackfield {

// "440+480/2000,0/4000", "!350+440/100,!0/100,350+440", "425*25/1000" as in indications.conf. Errors: invalid.
Result<std::unique_ptr<Source>> make_tone(std::string_view description, SampleRate rate = {8000});

struct ToneZone {                                            // one country
    std::string country, description;                        // "fr", "France"
    std::vector<unsigned> ring_cadence;                      // ms on, off, ...
    std::vector<std::pair<std::string, std::string>> tones;  // dial, busy, ring, congestion, callwaiting, ...
};
class ToneZones {  // immutable snapshot; swapped by a reload of indications.conf
  public:
    std::vector<ToneZone> zones;
    std::string default_country = "us";
    // Description of that tone; falls back to the default country. Null when nobody knows it.
    const std::string* find(std::string_view country, std::string_view tone) const;
};
std::shared_ptr<const ToneZones> tone_zones();
void set_tone_zones(std::shared_ptr<const ToneZones> zones);

// Milliwatt: 1004 Hz at 0 dBm0 (ITU-T O.133); steady, for ever.
std::unique_ptr<Source> make_sine(double hz, double dbm0, SampleRate rate = {8000});
std::unique_ptr<Source> make_silence(SampleRate rate = {8000});

}  // namespace jackfield
