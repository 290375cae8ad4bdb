// A gain that may change while audio flows.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>

#include "core/media/processor.hpp"

namespace jackfield::audio {

using GainFactor = std::atomic<float>;  // set on the control thread, read on a media thread

class GainProcessor final : public AudioProcessor {
  public:
    GainProcessor(Direction direction, std::shared_ptr<const GainFactor> factor)
        : AudioProcessor(direction, level), factor_(std::move(factor)) {}
    void process(std::span<std::int16_t> audio, Direction) override {
        const float factor = factor_->load(std::memory_order_relaxed);
        for (auto& sample : audio)
            sample = static_cast<std::int16_t>(std::clamp(static_cast<float>(sample) * factor, -32768.0f, 32767.0f));
    }

  private:
    std::shared_ptr<const GainFactor> factor_;
};

}  // namespace jackfield::audio
