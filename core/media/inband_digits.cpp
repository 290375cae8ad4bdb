// DTMF in the audio itself (ITU-T Q.23, Q.24).
#include "core/media/inband_digits.hpp"

#include <spandsp.h>

#include <cmath>
#include <new>
#include <numbers>
#include <string_view>
#include <utility>

namespace jackfield {
namespace {

constexpr std::string_view keys = "123A456B789C*0#D";
constexpr double low_hz[] = {697, 770, 852, 941};
constexpr double high_hz[] = {1209, 1336, 1477, 1633};
// -10 dBm0 and -8 dBm0: the high group a little stronger (Q.23), well inside the limits of Q.24.
constexpr double low_peak = 7300, high_peak = 9200;

std::size_t key_position(char key) {
    if (key >= 'a' && key <= 'd') key = static_cast<char>(key - 'a' + 'A');
    return key ? keys.find(key) : keys.npos;
}

}  // namespace

void DigitTone::Oscillator::start(double hz, double rate) {
    cosine = 1;
    sine = 0;
    step_cosine = std::cos(2 * std::numbers::pi * hz / rate);
    step_sine = std::sin(2 * std::numbers::pi * hz / rate);
}

double DigitTone::Oscillator::next() {
    const double turned = cosine * step_cosine - sine * step_sine;
    sine = sine * step_cosine + cosine * step_sine;
    cosine = turned;
    return sine;
}

bool DigitTone::knows(char key) { return key_position(key) != keys.npos; }

void DigitTone::start(char key, SampleRate rate) {
    const std::size_t position = key_position(key);
    if (position == keys.npos) return stop();
    low_.start(low_hz[position / 4], rate.hz);
    high_.start(high_hz[position % 4], rate.hz);
    active_ = true;
}

void DigitTone::fill(std::span<std::int16_t> audio) {
    for (auto& sample : audio) sample = static_cast<std::int16_t>(low_.next() * low_peak + high_.next() * high_peak);
}

DigitDetector::DigitDetector() : receiver_(dtmf_rx_init(nullptr, nullptr, nullptr)) {
    if (!receiver_) throw std::bad_alloc();
    dtmf_rx_set_realtime_callback(receiver_, &DigitDetector::tone, this);
}

DigitDetector::~DigitDetector() { dtmf_rx_free(receiver_); }

void DigitDetector::tone(void* self, int code, int, int) {
    static_cast<DigitDetector*>(self)->change(static_cast<char>(code));
}

void DigitDetector::change(char key) {
    if (key == key_) return;
    if (const char ended = std::exchange(key_, key))
        found_(context_, Digit{ended, true, Digit::limited((samples_ - began_) / 8)});
    began_ = samples_;
    if (key) found_(context_, Digit{key, false, 0});
}

void DigitDetector::hear(std::span<const std::int16_t> audio, Found found, void* context) {
    found_ = found;
    context_ = context;
    samples_ += audio.size();
    dtmf_rx(receiver_, audio.data(), static_cast<int>(audio.size()));
}

}  // namespace jackfield
