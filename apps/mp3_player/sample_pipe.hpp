// Samples from the control thread to a media thread, played as they come.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "core/media/source.hpp"

namespace jackfield::mp3 {

// One writer on the control thread, one reader on a media thread.
class SamplePipe {
  public:
    explicit SamplePipe(const Codec* linear) : codec_(linear), samples_(std::make_unique<std::int16_t[]>(size)) {}
    const Codec* codec() const { return codec_; }

    // Takes as many as there is room for and says how many. Never waits.
    std::size_t write(std::span<const std::int16_t> audio);
    void end() { ended_.store(true, std::memory_order_release); }  // what is in it is still played

    // Media thread. Fills what there is and silence behind it; false: the end was reached before.
    bool read(std::span<std::int16_t> into);

  private:
    static constexpr std::uint32_t size = 1 << 14;  // 2 s at 8 kHz
    const Codec* codec_;
    std::unique_ptr<std::int16_t[]> samples_;
    std::atomic<std::uint32_t> written_{0}, read_{0};
    std::atomic<bool> ended_{false};
};

class PipedSource final : public Source {
  public:
    explicit PipedSource(std::shared_ptr<SamplePipe> pipe) : pipe_(std::move(pipe)) {}
    const Codec* codec() const override { return pipe_->codec(); }
    Frame next(unsigned samples) override;

  private:
    std::shared_ptr<SamplePipe> pipe_;
    std::array<std::int16_t, 4096> frame_;
};

}  // namespace jackfield::mp3
