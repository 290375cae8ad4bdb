// Guards for what an application switches on at a channel's media and must not leave behind.
#pragma once

#include <memory>

#include "core/channel/channel.hpp"

namespace jackfield {

// What the channel says and shows, by every stream, comes back to it while the guard lives. Its end touches nothing when custody went elsewhere
// meanwhile. On the holder's fiber, strictly within its token's life.
class [[nodiscard]] LoopBack {
  public:
    explicit LoopBack(Channel& channel) : channel_(channel.share()), custody_(channel.custody()) {
        set(true);
    }
    ~LoopBack() {
        if (!channel_->ended() && channel_->custody() == custody_) set(false);
    }
    LoopBack(const LoopBack&) = delete;
    LoopBack& operator=(const LoopBack&) = delete;

  private:
    void set(bool on) {
        channel_->media().loop_back(on);
        channel_->loop_back_other_streams(on);
    }
    std::shared_ptr<Channel> channel_;
    const Custody::State* custody_;  // compared only; the holder's token keeps its address from being used again
};

}  // namespace jackfield
