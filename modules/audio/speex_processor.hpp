// Automatic gain control and noise reduction of one direction, by SpeexDSP.
#pragma once

#include <memory>
#include <vector>

#include "core/media/processor.hpp"

struct SpeexPreprocessState_;

namespace jackfield::audio {

struct SpeexSettings {
    float level = 0;  // that the gain control aims at, as a peak of 16-bit samples; 0: no gain control
    bool denoise = false;
    bool any() const { return level > 0 || denoise; }
};

// Works in blocks of 10 ms; what is left of a frame waits for the next one, so that frames of other lengths come 10 ms late.
class SpeexProcessor final : public AudioProcessor {
  public:
    SpeexProcessor(Direction direction, SpeexSettings settings);
    ~SpeexProcessor() override;
    void begin(SampleRate rate) override;
    void process(std::span<std::int16_t> audio, Direction direction) override;

  private:
    struct Free {
        void operator()(SpeexPreprocessState_* state) const;
    };
    const SpeexSettings settings_;
    std::unique_ptr<SpeexPreprocessState_, Free> state_;
    std::size_t block_ = 0;
    std::vector<std::int16_t> waiting_, ready_;  // of frames that are no whole number of blocks
    std::size_t waiting_size_ = 0, ready_size_ = 0;
    bool whole_ = true;  // until a frame is not
};

}  // namespace jackfield::audio
