// Tones and noise, what of them is left, and processors fed with them.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "core/media/processor.hpp"

namespace jackfield::testing {

using Sound = std::vector<std::int16_t>;

inline Sound sine(double hz, double peak, std::size_t samples, double rate = 8000) {
    Sound sound(samples);
    for (std::size_t i = 0; i < samples; ++i)
        sound[i] = static_cast<std::int16_t>(std::lround(peak * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate)));
    return sound;
}

inline Sound noise(double peak, std::size_t samples) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> value(-peak, peak);
    Sound sound(samples);
    for (auto& sample : sound) sample = static_cast<std::int16_t>(value(random));
    return sound;
}

// Goertzel's question by the definition: the amplitude of the sine of that frequency.
inline double amplitude(std::span<const std::int16_t> sound, double hz, double rate = 8000) {
    double real = 0, imaginary = 0;
    for (std::size_t i = 0; i < sound.size(); ++i) {
        const double angle = 2 * std::numbers::pi * hz * static_cast<double>(i) / rate;
        real += sound[i] * std::cos(angle);
        imaginary += sound[i] * std::sin(angle);
    }
    return 2 * std::hypot(real, imaginary) / static_cast<double>(std::max<std::size_t>(sound.size(), 1));
}

inline double loudness(std::span<const std::int16_t> sound) {  // root of the mean square
    double sum = 0;
    for (const auto sample : sound) sum += static_cast<double>(sample) * sample;
    return std::sqrt(sum / static_cast<double>(std::max<std::size_t>(sound.size(), 1)));
}

// In frames of that many samples, as a stream would.
inline Sound processed(AudioProcessor& processor, Sound sound, std::size_t frame = 160, std::uint32_t rate = 8000) {
    processor.begin({rate});
    for (std::size_t at = 0; at < sound.size(); at += frame)
        processor.process(std::span(sound).subspan(at, std::min(frame, sound.size() - at)), AudioProcessor::Direction::read);
    return sound;
}

inline std::span<const std::int16_t> tail(const Sound& sound, std::size_t samples) { return std::span(sound).last(samples); }

}  // namespace jackfield::testing
