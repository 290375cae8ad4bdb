// Digits on their way through a stream: to control, to the peer, and out as a tone where the port has no better way.
#include "core/media/stream_node.hpp"

namespace jackfield {
namespace {

constexpr std::uint64_t least_tone = 80 * ns_per_ms;  // what every receiver hears (Q.24 asks for 40)
constexpr std::uint64_t pause_between = 60 * ns_per_ms;

}  // namespace

void StreamNode::receive_digit(const Digit& digit) {
    if (StreamJitter* const buffer = jitter()) buffer->digit(!digit.end);
    if (filter_read_ && !passes(digit, Tap::Direction::read)) return;
    if (digits.push(digit))
        raise(node_digits);
    else
        lost_digits.add(1);
    pass_digit(digit);
}

void StreamNode::pass_digit(const Digit& digit) {
    if (digit.end && passing_key_ && passing_key_ == digit.key) {
        passing_key_ = 0;
        if (peer_) peer_->say_digit(digit);
        return;
    }
    if (digit_mode_ == DigitMode::hold) {
        if (digit.end && !held_.push({digit.key, digit.duration_ms})) lost_digits.add(1);
        return;
    }
    if (!peer_) return;
    if (digit.end) return peer_->queue_digit(digit.key, std::chrono::milliseconds(digit.duration_ms));
    if (peer_->digits_queued() || passing_key_) return;  // it follows, whole, when it has ended
    passing_key_ = digit.key;
    peer_->say_digit(digit);
}

void StreamNode::set_digit_mode(DigitMode mode) {
    if (mode == DigitMode::replay) {
        QueuedDigit digit;
        while (held_.pop(digit))
            if (peer_) peer_->queue_digit(digit.key, std::chrono::milliseconds(digit.length_ms));
        mode = DigitMode::pass;
    }
    digit_mode_ = mode;
}

void StreamNode::queue_digit(char key, std::chrono::milliseconds length) {
    if (!out_digits_.push({key, Digit::limited(static_cast<std::uint64_t>(std::max<std::int64_t>(length.count(), 40)))}))
        lost_digits.add(1);
    if (loop_) run_digit_queue(loop_->now_ns());
    refresh();
}

void StreamNode::run_digit_queue(std::uint64_t now) {
    if (sending_key_) {
        if (now < sending_until_) return;
        say_digit({std::exchange(sending_key_, 0), true, sending_length_});
        gap_until_ = std::max(now, tone_least_) + pause_between;
        return;
    }
    if (now < gap_until_) return;
    gap_until_ = 0;
    QueuedDigit next;
    if (!out_digits_.pop(next)) return;
    sending_key_ = next.key;
    sending_length_ = next.length_ms;
    sending_until_ = now + next.length_ms * ns_per_ms;
    say_digit({next.key, false, 0});
}

void StreamNode::say_digit(const Digit& digit) {
    if (!port_ || mute_write) return;
    if (filter_write_ && !passes(digit, Tap::Direction::write)) return;
    if (signal_digits) {
        if (!digit.end) return;
        if (signalled_digits.push(digit))
            raise(node_digits);
        else
            lost_digits.add(1);
        return;
    }
    if (port_->write_digit(digit)) return;
    if (digit.end) {
        tone_ending_ = true;
    } else if (write_linear_ && DigitTone::knows(digit.key)) {
        tone_.start(digit.key, write_linear_->rate);
        tone_ending_ = false;
        tone_least_ = loop_->now_ns() + least_tone;
        tone_name_ = new_frame_source();
        tone_timestamp_ = 0;
    }
    refresh();
}

void StreamNode::say_tone() {
    if (tone_ending_ && loop_->now_ns() >= tone_least_) {
        tone_.stop();
        return refresh();
    }
    if (!write_linear_) return tone_.stop();
    FrameBuffer buffer;
    const std::size_t samples = std::min<std::size_t>(tick_samples(write_linear_->rate), FrameBuffer::capacity / 2);
    const std::span audio(reinterpret_cast<std::int16_t*>(buffer.data()), samples);
    tone_.fill(audio);
    Frame frame;
    frame.codec = write_linear_;
    frame.payload = {buffer.data(), audio.size_bytes()};
    frame.samples = static_cast<std::uint16_t>(samples);
    frame.marker = tone_timestamp_ == 0;
    frame.source = tone_name_;
    frame.timestamp = tone_timestamp_;
    tone_timestamp_ += static_cast<std::uint32_t>(samples);
    said_at_ = loop_->now_ns();
    if (any_tap_) tap(frame, Tap::Direction::write, true, true);
    translate(path(PathRole::encode), frame, write_codec_, [this](const Frame& made) { write_out(made); });
}

}  // namespace jackfield
