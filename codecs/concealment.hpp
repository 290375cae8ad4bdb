// Packet loss concealment for waveform codecs at 8 kHz: repeats the last pitch period, fading (SpanDSP).
#pragma once

#include <cstdint>

#include <spandsp/telephony.h>  // does not include what it needs

#include <spandsp/plc.h>

#include <algorithm>
#include <span>

namespace jackfield {

class Concealment {
  public:
    Concealment() { plc_init(&state_); }
    // What was decoded; the start after a loss is blended with what was made up for it.
    void good(std::span<std::int16_t> pcm) { plc_rx(&state_, pcm.data(), static_cast<int>(pcm.size())); }
    std::size_t fill(unsigned samples, std::span<std::int16_t> pcm) {
        const int length = static_cast<int>(std::min<std::size_t>(samples, pcm.size()));
        return length > 0 ? static_cast<std::size_t>(plc_fillin(&state_, pcm.data(), length)) : 0;
    }

  private:
    plc_state_t state_;
};

}  // namespace jackfield
