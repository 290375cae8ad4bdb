#include "core/media/even_queue.hpp"

#include <algorithm>

namespace jackfield {

void EvenQueue::reset(std::size_t capacity, std::size_t interval) {
    ring_.assign(capacity, 0);
    head_ = count_ = 0;
    interval_ = target_ = interval;
    least_ = capacity;
    pulls_ = 0;
    flowing_ = false;
}

void EvenQueue::discard(std::size_t samples) {
    samples = std::min(samples, count_);
    head_ = (head_ + samples) % ring_.size();
    count_ -= samples;
}

void EvenQueue::push(std::span<const std::int16_t> samples) {
    if (ring_.empty()) return;
    if (samples.size() > ring_.size()) samples = samples.last(ring_.size());
    if (count_ + samples.size() > ring_.size()) discard(count_ + samples.size() - ring_.size());
    const std::size_t at = (head_ + count_) % ring_.size();
    const std::size_t before_end = std::min(samples.size(), ring_.size() - at);
    std::copy_n(samples.begin(), before_end, ring_.begin() + static_cast<std::ptrdiff_t>(at));
    std::copy(samples.begin() + static_cast<std::ptrdiff_t>(before_end), samples.end(), ring_.begin());
    count_ += samples.size();
}

bool EvenQueue::pull(std::span<std::int16_t> out) {
    constexpr unsigned window = 100;  // pulls after which delay that nobody needs is given back
    if (!flowing_) {
        if (count_ < target_ || count_ < out.size()) return false;
        flowing_ = true;
    }
    if (count_ < out.size()) {
        // It ran dry: keep back half an interval more from now on.
        flowing_ = false;
        target_ = std::min(target_ + interval_ / 2, ring_.size() / 2);
        return false;
    }
    const std::size_t before_end = std::min(out.size(), ring_.size() - head_);
    std::copy_n(ring_.begin() + static_cast<std::ptrdiff_t>(head_), before_end, out.begin());
    std::copy_n(ring_.begin(), out.size() - before_end, out.begin() + static_cast<std::ptrdiff_t>(before_end));
    discard(out.size());
    least_ = std::min(least_, count_);
    if (++pulls_ == window) {
        if (least_ > interval_ / 2) {
            discard(least_ - interval_ / 2);
            target_ = std::max(interval_, target_ - interval_ / 4);
        }
        pulls_ = 0;
        least_ = ring_.size();
    }
    return true;
}

}  // namespace jackfield
