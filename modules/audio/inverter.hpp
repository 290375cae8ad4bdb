// Turns the spectrum upside down: of 8000 Hz audio 1000 Hz becomes 3000 Hz.
#pragma once

#include "core/media/processor.hpp"

namespace jackfield::audio {

// Multiplication by half the sample rate: every second sample with the other sign. One direction.
class Inverter final : public AudioProcessor {
  public:
    explicit Inverter(Direction direction) : AudioProcessor(direction, effect) {}
    void process(std::span<std::int16_t> audio, Direction) override {
        for (auto& sample : audio)
            if (odd_ = !odd_; odd_) sample = sample == -32768 ? std::int16_t{32767} : static_cast<std::int16_t>(-sample);
    }

  private:
    bool odd_ = false;
};

}  // namespace jackfield::audio
