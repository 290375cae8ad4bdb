// DTMF in the audio itself (ITU-T Q.23, Q.24): generator and detector. Private to core/media.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/media/frame.hpp"

struct dtmf_rx_state_s;

namespace jackfield {

// Two tones that go on until stop(). One thread; allocates nothing.
class DigitTone {
  public:
    static bool knows(char key);  // 0-9 * # A-D, letter case aside
    void start(char key, SampleRate rate);
    void stop() { active_ = false; }
    bool active() const { return active_; }
    void fill(std::span<std::int16_t> audio);

  private:
    struct Oscillator {  // a rotating phasor: no table, no drift worth the name within a digit's length
        double cosine = 1, sine = 0, step_cosine = 1, step_sine = 0;
        void start(double hz, double rate);
        double next();
    };
    Oscillator low_, high_;
    bool active_ = false;
};

// SpanDSP's receiver. Made and destroyed on the control thread, fed on one media thread.
class DigitDetector {
  public:
    DigitDetector();
    ~DigitDetector();
    DigitDetector(const DigitDetector&) = delete;
    DigitDetector& operator=(const DigitDetector&) = delete;

    // Linear audio at 8000 Hz. `digit` is called for each begin and end, in order.
    using Found = void (*)(void* context, const Digit& digit);
    void hear(std::span<const std::int16_t> audio, Found found, void* context);
    bool in_digit() const { return key_ != 0; }

  private:
    static void tone(void* self, int code, int level, int delay);
    void change(char key);

    dtmf_rx_state_s* receiver_;
    Found found_ = nullptr;
    void* context_ = nullptr;
    char key_ = 0;
    std::uint64_t samples_ = 0, began_ = 0;
};

}  // namespace jackfield
