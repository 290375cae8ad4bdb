// Automatic gain control and noise reduction of one direction, by SpeexDSP.
#include "modules/audio/speex_processor.hpp"

#include <speex/speex_preprocess.h>

#include <algorithm>
#include <cstring>

namespace jackfield::audio {

SpeexProcessor::SpeexProcessor(Direction direction, SpeexSettings settings)
    : AudioProcessor(direction, clean), settings_(settings) {}

SpeexProcessor::~SpeexProcessor() = default;

void SpeexProcessor::Free::operator()(SpeexPreprocessState_* state) const { speex_preprocess_state_destroy(state); }

void SpeexProcessor::begin(SampleRate rate) {
    block_ = rate.hz / 100;
    state_.reset(speex_preprocess_state_init(static_cast<int>(block_), static_cast<int>(rate.hz)));
    if (!state_) return;
    int on = settings_.denoise ? 1 : 0;
    speex_preprocess_ctl(state_.get(), SPEEX_PREPROCESS_SET_DENOISE, &on);
    on = settings_.level > 0 ? 1 : 0;
    speex_preprocess_ctl(state_.get(), SPEEX_PREPROCESS_SET_AGC, &on);
    float level = settings_.level;
    if (on) speex_preprocess_ctl(state_.get(), SPEEX_PREPROCESS_SET_AGC_LEVEL, &level);
    waiting_.assign(block_, 0);
    ready_.assign(8192 + block_, 0);
    waiting_size_ = ready_size_ = 0;
    whole_ = true;
}

void SpeexProcessor::process(std::span<std::int16_t> audio, Direction) {
    if (!state_) return;
    if (whole_ && audio.size() % block_ == 0) {
        for (std::size_t at = 0; at < audio.size(); at += block_) speex_preprocess_run(state_.get(), audio.data() + at);
        return;
    }
    if (whole_) {  // from now on a block behind
        whole_ = false;
        ready_size_ = block_;
        std::fill_n(ready_.begin(), block_, std::int16_t{0});
    }
    for (const std::int16_t sample : audio) {
        waiting_[waiting_size_++] = sample;
        if (waiting_size_ < block_) continue;
        waiting_size_ = 0;
        speex_preprocess_run(state_.get(), waiting_.data());
        if (ready_size_ + block_ > ready_.size()) continue;
        std::ranges::copy(waiting_, ready_.begin() + static_cast<std::ptrdiff_t>(ready_size_));
        ready_size_ += block_;
    }
    const std::size_t given = std::min(audio.size(), ready_size_);
    std::copy_n(ready_.begin(), given, audio.begin());
    std::memmove(ready_.data(), ready_.data() + given, (ready_size_ - given) * sizeof(std::int16_t));
    ready_size_ -= given;
}

}  // namespace jackfield::audio
