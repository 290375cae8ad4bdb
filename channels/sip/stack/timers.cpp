// The stack's timers: a queue for each length.
#include "channels/sip/stack/timers.hpp"

#include <algorithm>

namespace jackfield::sip {

void StackTimer::stop() {
    if (place_ == nullptr) return;
    *place_ = next_;
    if (next_ != nullptr)
        next_->place_ = place_;
    else
        *tail_ = place_;
    place_ = nullptr;
    next_ = nullptr;
}

StackTimers::~StackTimers() {
    for (const auto& queue : queues_)
        while (queue->head != nullptr) queue->head->stop();
}

StackTimers::Queue& StackTimers::queue_of(std::chrono::milliseconds length) {
    Queue* free = nullptr;
    Queue* longer = nullptr;
    Queue* longest = nullptr;
    for (const auto& queue : queues_) {
        if (queue->length == length) return *queue;
        if (queue->head == nullptr) free = queue.get();
        if (queue->length > length && (longer == nullptr || queue->length < longer->length)) longer = queue.get();
        if (longest == nullptr || queue->length > longest->length) longest = queue.get();
    }
    if (queues_.size() < most_queues) {
        queues_.push_back(std::make_unique<Queue>());
        free = queues_.back().get();
    }
    if (free == nullptr) return longer != nullptr ? *longer : *longest;
    free->length = length;
    return *free;
}

void StackTimers::start(StackTimer& timer, std::chrono::milliseconds after) {
    timer.stop();
    if (clock_ != nullptr) now_ = std::max(now_, clock_->now());
    Queue& queue = queue_of(std::max(after, std::chrono::milliseconds(1)));
    timer.when_ = now_ + queue.length;
    timer.place_ = queue.tail;
    timer.tail_ = &queue.tail;
    *queue.tail = &timer;
    queue.tail = &timer.next_;
    if (clock_ != nullptr) clock_->timer_started(timer.when_);
}

StackTimers::Queue* StackTimers::earliest() const {
    Queue* first = nullptr;
    for (const auto& queue : queues_)
        if (queue->head != nullptr && (first == nullptr || queue->head->when_ < first->head->when_))
            first = queue.get();
    return first;
}

void StackTimers::advance(Instant now) {
    now_ = std::max(now_, now);
    for (Queue* queue = earliest(); queue != nullptr && queue->head->when_ <= now; queue = earliest()) {
        StackTimer& timer = *queue->head;
        timer.stop();
        timer.expired_(timer.owner_);
    }
}

std::optional<Instant> StackTimers::next() const {
    const Queue* queue = earliest();
    if (queue == nullptr) return {};
    return queue->head->when_;
}

}  // namespace jackfield::sip
