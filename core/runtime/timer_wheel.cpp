// The timer wheel and the Timer that lives in it.
#include "core/runtime/timer_wheel.hpp"

#include <bit>

#include "core/base/log.hpp"
#include "core/runtime/callback.hpp"
#include "core/runtime/loop_private.hpp"

namespace jackfield {

using namespace std::chrono_literals;

namespace {

constexpr auto kTick = 1ms;

}  // namespace

TimerWheel::~TimerWheel() {
    while (due_) remove(*due_);
    for (Timer*& slot : slots_)
        while (slot) remove(*slot);
}

unsigned TimerWheel::slot_index(unsigned level, std::uint64_t tick) {
    if (level == 0) return static_cast<unsigned>(tick % kFirstSlots);
    return kFirstSlots + (level - 1) * kUpperSlots + static_cast<unsigned>((tick >> shift(level)) % kUpperSlots);
}

std::uint64_t TimerWheel::tick_of(Instant expires) const {
    if (expires <= origin_) return 0;
    return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(expires - origin_) / kTick);
}

void TimerWheel::push(Timer*& head, Timer& timer) {
    timer.next_ = head;
    timer.previous_ = &head;
    if (head) head->previous_ = &timer.next_;
    head = &timer;
}

void TimerWheel::place(Timer& timer) {
    std::uint64_t tick = tick_of(timer.expires_);
    if (tick <= current_) return push(due_, timer);
    const std::uint64_t delta = std::min(tick - current_, kHorizon - 1);
    tick = current_ + delta;
    unsigned level = 0;
    while (delta >= (std::uint64_t{1} << shift(level + 1))) ++level;
    const unsigned index = slot_index(level, tick);
    push(slots_[index], timer);
    occupied_[index / 64] |= std::uint64_t{1} << (index % 64);
}

void TimerWheel::insert(Timer& timer, Instant expires) {
    remove(timer);
    timer.expires_ = expires;
    place(timer);
}

void TimerWheel::remove(Timer& timer) {
    if (!timer.previous_) return;
    *timer.previous_ = timer.next_;
    if (timer.next_) timer.next_->previous_ = timer.previous_;
    timer.previous_ = nullptr;
    timer.next_ = nullptr;
}

std::uint64_t TimerWheel::next_tick() {
    std::uint64_t best = kNever;
    for (unsigned level = 0; level < kLevels; ++level) {
        const unsigned slots = level == 0 ? kFirstSlots : kUpperSlots;
        const std::uint64_t present = current_ >> shift(level);
        for (unsigned ahead = 1; ahead <= slots; ++ahead) {
            const unsigned index = slot_index(level, (present + ahead) << shift(level));
            const std::uint64_t rest = occupied_[index / 64] >> (index % 64);
            if (rest == 0) {  // nothing in what is left of this word
                ahead += 63 - index % 64;
                continue;
            }
            if (const unsigned skip = static_cast<unsigned>(std::countr_zero(rest))) {
                ahead += skip - 1;
                continue;
            }
            if (!slots_[index]) {
                occupied_[index / 64] &= ~(std::uint64_t{1} << (index % 64));
                continue;
            }
            best = std::min(best, (present + ahead) << shift(level));
            break;
        }
    }
    return best;
}

std::optional<Instant> TimerWheel::next() {
    if (due_) return origin_ + current_ * kTick;
    const std::uint64_t tick = next_tick();
    if (tick == kNever) return {};
    return origin_ + static_cast<std::int64_t>(tick) * kTick;
}

void TimerWheel::spread(unsigned index) {
    Timer* timer = std::exchange(slots_[index], nullptr);
    while (timer) {
        Timer* following = timer->next_;
        timer->previous_ = nullptr;
        place(*timer);
        timer = following;
    }
}

void TimerWheel::advance(Instant now) {
    if (due_) fire_all(due_);
    const std::uint64_t target =
        now <= origin_ ? 0 : static_cast<std::uint64_t>((now - origin_) / std::chrono::nanoseconds(kTick));
    while (current_ < target) {
        const std::uint64_t tick = next_tick();
        if (tick > target) {
            current_ = target;
            return;
        }
        current_ = tick;
        for (unsigned level = kLevels - 1; level > 0; --level)
            if (current_ % (std::uint64_t{1} << shift(level)) == 0) spread(slot_index(level, current_));
        if (due_) fire_all(due_);
        Timer*& slot = slots_[slot_index(0, current_)];
        if (slot) fire_all(slot);
    }
}

// Takes the whole list first: a function may start, stop and destroy any timer, also those of this list.
void TimerWheel::fire_all(Timer*& head) {
    Timer* list = nullptr;
    while (Timer* timer = head) {  // turned around: lists grow at their head, and timers fire in order of starting
        remove(*timer);
        push(list, *timer);
    }
    while (Timer* timer = list) {
        remove(*timer);
        fire(*timer);
    }
}

// The function runs from the stack, so that it may destroy its timer.
void TimerWheel::fire(Timer& timer) {
    auto function = std::move(timer.on_expiry_);
    firing_ = &timer;
    call_guarded("timer", timer.gate_, function);
    if (firing_) timer.on_expiry_ = std::move(function);
    firing_ = nullptr;
}

Timer::Timer(std::move_only_function<void()> on_expiry, std::source_location where)
    : on_expiry_(std::move(on_expiry)), gate_(running_gate()), where_(where) {}

Timer::~Timer() {
    if (ControlLoop* loop = ControlLoop::instance()) loop->internals().wheel.forget(*this);
}

void Timer::start(std::chrono::nanoseconds after) {
    if (ControlLoop* loop = ControlLoop::instance())
        loop->internals().wheel.insert(*this, Clock::now() + std::max(after, 0ns));
    else
        log_error("a timer made at {}:{} was started without a control loop", where_.file_name(), where_.line());
}

void Timer::stop() {
    if (ControlLoop* loop = ControlLoop::instance()) loop->internals().wheel.remove(*this);
}

}  // namespace jackfield
