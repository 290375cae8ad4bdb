// A member of a bridge, and the bridge's operations that only core/bridge/*.cpp use.
#pragma once

#include <memory>
#include <string>

#include "core/bridge/bridge.hpp"
#include "core/bridge/features.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield {

// A feature that runs on a member's service fiber. While it does, a hang-up of the member is left to the feature.
struct FeatureRun {
    Interrupter interrupter;  // by the member leaving
    Latch done;
};

// What the fiber in Bridge::join waits for; the member may come to other bridges meanwhile.
struct Stay {
    Latch left;
    LeaveReason reason = LeaveReason::removed;
    Bridge::Member* member = nullptr;  // null when it has left
};

struct Bridge::Member final : ChannelKeeper {
    std::shared_ptr<Bridge> bridge;         // where it is now
    std::shared_ptr<Channel> channel;
    Custody custody;                        // of an imparted channel
    std::shared_ptr<Stay> stay;             // of a joined one
    MemberOptions options;
    After after;
    Gate::Pass after_pass;                  // of the module whose function `after` is
    std::unique_ptr<FeatureDetector> detector;
    std::shared_ptr<FeatureRun> feature;    // that runs now
    unsigned suspended = 0;
    bool of_grown = false;  // the bridge was one of two parties: whoever is left alone in it leaves as well
    bool holds_others = false;              // by suspend()
    unsigned holds = 0;                     // reasons for which this member hears hold music
    bool far_held = false;                  // its far side put the call on hold, and the others know
    Instant limit_end{};
    std::unique_ptr<Timer> limit, warning;

    void channel_has_events() override;
    void channel_taken() override;
    bool holds_custody() const override { return stay == nullptr; }
    Channel* peer() const override;
};

struct BridgeAccess {
    using Member = Bridge::Member;
    static std::shared_ptr<Bridge> make(BridgeKind kind, std::string id, std::string name, MixerSettings mixer);
    static Member* member_of(Channel& channel) { return static_cast<Member*>(channel.keeper()); }
    static std::unique_ptr<Member> make_member(Channel& channel, MemberOptions options);
    // Puts the member in and connects its media. On failure `member` still has it.
    static Result<void> enter(Bridge& bridge, std::unique_ptr<Member>& member);
    // Takes it out, media and all, without a word to its holder or the other members.
    static std::unique_ptr<Member> detach(Member& member, LeaveReason reason);
    // Tells the holder: the joined fiber, or `after` in a later turn.
    static void deliver(std::unique_ptr<Member> member, LeaveReason reason);
    // The others leave in a later turn, if the rules say so.
    static void settle(Bridge& bridge);
    // All three.
    static void leave(Member& member, LeaveReason reason);

    static Member* other(const Bridge& bridge, const Member& member);  // of a two-party bridge
    static void connect_media(Bridge& bridge, Member& member);
    static void disconnect_media(Member& member);
    static Result<void> link(Bridge& bridge);                          // the two of a two-party bridge
    static void tell_drivers(Bridge& bridge);
    static void set_hold(Member& member, bool on, std::string_view music_class);
    // Holding bridges: music for who waits, or the announcer's voice while there is one.
    static Result<void> wait_here(Bridge& bridge, Member& member);
    static void end_announcement(Bridge& bridge, const Member& announcer);
    static void far_hold(Member& member, bool on, std::string_view music_class);
    static void take_event(Member& member, ChannelEvent event);
    static void start_features(Member& member);
    static void start_limits(Member& member);
    static void carry_out_transfer(Member& member, TransferRequest request);
    static void update_identities(Bridge& bridge, std::string_view source);
    static std::vector<std::unique_ptr<Member>>& members(Bridge& bridge) { return bridge.members_; }
};

// While it lives the member is suspended and the others hear music; its end touches nothing when the member has left.
class Suspension {
  public:
    Suspension(Bridge& bridge, Channel& channel, std::string_view music_class = {})
        : bridge_(bridge.shared_from_this()), channel_(channel.share()) {
        bridge_->suspend(*channel_, true, music_class);
    }
    ~Suspension() { bridge_->resume(*channel_); }
    Suspension(const Suspension&) = delete;

  private:
    std::shared_ptr<Bridge> bridge_;
    std::shared_ptr<Channel> channel_;
};

ExtensionMatch match_extension_digits(Channel& channel, std::string_view context, std::string_view extension);
// The context in which a transferer's digits are looked up.
std::string transfer_context(Channel& transferer, const std::string& configured);

}  // namespace jackfield
