// The jitter buffer of a stream: between its port and everything that hears it. Private to core/media.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/media/jitter_buffer.hpp"
#include "core/media/media_stream.hpp"
#include "core/media/media_thread.hpp"

namespace jackfield {

struct StreamNode;

// Takes the port's frames and gives them back to the node every 10 ms. Made on the control thread, lives on the node's.
class StreamJitter final : public MediaThread::Ticked {
  public:
    StreamJitter(StreamNode& node, const MediaStream::JitterSettings& settings) : node_(node), settings_(settings) {}
    void attach(MediaLoop& loop);
    void detach();
    void put(const Frame& frame);
    void digit(bool begins);  // what is missing while one goes on is the digit's own packets
    void tick(std::uint64_t now) override;

  private:
    std::uint8_t kind_of(const Codec* codec);

    StreamNode& node_;
    const MediaStream::JitterSettings settings_;
    MediaLoop* loop_ = nullptr;
    std::unique_ptr<JitterBuffer> buffer_;  // made when the clock is known or changes
    std::array<const Codec*, 8> codecs_{};  // a packet's kind is a place here
    std::uint32_t clock_ = 0, in_source_ = 0, out_source_ = 0;
    std::uint16_t sequence_ = 0;  // of ports whose frames bear none
    bool in_digit_ = false;
    std::uint64_t digit_until_ = 0;
};

}  // namespace jackfield
