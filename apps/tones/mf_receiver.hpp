// MF digits in audio (ITU-T Q.320), by SpanDSP.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

struct bell_mf_rx_state_s;

namespace jackfield::tones {

// Made and destroyed on the control thread, fed on one media thread. Digits: 0-9, * KP, # ST, A STP, B ST2P, C ST3P.
class MfReceiver {
  public:
    MfReceiver();
    ~MfReceiver();
    MfReceiver(const MfReceiver&) = delete;
    MfReceiver& operator=(const MfReceiver&) = delete;
    template <class F>
    void hear(std::span<const std::int16_t> audio, F&& tell) {
        char digits[32];
        for (std::size_t i = receive(audio, digits), at = 0; at < i; ++at) tell(static_cast<std::uint32_t>(digits[at]));
    }

  private:
    std::size_t receive(std::span<const std::int16_t> audio, std::span<char> digits);
    bell_mf_rx_state_s* receiver_;
};

}  // namespace jackfield::tones
