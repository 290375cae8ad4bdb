// Watching for what a channel says or does not say: of the applications that wait for it.
#pragma once

#include "core/sdk.hpp"

namespace jackfield {

// While it lives, the channel's silence and talking come to events(). On the stack of who waits for them.
class SilenceWatch {
  public:
    using Event = MediaStream::SilenceEvent;
    // `threshold`: mean absolute sample value from which on it is talking.
    SilenceWatch(Channel& channel, unsigned threshold)
        : watch_(channel.media().watch_silence(threshold, [this](const Event& event) { events_.push(event); })) {}
    SilenceWatch(const SilenceWatch&) = delete;
    SilenceWatch& operator=(const SilenceWatch&) = delete;
    Queue<Event>& events() { return events_; }  // every 100 ms, and at each change

    static constexpr unsigned usual_threshold = 256;

  private:
    Queue<Event> events_;
    std::unique_ptr<MediaStream::Attached> watch_;
};

}  // namespace jackfield
