// State that a module keeps for calls: made on first use, gone with the channel and with the module.
#pragma once

#include <string>
#include <unordered_map>

#include "core/channel/channel_events.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

// Control thread. `of(nullptr)` is shared by all that evaluates without a channel. References last until the channel ends.
template <class T>
class PerCall {
  public:
    PerCall() : ended_(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) { states_.erase(event.channel.unique_id()); })) {}
    T& of(const Channel* channel) { return states_[key_of(channel)]; }
    T* find(const Channel* channel) {
        const auto found = states_.find(key_of(channel));
        return found == states_.end() ? nullptr : &found->second;
    }

  private:
    static std::string key_of(const Channel* channel) { return channel ? channel->unique_id() : std::string(); }
    std::unordered_map<std::string, T> states_;
    Subscription ended_;
};

}  // namespace jackfield
