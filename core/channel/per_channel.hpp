// What a module keeps for each channel: gone with the channel, and with the module.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "core/channel/channel_events.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

// Unlike Channel::attachment(), whose objects outlive the module that made them, this belongs to the module
// (`module.own<PerChannel<Gains>>()`), so that an unload ends what it keeps. T needs a default constructor. Control thread.
template <class T>
class PerChannel {
  public:
    PerChannel() : ended_(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) { erase(event.channel); })) {}
    PerChannel(const PerChannel&) = delete;
    PerChannel& operator=(const PerChannel&) = delete;

    T& of(const Channel& channel) { return kept_[channel.id().number]; }  // made on first use; of a channel that has not ended
    T* find(const Channel& channel) {
        const auto found = kept_.find(channel.id().number);
        return found == kept_.end() ? nullptr : &found->second;
    }
    void erase(const Channel& channel) {
        // Taken out first: what it keeps may look here when it is destroyed.
        const auto taken = kept_.extract(channel.id().number);
    }
    auto begin() { return kept_.begin(); }  // by channel number
    auto end() { return kept_.end(); }

  private:
    std::map<std::uint64_t, T> kept_;
    Subscription ended_;
};

}  // namespace jackfield
