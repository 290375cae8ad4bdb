// Loads built codec modules into a test, and listens to what comes out of them.
#pragma once

#include <cppunit/extensions/HelperMacros.h>
#include <dlfcn.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "core/media/translator.hpp"

namespace jackfield::test {

// A module's shared object, loaded for as long as this lives. Empty when it was left out of the build.
class LoadedModule {
  public:
    explicit LoadedModule(const std::string& name) : module_(name) {
        handle_ = dlopen((JACKFIELD_MODULE_OUTPUT "/" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!handle_) return;
        const auto* descriptor = static_cast<const ModuleDescriptor*>(dlsym(handle_, "jackfield_module_descriptor"));
        CPPUNIT_ASSERT_MESSAGE(name, descriptor);
        CPPUNIT_ASSERT_EQUAL(name, std::string(descriptor->name));
        const auto loaded = descriptor->load(module_);
        CPPUNIT_ASSERT_MESSAGE(loaded ? "" : loaded.error().text, loaded.has_value());
    }
    // The code stays mapped until the process ends: what a test still holds of it is destroyed late.
    bool built() const { return handle_ != nullptr; }
    Module& module() { return module_; }

  private:
    Module module_;
    void* handle_ = nullptr;
};

// One translation, as a media thread runs it.
class Through {
  public:
    Through(const char* from, const char* to) {
        auto path = TranslationPath::find(find_codec(from), find_codec(to));
        CPPUNIT_ASSERT_MESSAGE(path ? "" : path.error().text, path.has_value());
        path_ = std::move(*path);
    }
    std::vector<std::uint8_t> bytes(std::span<const std::uint8_t> payload) {
        std::vector<std::uint8_t> all;
        const Frame frame{.codec = path_->from(), .payload = payload, .timestamp = timestamp_};
        timestamp_ +=
            path_->from()->samples(payload) * (path_->from()->rtp_clock.hz / 1000) / (path_->from()->rate.hz / 1000);
        path_->translate(frame, [&](const Frame& out) {
            CPPUNIT_ASSERT(out.payload.size() <= FrameBuffer::capacity);
            all.insert(all.end(), out.payload.begin(), out.payload.end());
        });
        return all;
    }
    std::vector<std::uint8_t> encode(std::span<const std::int16_t> pcm) {
        return bytes({reinterpret_cast<const std::uint8_t*>(pcm.data()), pcm.size() * 2});
    }
    std::vector<std::int16_t> decode(std::span<const std::uint8_t> payload) {
        const auto raw = bytes(payload);
        std::vector<std::int16_t> pcm(raw.size() / 2);
        if (!pcm.empty()) std::memcpy(pcm.data(), raw.data(), pcm.size() * 2);
        return pcm;
    }
    std::string describe() const { return path_->describe(); }

  private:
    std::unique_ptr<TranslationPath> path_;
    std::uint32_t timestamp_ = 0;
};

inline std::vector<std::int16_t> tone(double hz, unsigned rate, double seconds, double amplitude = 8000) {
    std::vector<std::int16_t> pcm(static_cast<std::size_t>(seconds * rate));
    for (std::size_t i = 0; i < pcm.size(); ++i)
        pcm[i] = static_cast<std::int16_t>(
            std::lround(amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / rate)));
    return pcm;
}

// Amplitude of one frequency (Goertzel).
inline double amplitude_of(std::span<const std::int16_t> pcm, double hz, unsigned rate) {
    const double step = 2 * std::numbers::pi * hz / rate;
    double before = 0, before_that = 0;
    for (const std::int16_t sample : pcm) {
        const double now = sample + 2 * std::cos(step) * before - before_that;
        before_that = before;
        before = now;
    }
    const double power = before * before + before_that * before_that - 2 * std::cos(step) * before * before_that;
    return 2 * std::sqrt(std::max(power, 0.0)) / static_cast<double>(pcm.size());
}

inline double power_of(std::span<const std::int16_t> pcm) {
    double sum = 0;
    for (const std::int16_t sample : pcm) sum += double{1} * sample * sample;
    return pcm.empty() ? 0 : sum / static_cast<double>(pcm.size());
}

// How far the tone stands above everything else, in dB.
inline double tone_to_rest(std::span<const std::int16_t> pcm, double hz, unsigned rate) {
    const double amplitude = amplitude_of(pcm, hz, rate), wanted = amplitude * amplitude / 2;
    return 10 * std::log10(wanted / std::max(power_of(pcm) - wanted, 1e-3));
}

}  // namespace jackfield::test
