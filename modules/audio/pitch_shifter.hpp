// Changes the pitch of speech and not its speed.
#pragma once

#include <vector>

#include "core/media/processor.hpp"

namespace jackfield::audio {

// A head reads what was said lately at another speed than it is written. Where it comes to the end it jumps to a place where
// the wave looks most alike, and the old place fades out. Delays by up to 80 ms. One direction.
class PitchShifter final : public AudioProcessor {
  public:
    // `ratio`: 2 is an octave up, 0.5 one down; 0.1 to 4.
    PitchShifter(Direction direction, double ratio) : AudioProcessor(direction, effect), ratio_(ratio) {}
    void begin(SampleRate rate) override;
    void process(std::span<std::int16_t> audio, Direction direction) override;

  private:
    double heard(double behind) const;  // the sample so far behind the newest one
    void jump();
    const double ratio_;
    std::vector<float> ring_;
    std::size_t newest_ = 0, window_ = 0, stride_ = 1;
    double behind_ = 0, other_ = 0;  // of the head that is heard, and of the one that fades out
    std::size_t fade_ = 0, fade_length_ = 0;
};

}  // namespace jackfield::audio
