// Jitter buffer.
#include "core/media/jitter_buffer.hpp"

#include <algorithm>
#include <limits>

namespace jackfield {
namespace {

constexpr std::int64_t signed_ms = 1'000'000;
constexpr std::int64_t no_transit = std::numeric_limits<std::int64_t>::max();
// A transit that differs so much from the last ones is a sender that began anew, not a network that is slow.
constexpr std::int64_t jump = 3'000 * signed_ms;
constexpr unsigned late_limit = 8;                     // so many late ones in a row: the timing no longer holds
constexpr std::int64_t shrink_step = signed_ms / 4;  // per packet; growing happens at once

}  // namespace

JitterBuffer::JitterBuffer(const Settings& settings)
    : settings_(settings),
      clock_(std::max<std::uint32_t>(settings.clock.hz, 1)),
      slots_(slots),
      delay_(std::min(settings.delay, settings.maximum).count() * signed_ms) {
    reset();
}

void JitterBuffer::reset() {
    for (Slot& each : slots_) each.state = Slot::State::empty;
    started_ = false;
    waiting_ = 0;
    step_ = 0;
    late_run_ = 0;
}

void JitterBuffer::start(const Packet& packet, std::uint64_t now_ns) {
    reset();
    started_ = true;
    next_ = newest_ = packet.sequence;
    next_timestamp_ = origin_timestamp_ = packet.timestamp;
    origin_ns_ = now_ns;
    fastest_ = 0;
    window_fastest_.fill(no_transit);
    window_slowest_.fill(-no_transit);
    window_ = 0;
    in_window_ = 0;
}

std::int64_t JitterBuffer::due_at(std::uint32_t timestamp) const {
    const auto distance = static_cast<std::int32_t>(timestamp - origin_timestamp_);
    return static_cast<std::int64_t>(origin_ns_) + units_to_ns(distance) + fastest_ + delay_;
}

void JitterBuffer::measure(std::int64_t transit) {
    window_fastest_[window_] = std::min(window_fastest_[window_], transit);
    window_slowest_[window_] = std::max(window_slowest_[window_], transit);
    fastest_ = *std::min_element(window_fastest_.begin(), window_fastest_.end());
    if (settings_.adaptive) adapt();
    if (++in_window_ < window_packets) return;
    in_window_ = 0;
    window_ = (window_ + 1) % windows;
    window_fastest_[window_] = no_transit;
    window_slowest_[window_] = -no_transit;
}

void JitterBuffer::adapt() {
    const std::int64_t slowest = *std::max_element(window_slowest_.begin(), window_slowest_.end());
    const std::int64_t most = settings_.maximum.count() * signed_ms;
    // A little more than the slowest needed, so that one a little slower is not late.
    const std::int64_t wanted = std::min(slowest - fastest_ + 10 * signed_ms, most);
    if (wanted > delay_)
        delay_ = wanted;
    else
        delay_ = std::max(wanted, delay_ - shrink_step);
}

JitterBuffer::Put JitterBuffer::put(const Packet& packet, std::uint64_t now_ns) {
    Put result = Put::kept;
    if (!started_) start(packet, now_ns);
    auto ahead = static_cast<std::int16_t>(packet.sequence - next_);
    const auto distance = static_cast<std::int32_t>(packet.timestamp - origin_timestamp_);
    std::int64_t transit = static_cast<std::int64_t>(now_ns - origin_ns_) - units_to_ns(distance);
    const bool elsewhere = transit - fastest_ > jump || fastest_ - transit > jump;
    if (elsewhere || ahead >= static_cast<std::int16_t>(slots) || (ahead < 0 && ++late_run_ > late_limit)) {
        start(packet, now_ns);
        ++statistics_.restarts;
        result = Put::restarted;
        ahead = 0;
        transit = 0;
    }
    measure(transit);
    if (ahead < 0) {
        ++statistics_.late;
        return Put::late;
    }
    late_run_ = 0;
    Slot& place = slot(packet.sequence);
    if (place.state != Slot::State::empty) {
        ++statistics_.doubled;
        return Put::doubled;
    }
    if (static_cast<std::int16_t>(packet.sequence - newest_) == 1) {
        if (const Slot& before = slot(newest_); before.state == Slot::State::filled && before.sequence == newest_)
            if (const std::uint32_t step = packet.timestamp - before.timestamp; step > 0 && step <= clock_ / 5)
                step_ = step;
    }
    if (static_cast<std::int16_t>(packet.sequence - newest_) > 0) newest_ = packet.sequence;
    place.state = Slot::State::filled;
    place.sequence = packet.sequence;
    place.timestamp = packet.timestamp;
    place.kind = packet.kind;
    place.marker = packet.marker;
    place.payload.assign(packet.payload.begin(), packet.payload.end());
    ++waiting_;
    ++statistics_.kept;
    return result;
}

void JitterBuffer::pass(std::uint16_t sequence) {
    if (!started_) return;
    const auto ahead = static_cast<std::int16_t>(sequence - next_);
    if (ahead < 0 || ahead >= static_cast<std::int16_t>(slots)) return;
    Slot& place = slot(sequence);
    if (place.state != Slot::State::empty) return;
    place.state = Slot::State::passed;
    place.sequence = sequence;
    if (static_cast<std::int16_t>(sequence - newest_) > 0) newest_ = sequence;
}

std::optional<JitterBuffer::Due> JitterBuffer::get(std::uint64_t now_ns) {
    if (!started_) return {};
    const auto now = static_cast<std::int64_t>(now_ns);
    while (slot(next_).state == Slot::State::passed && slot(next_).sequence == next_) {
        slot(next_).state = Slot::State::empty;
        ++next_;
    }
    Slot& first = slot(next_);
    if (first.state == Slot::State::filled) {
        if (due_at(first.timestamp) > now) return {};
        first.state = Slot::State::empty;
        --waiting_;
        // What follows is expected one step later; it may also be the start of a talk spurt after a pause.
        next_timestamp_ = first.timestamp + step_;
        ++next_;
        return Due{false, {first.sequence, first.timestamp, first.kind, first.marker, first.payload}};
    }
    // A gap: it counts as lost when something after it is there already and its own time has come.
    if (waiting_ == 0 || due_at(next_timestamp_) > now) return {};
    Due missing{true, {next_, next_timestamp_, 0, false, {}}};
    next_timestamp_ += step_;
    ++next_;
    ++statistics_.lost;
    return missing;
}

}  // namespace jackfield
