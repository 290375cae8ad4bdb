// A frame: a piece of media on its way through a media thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "core/media/format.hpp"

namespace jackfield {

// A view; the payload lives until the call that got the frame returns. Who keeps it copies it into a FrameBuffer.
struct Frame {
    const Codec* codec = nullptr;
    std::span<const std::uint8_t> payload;
    std::uint32_t timestamp = 0;      // in units of codec->rtp_clock
    std::uint16_t sequence = 0;       // of the source, when has_sequence
    std::uint16_t samples = 0;        // at codec->rate; 0 for video
    bool has_sequence = false;
    bool marker = false;              // first of a talk spurt; last of a video picture
    bool silence = false;             // known to be silence or comfort noise
    // Names the run that timestamp and sequence belong to (new_frame_source()); where it changes, they start anew. 0: unknown.
    std::uint32_t source = 0;

    std::span<const std::int16_t> linear() const {  // only when codec->linear
        return {reinterpret_cast<const std::int16_t*>(payload.data()), payload.size() / 2};
    }
};

// A name for a run of frames that no other run has had lately. Any thread; never waits.
std::uint32_t new_frame_source();

// A DTMF digit on its way (RFC 4733): begin once, end once.
struct Digit {
    char key = 0;                     // 0-9 * # A-D, and 'f' for fax CNG, '!' for hook flash
    bool end = false;
    std::uint16_t duration_ms = 0;    // at the end; 65 s at most

    static std::uint16_t limited(std::uint64_t ms) { return static_cast<std::uint16_t>(std::min<std::uint64_t>(ms, 65535)); }
};

// What the receiver of a stream tells its sender (RFC 4585, RFC 5104).
struct Feedback {
    enum class Kind : std::uint8_t { key_frame, lost } kind = Kind::key_frame;
    std::uint16_t sequence = 0;       // lost: Frame::sequence of the first that is missing
    std::uint16_t following = 0;      // lost: bit i: sequence + i + 1 is missing as well
};

// Bytes of one frame from a per-thread pool; returned when destroyed, on any thread. 4096 bytes at most.
class FrameBuffer {
  public:
    static constexpr std::size_t capacity = 4096;
    FrameBuffer();
    ~FrameBuffer();
    FrameBuffer(FrameBuffer&& other) noexcept;
    FrameBuffer& operator=(FrameBuffer&& other) noexcept;
    std::uint8_t* data();
    std::span<std::uint8_t> bytes() { return {data(), capacity}; }

  private:
    void* block_;
};

}  // namespace jackfield
