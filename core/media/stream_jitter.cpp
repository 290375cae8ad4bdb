// The jitter buffer of a stream.
#include "core/media/stream_jitter.hpp"

#include <utility>

#include "core/media/stream_node.hpp"

namespace jackfield {
namespace {

constexpr std::chrono::milliseconds turn{10};
constexpr std::uint64_t after_digit = 200 * ns_per_ms;  // its last packets are sent three times

}  // namespace

void StreamJitter::attach(MediaLoop& loop) {
    loop_ = &loop;
    loop.add_ticked(*this, turn);
}

void StreamJitter::detach() {
    if (loop_) std::exchange(loop_, nullptr)->remove_ticked(*this);
}

std::uint8_t StreamJitter::kind_of(const Codec* codec) {
    for (std::uint8_t i = 0; i < codecs_.size(); ++i) {
        if (!codecs_[i]) codecs_[i] = codec;
        if (codecs_[i] == codec) return i;
    }
    codecs_.fill(nullptr);  // what still waits of so many codecs is of no use to anybody
    if (buffer_) buffer_->reset();
    codecs_[0] = codec;
    return 0;
}

void StreamJitter::put(const Frame& frame) {
    if (frame.payload.empty()) return;
    if (!buffer_ || frame.codec->rtp_clock.hz != clock_) {
        clock_ = frame.codec->rtp_clock.hz;
        buffer_ = std::make_unique<JitterBuffer>(JitterBuffer::Settings{.adaptive = settings_.adaptive,
                                                                         .delay = settings_.delay,
                                                                         .maximum = settings_.maximum,
                                                                         .clock = {clock_}});
    }
    if (frame.source != in_source_ || !out_source_) {
        in_source_ = frame.source;
        out_source_ = new_frame_source();
        buffer_->reset();
    }
    sequence_ = frame.has_sequence ? frame.sequence : static_cast<std::uint16_t>(sequence_ + 1);
    buffer_->put({.sequence = sequence_,
                  .timestamp = frame.timestamp,
                  .kind = kind_of(frame.codec),
                  .marker = frame.marker,
                  .payload = frame.payload},
                 loop_->now_ns());
}

void StreamJitter::digit(bool begins) {
    in_digit_ = begins;
    digit_until_ = loop_->now_ns() + after_digit;
}

void StreamJitter::tick(std::uint64_t now) {
    if (!buffer_) return;
    while (const auto due = buffer_->get(now)) {
        if (due->lost && (in_digit_ || now < digit_until_)) continue;
        Frame frame;
        frame.codec = codecs_[due->packet.kind];
        if (!frame.codec) continue;
        frame.payload = due->packet.payload;
        frame.timestamp = due->packet.timestamp;
        frame.sequence = due->packet.sequence;
        frame.has_sequence = true;
        frame.marker = due->packet.marker;
        frame.source = out_source_;
        if (!due->lost && frame.codec->samples)
            frame.samples = static_cast<std::uint16_t>(frame.codec->samples(frame.payload));
        node_.receive_even(frame);
    }
}

}  // namespace jackfield
