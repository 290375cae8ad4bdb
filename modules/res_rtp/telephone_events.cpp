// Digits as telephone events (RFC 4733).
#include "modules/res_rtp/telephone_events.hpp"

#include <algorithm>

namespace jackfield::rtp {

void EventReceiver::end(FoundDigits& found) {
    active_ = false;
    const std::uint64_t units = std::uint64_t{before_} + duration_;
    found.add({key_of_event(event_), true, Digit::limited(units * 1000 / clock_hz_)});
}

FoundDigits EventReceiver::hear(const TelephoneEvent& event, std::uint32_t timestamp, std::uint64_t now_ns,
                                std::uint32_t clock_hz) {
    FoundDigits found;
    if (!key_of_event(event.event)) return found;
    clock_hz_ = clock_hz ? clock_hz : 8000;
    const bool same = seen_ && timestamp == timestamp_;
    if (same && !active_) return found;  // a repeated end
    // A packet that was overtaken; after a second it is rather a sender whose clock jumped.
    if (seen_ && !same && static_cast<std::int32_t>(timestamp - timestamp_) < 0 && now_ns - heard_at_ < 1'000'000'000)
        return found;
    if (active_ && !same) {
        // A long event goes on in segments of 0xffff units (RFC 4733 2.5.1.3).
        if (event.event == event_ && timestamp - timestamp_ == 0xffff) {
            before_ += 0xffff;
            duration_ = 0;
        } else {
            end(found);
        }
    }
    if (!active_) {
        active_ = seen_ = true;
        event_ = event.event;
        before_ = 0;
        duration_ = 0;
        found.add({key_of_event(event_), false, 0});
    }
    timestamp_ = timestamp;
    heard_at_ = now_ns;
    duration_ = std::max(duration_, event.duration);
    if (event.end) end(found);
    return found;
}

FoundDigits EventReceiver::check(std::uint64_t now_ns) {
    FoundDigits found;
    if (active_ && now_ns - heard_at_ > timeout_ns_) end(found);
    return found;
}

void EventSender::begin(std::uint8_t event, std::uint32_t timestamp) {
    event_ = {.event = event};
    timestamp_ = timestamp;
    duration_ = least_ = 0;
    sent_ = ends_ = 0;
    state_ = State::pressed;
}

void EventSender::end(std::uint32_t least) {
    if (state_ != State::pressed) return;
    least_ = least;
    state_ = State::released;
}

std::optional<EventSender::Outgoing> EventSender::next(std::uint32_t step) {
    if (state_ == State::idle) return {};
    if (state_ != State::ending) duration_ += step;
    if (state_ == State::released && duration_ >= least_) state_ = State::ending;
    if (duration_ > 0xffff) {  // the next segment
        timestamp_ += 0xffff;
        duration_ -= 0xffff;
        least_ = least_ > 0xffff ? least_ - 0xffff : 0;
    }
    event_.duration = static_cast<std::uint16_t>(duration_);
    event_.end = state_ == State::ending;
    if (event_.end && ++ends_ == repeats) state_ = State::idle;
    return Outgoing{event_, timestamp_, sent_++ == 0};
}

}  // namespace jackfield::rtp
