// EAGI: what the caller says, written to a program's descriptor 3.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "core/media/source.hpp"

namespace jackfield::agi {

// Owns the writing end of a pipe. A frame that the pipe has no room for is left out, as a program that does not read must
// not hold up anybody; one fits as a whole or not at all, being shorter than PIPE_BUF.
class AudioTap final : public Tap {
  public:
    AudioTap(int descriptor, const Codec* codec) : Tap(Direction::read), descriptor_(descriptor), codec_(codec) {
        fcntl(descriptor, F_SETFL, O_NONBLOCK);
    }
    ~AudioTap() override { close(descriptor_); }
    AudioTap(const AudioTap&) = delete;
    AudioTap& operator=(const AudioTap&) = delete;
    const Codec* wants() const override { return codec_; }
    void hear(const Frame& frame, Direction) override {
        [[maybe_unused]] const ssize_t written = write(descriptor_, frame.payload.data(), frame.payload.size());
    }

  private:
    int descriptor_;
    const Codec* codec_;
};

}  // namespace jackfield::agi
