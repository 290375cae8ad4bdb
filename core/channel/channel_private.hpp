// The parts of a channel that only core/channel/*.cpp see.
#pragma once

#include <forward_list>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/ring.hpp"
#include "core/channel/channel.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

// What tokens share. The channel points to the State of its present holder; those of former holders keep only its memory.
struct Custody::State {
    std::shared_ptr<Channel> channel;
    std::string holder;
    Interrupter interrupter;
};

struct Channel::Private {
    enum class Playing : unsigned char { nothing, prompt, tone, music };
    struct Attachment {
        std::string type;
        std::shared_ptr<void> value;
        Gate::Pass pass;  // of the module whose destructor the value has
    };

    std::weak_ptr<Channel> self;
    Gate::Pass driver_pass;              // of the module whose code the driver's half is
    Interrupter hangup;                  // by hang-up only; for waits that name this channel, whoever its custodian is
    bool driver_gone = false;
    bool hold_wanted = false;            // the music of indicate(hold) is still wanted when its first file has come
    bool announced = false;
    bool keeper_posted = false;
    bool identity_posted = false, connected_changed = false, redirecting_changed = false;

    Playing playing = Playing::nothing;
    std::shared_ptr<Latch> play_ended;   // of what plays; set as well when something else takes its place
    std::string music_class;             // of the music that plays
    DigitListener digit_listener;
    std::function<void(std::string_view)> prompt_heard;  // set: prompts take no time

    struct Work {
        std::move_only_function<void(Channel&)> run;
        Gate::Pass pass;                 // of the module that posted it
    };
    Ring<Work> works;
    bool service_running = false;
    std::forward_list<Attachment> attachments;  // not a vector: making one may make another
};

struct ChannelAccess {
    using Playing = Channel::Private::Playing;
    static Channel::Private& internals(Channel& channel) { return *channel.private_; }
    // Calls into the driver with its module named for the watchdog; closed when the driver's half has ended.
    template <class F>
    static Result<void> in_driver(Channel& channel, F&& call) {
        if (channel.private_->driver_gone) return fail(ErrorCode::closed, "{} has ended", channel.name());
        const RunningGate in(channel.private_->driver_pass.gate());
        return call(*channel.driver_);
    }
    // Puts `source` in the place of what plays; the latch is set at its end or when it is replaced in its turn.
    static std::shared_ptr<Latch> start(Channel& channel, std::unique_ptr<Source> source, Playing what);
    static void stop(Channel& channel);
    static void set_unique_id(Channel& channel, std::string id) {
        if (channel.linked_id_ == channel.unique_id_) channel.linked_id_ = id;
        channel.unique_id_ = std::move(id);
    }
};

// Stops at the end of its scope what it started, unless something else plays by then or custody went elsewhere.
class PlayGuard {
  public:
    PlayGuard(Channel& channel, std::shared_ptr<Latch> playing)
        : channel_(channel), playing_(std::move(playing)), custody_(channel.custody()) {}
    ~PlayGuard() {
        if (!playing_->is_set() && channel_.custody() == custody_ &&
            ChannelAccess::internals(channel_).play_ended == playing_)
            ChannelAccess::stop(channel_);
    }
    PlayGuard(const PlayGuard&) = delete;
    PlayGuard& operator=(const PlayGuard&) = delete;
    Latch& ended() const { return *playing_; }

  private:
    Channel& channel_;
    std::shared_ptr<Latch> playing_;
    const Custody::State* custody_;
};

// The table of channels; channel_table.cpp.
void add_to_table(Channel& channel);
void remove_from_table(Channel& channel);
void rename_in_table(Channel& channel, const std::string& name);  // before the channel has the new name
std::uint64_t next_channel_number();
bool name_taken(const std::string& name);
// Errors: limit, when no further incoming call may start.
Result<void> admit_call();

}  // namespace jackfield
