// Bridges: who comes, who leaves, what the members' channels report meanwhile.
#include "core/bridge/bridge.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/base/generation.hpp"
#include "core/base/strings.hpp"
#include "core/bridge/bridge_identity.hpp"
#include "core/bridge/bridge_member.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/stack_trim.hpp"

namespace jackfield {

namespace {

constexpr std::array<std::string_view, 3> kind_names{"two_party", "holding", "mixing"};
constexpr std::array<std::string_view, 3> technology_names{"simple_bridge", "holding_bridge", "softmix"};

std::unordered_map<std::string, Bridge*, StringHash, std::equal_to<>>& all_bridges() {
    static std::unordered_map<std::string, Bridge*, StringHash, std::equal_to<>> bridges;
    return bridges;
}

// Takes the channel out when its fiber leaves Bridge::join by an error or an exception. Who waits for a channel that
// never came does so no longer.
class JoinGuard {
  public:
    JoinGuard(Bridge& bridge, Stay& stay) : bridge_(bridge), stay_(stay) {}
    ~JoinGuard() {
        if (stay_.member) BridgeAccess::leave(*stay_.member, reason);
        if (!entered) BridgeAccess::settle(bridge_);
    }
    LeaveReason reason = LeaveReason::removed;
    bool entered = false;

  private:
    Bridge& bridge_;
    Stay& stay_;
};

}  // namespace

std::string_view to_string(BridgeKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string_view technology_name(BridgeKind kind) { return technology_names[static_cast<std::size_t>(kind)]; }

Bridge::Bridge(BridgeKind kind, std::string name, MixerSettings mixer)
    : id_(std::string(process_generation()) + '-' + random_hex(16)),
      name_(std::move(name)),
      kind_(kind),
      created_(wall_now()) {
    if (kind_ == BridgeKind::mixing) mixer_ = std::make_unique<Mixer>(mixer);
    all_bridges().emplace(id_, this);
}

std::shared_ptr<Bridge> Bridge::create(BridgeKind kind, std::string name, MixerSettings mixer) {
    std::shared_ptr<Bridge> bridge(new Bridge(kind, std::move(name), mixer));
    publish(BridgeCreated{*bridge});
    return bridge;
}

std::shared_ptr<Bridge> BridgeAccess::make(BridgeKind kind, std::string id, std::string name, MixerSettings mixer) {
    std::shared_ptr<Bridge> bridge(new Bridge(kind, std::move(name), mixer));
    all_bridges().erase(bridge->id_);
    bridge->id_ = std::move(id);
    all_bridges().emplace(bridge->id_, bridge.get());
    publish(BridgeCreated{*bridge});
    return bridge;
}

Result<std::shared_ptr<Bridge>> create_bridge(BridgeKind kind, std::string id, std::string name, MixerSettings mixer) {
    if (id.empty() || id.size() > 149) return fail(ErrorCode::invalid, "a bridge's id has 1 to 149 characters");
    if (all_bridges().contains(id)) return fail(ErrorCode::exists, "a bridge has the id {}", id);
    return BridgeAccess::make(kind, std::move(id), std::move(name), mixer);
}

Bridge::~Bridge() {
    publish(BridgeDestroyed{*this});
    all_bridges().erase(id_);
}

std::vector<std::shared_ptr<Bridge>> Bridge::list() {
    std::vector<std::shared_ptr<Bridge>> bridges;
    for (const auto& [id, bridge] : all_bridges())
        if (auto alive = bridge->weak_from_this().lock()) bridges.push_back(std::move(alive));
    std::ranges::sort(bridges, {}, [](const auto& bridge) { return bridge->created(); });
    return bridges;
}

std::shared_ptr<Bridge> Bridge::find(std::string_view id) {
    auto& all = all_bridges();
    if (const auto found = all.find(id); found != all.end()) return found->second->weak_from_this().lock();
    for (const auto& [key, bridge] : all)
        if (!bridge->name_.empty() && bridge->name_ == id) return bridge->weak_from_this().lock();
    return nullptr;
}

std::vector<Channel*> Bridge::members() const {
    std::vector<Channel*> channels;
    for (const auto& member : members_) channels.push_back(member->channel.get());
    return channels;
}

// --- coming -------------------------------------------------------------------------------------------------------------

std::unique_ptr<Bridge::Member> BridgeAccess::make_member(Channel& channel, MemberOptions options) {
    auto member = std::make_unique<Member>();
    member->channel = channel.share();
    member->options = std::move(options);
    return member;
}

Result<void> BridgeAccess::enter(Bridge& bridge, std::unique_ptr<Member>& entering) {
    if (bridge.kind_ == BridgeKind::two_party && bridge.members_.size() >= 2)
        return fail(ErrorCode::limit, "the bridge {} has two members already", bridge.id_);
    Channel& channel = *entering->channel;
    if (Member* elsewhere = member_of(channel)) leave(*elsewhere, LeaveReason::removed);
    // What it reported before concerns whoever had it then; that it is on hold or has ended is its state.
    channel.events().clear();
    channel.stop_indication();
    channel.stop_music();

    Member& member = *entering;
    member.bridge = bridge.shared_from_this();
    entering->of_grown = std::ranges::any_of(bridge.members_, [](const auto& member) { return member->of_grown; });
    bridge.members_.push_back(std::move(entering));
    if (member.stay) member.stay->member = &member;
    channel.set_bridge(&bridge, &member);
    publish(BridgeEntered{bridge, channel});
    Result<void> connected;
    if (bridge.kind_ == BridgeKind::two_party && bridge.members_.size() == 2)
        connected = link(bridge);
    else if (bridge.kind_ == BridgeKind::mixing)
        connected = bridge.mixer_->add(channel.media());
    else if (bridge.kind_ == BridgeKind::holding)
        connected = wait_here(bridge, member);
    if (!connected) {
        entering = detach(member, LeaveReason::removed);
        return connected;
    }
    if (member.options.mute) channel.media().mute(true, false);
    for (auto& each : bridge.members_) start_features(*each);
    start_limits(member);
    tell_drivers(bridge);
    return {};
}

namespace {

// Not inlined: what it takes of the stack would stay for as long as the call lasts.
[[gnu::noinline]] Result<void> enter_and_stay(Bridge& bridge, Channel& channel, const MemberOptions& options, std::shared_ptr<Stay> stay) {
    auto member = BridgeAccess::make_member(channel, options);
    member->stay = std::move(stay);
    return BridgeAccess::enter(bridge, member);
}
// A transfer dialogue of a member that hung up decides what becomes of the others; it does so at once.
[[gnu::noinline]] void finish_transfer(const Stay& stay, ErrorCode why) {
    if (!stay.member || !stay.member->feature) return;
    const auto feature = stay.member->feature;
    if (why != ErrorCode::hangup) feature->interrupter.interrupt(why);
    const Shield shield;
    (void)feature->done.wait();
}

}  // namespace

Result<LeaveReason> Bridge::join(Channel& channel, const MemberOptions& options) {
    const auto keep = shared_from_this();
    const auto kept_channel = channel.share();
    auto stay = std::make_shared<Stay>();
    JoinGuard guard(*this, *stay);
    if (!channel.hung_up()) {
        JF_TRY(enter_and_stay(*this, channel, options, stay));
        guard.entered = true;
    }
    const StackTrim trim;
    auto waited = channel.hung_up() ? yield() : stay->left.wait();
    if (waited) return channel.hung_up() && !stay->left.is_set() ? LeaveReason::hung_up : stay->reason;
    finish_transfer(*stay, waited.error().code);
    guard.reason = waited.error().code == ErrorCode::hangup ? LeaveReason::hung_up : LeaveReason::removed;
    return std::unexpected(std::move(waited).error());
}

Result<void> Bridge::impart(Custody custody, MemberOptions options, After after) {
    if (!custody) return fail(ErrorCode::taken, "custody of the channel went elsewhere");
    auto member = BridgeAccess::make_member(custody.channel(), std::move(options));
    custody.renew("bridge " + id_);
    member->custody = std::move(custody);
    member->after = std::move(after);
    if (Gate* gate = running_gate(); gate && member->after) member->after_pass = gate->hold();
    auto entered = BridgeAccess::enter(*this, member);
    if (!entered) member->channel->set_cause(HangupCause::bearercapability_notavail);
    return entered;
}

// --- leaving --------------------------------------------------------------------------------------------------------------

std::unique_ptr<Bridge::Member> BridgeAccess::detach(Member& leaving, LeaveReason reason) {
    const auto keep = leaving.bridge;
    Bridge& bridge = *keep;
    Channel& channel = *leaving.channel;
    leaving.detector.reset();
    leaving.limit.reset();
    leaving.warning.reset();
    if (leaving.feature) leaving.feature->interrupter.interrupt(ErrorCode::cancelled);
    if (leaving.far_held) far_hold(leaving, false, {});
    if (Member* peer = other(bridge, leaving); peer && leaving.holds_others) set_hold(*peer, false, {});
    leaving.holds_others = false;
    disconnect_media(leaving);
    channel.set_digit_listener({});
    if (leaving.options.mute) channel.media().mute(false, false);
    if (!channel.ended() && std::exchange(leaving.holds, 0) > 0) {
        if (!channel.hung_up())
            (void)channel.indicate(Indication::unhold);
        else
            channel.stop_music();
    }
    channel.set_bridge(nullptr, nullptr);

    auto& members = bridge.members_;
    const auto found = std::ranges::find(members, &leaving, [](const auto& each) { return each.get(); });
    auto member = std::move(*found);
    members.erase(found);
    if (bridge.kind_ == BridgeKind::holding) end_announcement(bridge, *member);
    if (member->stay) member->stay->member = nullptr;
    member->bridge.reset();
    if (!channel.hung_up()) channel.driver().bridged(nullptr);
    if (auto request = std::exchange(channel.transfer_request, std::nullopt); request && request->done)
        request->done(false);
    publish(BridgeLeft{bridge, channel, reason});
    tell_drivers(bridge);
    return member;
}

void BridgeAccess::deliver(std::unique_ptr<Member> member, LeaveReason reason) {
    if (member->stay) {
        member->stay->reason = reason;
        member->stay->left.set();
        return;
    }
    if (!member->custody) return;
    post([member = std::move(member), reason] {
        if (!member->custody) return;
        const RunningGate in(member->after_pass.gate());
        if (member->after) {
            member->after(std::move(member->custody), reason);
            member->after = nullptr;  // before its module's pass is given back
        } else {
            member->custody->hang_up(HangupCause::normal_clearing);
            member->custody.release();
        }
    });
}

void BridgeAccess::settle(Bridge& bridge) {
    if (bridge.members_.empty()) return;
    post([keep = bridge.shared_from_this()] {
        // Somebody else may have come in the place of the one that left.
        if (keep->members_.size() == 1 && (keep->kind_ == BridgeKind::two_party || keep->members_.front()->of_grown)) keep->dissolve();
    });
}

void BridgeAccess::leave(Member& member, LeaveReason reason) {
    const auto bridge = member.bridge;
    const bool ends = member.options.leave_ends_bridge;
    const bool settles = bridge->kind_ == BridgeKind::two_party ? ends : member.of_grown;
    auto left = detach(member, reason);
    if (settles) settle(*bridge);
    deliver(std::move(left), reason);
}

Result<void> Bridge::remove(Channel& channel, LeaveReason reason) {
    auto* member = BridgeAccess::member_of(channel);
    if (!member || channel.bridge() != this) return fail(ErrorCode::not_found, "{} is not in the bridge", channel.name());
    BridgeAccess::leave(*member, reason);
    return {};
}

void Bridge::dissolve(LeaveReason reason) {
    const auto keep = shared_from_this();
    std::vector<std::unique_ptr<Member>> left;
    while (!members_.empty()) left.push_back(BridgeAccess::detach(*members_.front(), reason));
    for (auto& member : left) BridgeAccess::deliver(std::move(member), reason);
}

// --- what members' channels report ------------------------------------------------------------------------------------------

void Bridge::Member::channel_taken() {
    // Called while custody changes hands: nothing may be told to the former holder but by its interrupted waits.
    BridgeAccess::leave(*this, channel->hung_up() ? LeaveReason::hung_up : LeaveReason::removed);
}

Channel* Bridge::Member::peer() const {
    const Member* peer = BridgeAccess::other(*bridge, *this);
    return peer ? peer->channel.get() : nullptr;
}

void Bridge::Member::channel_has_events() {
    const auto kept = channel;
    while (auto event = kept->events().try_pop()) {
        BridgeAccess::take_event(*this, std::move(*event));
        if (kept->keeper() != this) return;
    }
    if (kept->hung_up() && !feature) BridgeAccess::leave(*this, LeaveReason::hung_up);
}

void BridgeAccess::take_event(Member& member, ChannelEvent event) {
    using Kind = ChannelEvent::Kind;
    Channel* peer = member.peer();
    switch (event.kind) {
        case Kind::hold: return far_hold(member, true, event.text);
        case Kind::unhold: return far_hold(member, false, {});
        case Kind::transfer:
            if (auto request = std::exchange(member.channel->transfer_request, std::nullopt))
                carry_out_transfer(member, std::move(*request));
            return;
        case Kind::connected_line:
            if (peer) {
                const auto& caller = member.channel->caller();
                peer->update_connected({caller.id, caller.ani, "unknown"});
            }
            return;
        case Kind::redirecting:
            if (peer) peer->update_redirecting(member.channel->redirecting());
            return;
        // A member that is still being called (the target of a transfer that was completed early).
        case Kind::ringing:
            if (peer) (void)peer->indicate(Indication::ringing);
            return;
        case Kind::progress:
            if (peer) (void)peer->indicate(Indication::progress);
            return;
        case Kind::answered:
            if (peer && peer->state() == ChannelState::up) (void)peer->indicate(Indication::stop);
            if (peer && peer->state() != ChannelState::up) (void)peer->answer();
            return;
        case Kind::flash:
            if (peer) (void)peer->indicate(Indication::flash);
            return;
        case Kind::text:
            if (peer)
                (void)peer->post_work(
                    [text = std::move(event.text)](Channel& channel) { (void)channel.send_text(text); });
            return;
        case Kind::topology_changed:
            if (!peer) return;
            if (!member.suspended) (void)link(*member.bridge);
            if (!peer->hung_up()) peer->driver().bridged(member.channel.get());  // it follows, and not the other way round
            return;
        default: return;
    }
}

}  // namespace jackfield
