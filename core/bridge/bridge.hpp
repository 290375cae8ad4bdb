// Bridges: what connects channels with each other.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/media/mixer.hpp"

namespace jackfield {

enum class BridgeKind : unsigned char { two_party, holding, mixing };
std::string_view to_string(BridgeKind kind);

// What a member may do by keys while it is in the bridge (features.conf; Dial's t T h H k K w W x X).
struct MemberFeatures {
    bool blind_transfer = false, attended_transfer = false, disconnect = false, park = false;
    bool one_touch_monitor = false, one_touch_mixmonitor = false;
    std::string transfer_context;             // empty: TRANSFER_CONTEXT, else the channel's context
    std::string dynamic_groups;               // names of [applicationmap] features, '#' separated
};

struct MemberOptions {
    MemberFeatures features;
    bool leave_ends_bridge = true;            // two-party: the other one leaves as well
    bool mute = false;
    std::chrono::milliseconds limit{0};       // of its stay; 0: none (Dial's L)
    std::chrono::milliseconds warn_before{0}, warn_every{0};
    std::string warn_sound, start_sound, end_sound;
    std::string music_class;                  // for holding bridges
    bool silence_only = false;                // holding: neither music nor ringing
    bool announcer = false;                   // holding: speaks to those who wait
};

// Why a member left.
enum class LeaveReason : unsigned char { hung_up, bridge_dissolved, removed, transferred, limit_reached, disconnect_key };

class Bridge : public std::enable_shared_from_this<Bridge> {
  public:
    static std::shared_ptr<Bridge> create(BridgeKind kind, std::string name = {}, MixerSettings mixer = {});
    ~Bridge();

    const std::string& id() const { return id_; }
    const std::string& name() const { return name_; }
    BridgeKind kind() const { return kind_; }
    std::vector<Channel*> members() const;
    std::size_t size() const { return members_.size(); }
    WallTime created() const { return created_; }

    // The channel's own fiber brings it in and comes back when it has left. Waits. Errors: hangup, redirected, taken.
    Result<LeaveReason> join(Channel& channel, const MemberOptions& options = {});
    // The bridge takes custody of the channel; when it leaves, `after` gets it (default: hang up). Never waits.
    // Errors: limit, unsupported (no translation).
    using After = std::move_only_function<void(Custody, LeaveReason)>;
    Result<void> impart(Custody channel, MemberOptions options = {}, After after = {});

    Result<void> remove(Channel& channel, LeaveReason reason = LeaveReason::removed);
    void dissolve(LeaveReason reason = LeaveReason::bridge_dissolved);
    // `substitute` takes the place of `member` in one step, with its options; `member` leaves as transferred.
    Result<void> replace(Channel& member, Custody substitute);
    // All members of `other` come here; `other` is dissolved. When the two bridges are linked by the halves of a Local
    // channel, these halves are dropped. Errors: refused (a half has taps, hooks or running work), unsupported (more
    // than two members for a two-party bridge).
    Result<void> merge(Bridge& other);

    // While a feature runs with a member (a transfer dialogue): the rest hears hold music, its digits are its own.
    void suspend(Channel& member, bool hold_others = true, std::string_view music_class = {});
    void resume(Channel& member);
    void play_to_all(std::unique_ptr<Source> source);
    Mixer* mixer() { return mixer_.get(); }
    void set_mute(Channel& member, bool muted);

    // A two-party bridge becomes a mixing one, so that more than two can be in it.
    Result<void> grow();

    static std::vector<std::shared_ptr<Bridge>> list();
    static std::shared_ptr<Bridge> find(std::string_view id);

    struct Member;

  private:
    friend struct BridgeAccess;  // core/bridge/*.cpp
    Bridge(BridgeKind kind, std::string name, MixerSettings mixer);
    std::string id_, name_;
    BridgeKind kind_;
    WallTime created_;
    std::vector<std::unique_ptr<Member>> members_;
    std::unique_ptr<Mixer> mixer_;
};

// What the dialplan knows of digits dialled so far; set by core/dialplan at its start, which stands above this floor.
// Without it every extension counts as existing.
enum class ExtensionMatch : unsigned char { none, partial, exact, exact_and_longer };
using ExtensionMatcher = ExtensionMatch (*)(Channel& channel, std::string_view context, std::string_view extension);
void set_extension_matcher(ExtensionMatcher matcher);

// Transfers as bridge operations, whoever asked for them (keys, REFER, AMI, applications).
enum class TransferResult : unsigned char { success, fail, not_permitted, invalid };
// The peer of `transferer` (or all others) goes to `place`; the transferer leaves. Never waits.
TransferResult blind_transfer(Channel& transferer, Place place);
// Two calls of one transferer become one: the peers of `first` and `second` are bridged, both transferer channels end.
// When `second` is not bridged but runs an application, its execution is taken over by first's peer.
TransferResult attended_transfer(Channel& first, Channel& second);
// Sends an extension's digits and transfers there after consulting: the dialogue behind the atxfer feature. Waits; runs
// on the transferer's service fiber.
Result<void> attended_transfer_dialogue(Channel& transferer, const MemberFeatures& features);
Result<void> blind_transfer_dialogue(Channel& transferer, const MemberFeatures& features);

struct BridgeCreated { static constexpr std::string_view topic = "bridge.created"; Bridge& bridge; };
struct BridgeDestroyed { static constexpr std::string_view topic = "bridge.destroyed"; Bridge& bridge; };
struct BridgeEntered { static constexpr std::string_view topic = "bridge.enter"; Bridge& bridge; Channel& channel; };
struct BridgeLeft { static constexpr std::string_view topic = "bridge.leave"; Bridge& bridge; Channel& channel; LeaveReason reason; };
struct BridgesMerged { static constexpr std::string_view topic = "bridge.merge"; Bridge& to; Bridge& from; };  // before the moves
// Two halves of a Local channel drop out between the bridges that they linked: before, and when it is done or has failed.
struct LocalOptimized {
    static constexpr std::string_view topic = "local.optimized";
    Channel &one, &two;
    bool done, success;
};
struct Transferred {
    static constexpr std::string_view topic = "bridge.transfer";
    bool attended;
    TransferResult result;
    Channel& transferer;                 // attended: its channel of the call that the transferee stays in
    Channel* transferee;                 // null: nobody, or more than one
    Bridge* bridge;                      // that the transferer was in; null: none
    std::string context, extension;      // where to; attended: whom a feature code called
    // Attended:
    Channel* second_transferer = nullptr;  // its channel of the other call; null: one channel had both (feature codes)
    Bridge* second_bridge = nullptr;       // null: it was in none
    Channel* target = nullptr;             // whom the transferee speaks with now
    std::string application;               // that the transferee is in now, instead
};

}  // namespace jackfield
