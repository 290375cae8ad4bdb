// One run of ChanSpy or ExtenSpy: from channel to channel.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "apps/chanspy/spy_options.hpp"
#include "core/channel/channel_events.hpp"
#include "core/media/sound_file.hpp"

namespace jackfield::chanspy {

// Channels that spy, so that nobody spies on them; shared by all runs. Control thread.
using Spies = std::set<std::uint64_t>;

class SpySession {
  public:
    SpySession(Channel& spy, SpyOptions options, Spies& spies);
    ~SpySession();
    SpySession(const SpySession&) = delete;
    SpySession& operator=(const SpySession&) = delete;

    // Until the spy wants no more or nobody is left (S). Waits. Errors: hangup and its like.
    Result<void> run();

  private:
    enum class Next : std::uint8_t { another, leave };
    Result<ChannelId> choose();                  // the next one after `last_`; none in this round: an empty id
    bool suits(Channel& channel) const;
    Result<Next> spy_on(ChannelId id);
    Result<Next> listen(Snoop& snoop, Latch& over);
    Result<std::optional<Next>> key_pressed(char key, Snoop* snoop);  // nothing: go on
    Result<Next> wait_for_another();
    void say_name(const std::string& channel_name);
    void set_mode(char key, Snoop& snoop);
    Result<void> begin();                        // recording, and the ear to the spy

    Channel& spy_;
    SpyOptions options_;
    Spies& spies_;
    const std::uint64_t number_;
    std::uint64_t last_ = 0;      // where the search goes on
    bool heard_any_ = false;      // in this round
    std::string pressed_;         // digits before a #
    std::string wanted_;          // the channel that they named
    MediaStream ear_;             // connected with the spy; what it says is what is spied
    std::unique_ptr<Recording> recording_;
    std::unique_ptr<MediaStream::Attached> recorded_;
};

}  // namespace jackfield::chanspy
