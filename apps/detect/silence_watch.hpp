// Watching for what a channel says or does not say: of the applications that wait for it.
#pragma once

#include "core/sdk.hpp"

namespace jackfield {

// While it lives, the channel's silence and talking come to events(). One at a time on a channel; on its stack.
class SilenceWatch {
  public:
    using Event = MediaStream::SilenceEvent;
    // `threshold`: mean absolute sample value from which on it is talking.
    SilenceWatch(Channel& channel, unsigned threshold) : channel_(channel.share()) {
        channel.media().detect_silence(threshold, [this](const Event& event) { events_.push(event); });
    }
    ~SilenceWatch() {
        if (!channel_->ended()) channel_->media().detect_silence(0, {});
    }
    SilenceWatch(const SilenceWatch&) = delete;
    SilenceWatch& operator=(const SilenceWatch&) = delete;
    Queue<Event>& events() { return events_; }  // every 100 ms, and at each change

    static constexpr unsigned usual_threshold = 256;

  private:
    std::shared_ptr<Channel> channel_;
    Queue<Event> events_;
};

}  // namespace jackfield
