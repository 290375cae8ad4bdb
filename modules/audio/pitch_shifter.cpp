// Changes the pitch of speech and not its speed.
#include "modules/audio/pitch_shifter.hpp"

#include <algorithm>
#include <cmath>

namespace jackfield::audio {
namespace {

constexpr double window_seconds = 0.04;  // two periods of a deep voice
constexpr double fade_seconds = 0.008;

}  // namespace

void PitchShifter::begin(SampleRate rate) {
    window_ = static_cast<std::size_t>(rate.hz * window_seconds);
    fade_length_ = static_cast<std::size_t>(rate.hz * fade_seconds);
    stride_ = std::max<std::size_t>(1, rate.hz / 8000);  // the search costs the same at every rate
    // Room for the head while it fades out beyond the window, and for the search.
    ring_.assign(window_ * 4, 0);
    newest_ = 0;
    fade_ = 0;
    other_ = 0;
    behind_ = static_cast<double>(window_) / 2;
}

double PitchShifter::heard(double behind) const {
    const auto whole = static_cast<std::size_t>(behind);
    const double part = behind - static_cast<double>(whole);
    const std::size_t size = ring_.size();
    const std::size_t at = (newest_ + size - whole % size) % size, before = (at + size - 1) % size;
    return ring_[at] * (1 - part) + ring_[before] * part;
}

// The head goes to the other end of the window, to where the wave looks most like it does here, so that phases agree.
void PitchShifter::jump() {
    const double width = static_cast<double>(window_);
    const double least = static_cast<double>(fade_length_) * std::max(0.0, ratio_ - 1) + 1;
    const double to = ratio_ > 1 ? least + width : least;
    const double range = width / 2;
    double best = to, most = -1e30;
    for (double offset = 0; offset < range; offset += static_cast<double>(stride_)) {
        const double candidate = to + offset;
        double likeness = 0;
        for (std::size_t i = 0; i < fade_length_; i += 2 * stride_)
            likeness += heard(behind_ + static_cast<double>(i)) * heard(candidate + static_cast<double>(i));
        if (likeness > most) {
            most = likeness;
            best = candidate;
        }
    }
    other_ = behind_;
    behind_ = best;
    fade_ = fade_length_;
}

void PitchShifter::process(std::span<std::int16_t> audio, Direction) {
    const double width = static_cast<double>(window_);
    const double nearest = static_cast<double>(fade_length_) * std::max(0.0, ratio_ - 1) + 1;
    for (auto& sample : audio) {
        newest_ = (newest_ + 1) % ring_.size();
        ring_[newest_] = sample;
        behind_ += 1 - ratio_;
        if (fade_) other_ += 1 - ratio_;
        if (fade_ == 0 && (behind_ < nearest || behind_ > width * 2)) jump();
        double value = heard(std::max(behind_, 0.0));
        if (fade_) {
            const double share = static_cast<double>(fade_--) / static_cast<double>(fade_length_);
            value = value * (1 - share) + heard(std::max(other_, 0.0)) * share;
        }
        sample = static_cast<std::int16_t>(std::clamp(value, -32768.0, 32767.0));
    }
}

}  // namespace jackfield::audio
