// Is one frequency what is heard? In blocks of 20 ms.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>

namespace jackfield::tones {

// Goertzel's filter at 8000 Hz. Pure.
class ToneMeter {
  public:
    static constexpr unsigned block = 160;
    explicit ToneMeter(double hz) : factor_(2 * std::cos(2 * std::numbers::pi * hz / 8000)) {}

    void add(std::int16_t sample) {
        const double next = sample + factor_ * one_ - two_;
        two_ = one_;
        one_ = next;
    }
    // The mean square of the sine of that frequency in the block that ends here; the next one begins.
    double power() {
        const double power = (one_ * one_ + two_ * two_ - factor_ * one_ * two_) * 2 / (block * double{block});
        one_ = two_ = 0;
        return power;
    }

  private:
    double factor_, one_ = 0, two_ = 0;
};

// Tells block by block whether a tone of one frequency is there and (nearly) alone.
class ToneGate {
  public:
    // `share`: of all that is heard; `least`: mean square, below which nothing counts.
    explicit ToneGate(double hz, double share = 0.5, double least = 100 * 100) : meter_(hz), share_(share), least_(least) {}
    // Calls `block(present)` every 20 ms.
    template <class F>
    void hear(std::span<const std::int16_t> audio, F&& block) {
        for (const auto sample : audio) {
            meter_.add(sample);
            energy_ += static_cast<double>(sample) * sample;
            if (++count_ < ToneMeter::block) continue;
            const double all = energy_ / ToneMeter::block, tone = meter_.power();
            count_ = 0;
            energy_ = 0;
            block(tone >= least_ && tone >= all * share_);
        }
    }

  private:
    ToneMeter meter_;
    double share_, least_, energy_ = 0;
    unsigned count_ = 0;
};

// How often a tone lasted for at least so long; each is told when it has.
class ToneCounter {
  public:
    ToneCounter(double hz, unsigned shortest_ms, double share = 0.5)
        : gate_(hz, share), blocks_(std::max(1u, shortest_ms / 20)) {}
    template <class F>
    void hear(std::span<const std::int16_t> audio, F&& found) {
        gate_.hear(audio, [&](bool present) {
            if (!present) {
                // One block of noise does not make two tones of one.
                if (++absent_ >= 2) length_ = 0;
                return;
            }
            absent_ = 0;
            if (++length_ == blocks_) found();
        });
    }

  private:
    ToneGate gate_;
    const unsigned blocks_;
    unsigned length_ = 0, absent_ = 0;
};

// Digits as pulses of one tone (SF, 2600 Hz): as many as the digit says, ten for 0, ten a second.
class PulseCounter {
  public:
    explicit PulseCounter(double hz) : gate_(hz) {}
    // `digit(char)` when the pause after its pulses has lasted.
    template <class F>
    void hear(std::span<const std::int16_t> audio, F&& digit) {
        gate_.hear(audio, [&](bool present) {
            if (present) {
                if (!on_ && run_ >= 1) ++pulses_;
                run_ = on_ ? run_ + 1 : 1;
                on_ = true;
                if (run_ > longest_pulse) pulses_ = 0;  // a line's idle tone, no digit
                return;
            }
            run_ = on_ ? 1 : run_ + 1;
            on_ = false;
            if (run_ != pause || pulses_ == 0) return;
            if (pulses_ <= 10) digit(static_cast<char>(pulses_ == 10 ? '0' : '0' + pulses_));
            pulses_ = 0;
        });
    }

  private:
    static constexpr unsigned pause = 10, longest_pulse = 8;  // blocks
    ToneGate gate_;
    bool on_ = false;
    unsigned run_ = 1, pulses_ = 0;
};

}  // namespace jackfield::tones
