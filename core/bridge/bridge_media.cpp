// Bridges: media of the members, hold and suspension, limits, merging.
#include <algorithm>

#include "core/base/strings.hpp"
#include "core/bridge/bridge_member.hpp"
#include "core/media/say.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {

using Member = Bridge::Member;

// --- connections ---------------------------------------------------------------------------------------------------------

Member* BridgeAccess::other(const Bridge& bridge, const Member& member) {
    if (bridge.kind_ != BridgeKind::two_party || bridge.members_.size() != 2) return nullptr;
    return bridge.members_[bridge.members_[0].get() == &member ? 1 : 0].get();
}

Result<void> BridgeAccess::link(Bridge& bridge) {
    Member &a = *bridge.members_[0], &b = *bridge.members_[1];
    Channel &one = *a.channel, &two = *b.channel;
    if (!a.suspended && !b.suspended) {
        JF_TRY(MediaStream::connect(one.media(), two.media()));
        Channel::connect_other_streams(one, two);
    }
    one.set_variable("BRIDGEPEER", two.name());
    two.set_variable("BRIDGEPEER", one.name());
    // The older call's linked id stands for both from now on.
    Channel &older = one.id().number < two.id().number ? one : two, &younger = &older == &one ? two : one;
    younger.set_linked_id(older.linked_id());
    if (one.held() && !a.far_held) far_hold(a, true, one.hold_class());
    if (two.held() && !b.far_held) far_hold(b, true, two.hold_class());
    return {};
}

void BridgeAccess::tell_drivers(Bridge& bridge) {
    for (auto& member : bridge.members_)
        if (!member->channel->hung_up()) member->channel->driver().bridged(member->peer());
}

void BridgeAccess::connect_media(Bridge& bridge, Member& member) {
    if (bridge.kind_ == BridgeKind::mixing)
        (void)bridge.mixer_->add(member.channel->media());
    else if (bridge.kind_ == BridgeKind::holding)
        (void)wait_here(bridge, member);
    else if (bridge.kind_ == BridgeKind::two_party && bridge.members_.size() == 2)
        (void)link(bridge);
}

void BridgeAccess::disconnect_media(Member& member) {
    Channel& channel = *member.channel;
    channel.media().disconnect();  // when suspended, from whoever its feature connected it with
    member.suspended = 0;
    channel.disconnect_other_streams();
}

void BridgeAccess::update_identities(Bridge& bridge, std::string_view source) {
    if (bridge.kind_ != BridgeKind::two_party || bridge.members_.size() != 2) return;
    for (auto& member : bridge.members_) {
        const auto& caller = member->channel->caller();
        if (Channel* peer = member->peer()) peer->update_connected({caller.id, caller.ani, std::string(source)});
    }
}

// --- hold -----------------------------------------------------------------------------------------------------------------

void BridgeAccess::set_hold(Member& member, bool on, std::string_view music_class) {
    Channel& channel = *member.channel;
    if (on ? member.holds++ > 0 : member.holds == 0 || --member.holds > 0) return;
    if (!channel.hung_up()) (void)channel.indicate(on ? Indication::hold : Indication::unhold, music_class);
}

Result<void> BridgeAccess::wait_here(Bridge& bridge, Member& member) {
    const auto music = [](Member& waiting) {
        if (!waiting.options.silence_only) set_hold(waiting, true, waiting.options.music_class);
    };
    if (!member.options.announcer && !bridge.mixer_) {
        music(member);
        return {};
    }
    if (!bridge.mixer_) {
        bridge.mixer_ = std::make_unique<Mixer>();
        for (auto& waiting : bridge.members_) {
            if (waiting.get() == &member) continue;
            set_hold(*waiting, false, {});
            if (auto added = bridge.mixer_->add(waiting->channel->media()); !added)
                music(*waiting);
            else
                bridge.mixer_->set_listen_only(waiting->channel->media(), true);
        }
    }
    JF_TRY(bridge.mixer_->add(member.channel->media()));
    if (!member.options.announcer) bridge.mixer_->set_listen_only(member.channel->media(), true);
    return {};
}

void BridgeAccess::end_announcement(Bridge& bridge, const Member& announcer) {
    if (!announcer.options.announcer || !bridge.mixer_) return;
    if (std::ranges::any_of(bridge.members_, [](const auto& member) { return member->options.announcer; })) return;
    bridge.mixer_.reset();
    for (auto& waiting : bridge.members_) (void)wait_here(bridge, *waiting);
}

void BridgeAccess::far_hold(Member& member, bool on, std::string_view music_class) {
    Bridge& bridge = *member.bridge;
    if (bridge.kind_ == BridgeKind::mixing) {
        // What a phone on hold sends (its own music) must not be heard by the conference.
        member.far_held = on;
        member.channel->media().mute(on || member.options.mute, false);
        return;
    }
    Member* peer = other(bridge, member);
    if (!peer || member.far_held == on) return;
    member.far_held = on;
    set_hold(*peer, on, music_class);
}

void Bridge::suspend(Channel& channel, bool hold_others, std::string_view music_class) {
    auto* member = BridgeAccess::member_of(channel);
    if (!member || member->bridge.get() != this) return;
    if (member->suspended++ > 0) return;
    channel.media().disconnect();
    if (!member->feature) channel.clear_digits();
    auto* peer = BridgeAccess::other(*this, *member);
    member->holds_others = hold_others && peer;
    if (member->holds_others) BridgeAccess::set_hold(*peer, true, music_class);
}

void Bridge::resume(Channel& channel) {
    auto* member = BridgeAccess::member_of(channel);
    if (!member || member->bridge.get() != this || member->suspended == 0 || --member->suspended > 0) return;
    channel.media().disconnect();  // from whatever it was consulted with
    auto* peer = BridgeAccess::other(*this, *member);
    if (std::exchange(member->holds_others, false) && peer) BridgeAccess::set_hold(*peer, false, {});
    BridgeAccess::connect_media(*this, *member);
}

void Bridge::set_mute(Channel& channel, bool muted) {
    auto* member = BridgeAccess::member_of(channel);
    if (!member || member->bridge.get() != this) return;
    member->options.mute = muted;
    channel.media().mute(muted || (kind_ == BridgeKind::mixing && member->far_held), false);
}

void Bridge::play_to_all(std::unique_ptr<Source> source) {
    if (mixer_) mixer_->play(std::move(source));
}

// --- limits of a stay -----------------------------------------------------------------------------------------------------

namespace {

// "timeleft" says how long is left; any other name is a prompt.
void play_limit_sound(Channel& channel, const std::string& sound, std::chrono::seconds left) {
    if (sound != "timeleft") {
        (void)channel.play(sound);
        return;
    }
    PromptNames names{"vm-youhave"};
    auto say = [&](std::int64_t number, const char* unit) {
        if (auto words = say_number(number, channel.attributes().language))
            names.insert(names.end(), words->begin(), words->end());
        names.emplace_back(unit);
    };
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(left);
    if (minutes.count() > 0) say(minutes.count(), "queue-minutes");
    if (const auto seconds = left - minutes; seconds.count() > 0) say(seconds.count(), "queue-seconds");
    (void)channel.play_names(names);
}

void post_limit_sound(Channel& channel, const std::string& sound, std::chrono::milliseconds left) {
    if (sound.empty()) return;
    const auto seconds = std::chrono::round<std::chrono::seconds>(left);
    (void)channel.post_work([sound, seconds](Channel& playing) { play_limit_sound(playing, sound, seconds); });
}

std::chrono::milliseconds time_left(const Member& member) {
    return std::chrono::round<std::chrono::milliseconds>(member.limit_end - Clock::now());
}

void limit_reached(Member& member) {
    if (member.options.end_sound.empty()) return BridgeAccess::leave(member, LeaveReason::limit_reached);
    auto leave = [](Channel& channel) {
        auto* staying = BridgeAccess::member_of(channel);
        if (!staying) return;
        const auto bridge = staying->bridge;
        bridge->suspend(channel, false);
        play_limit_sound(channel, staying->options.end_sound, {});
        (void)bridge->remove(channel, LeaveReason::limit_reached);
    };
    if (!member.channel->post_work(leave)) BridgeAccess::leave(member, LeaveReason::limit_reached);
}

}  // namespace

void BridgeAccess::start_limits(Member& member) {
    const auto& options = member.options;
    if (options.limit.count() <= 0) return;
    Member* staying = &member;  // the timers are its own
    member.limit_end = Clock::now() + options.limit;
    member.limit = std::make_unique<Timer>([staying] { limit_reached(*staying); });
    member.limit->start(options.limit);
    post_limit_sound(*member.channel, options.start_sound, options.limit);
    if (options.warn_before.count() <= 0 || options.warn_before > options.limit || options.warn_sound.empty()) return;
    member.warning = std::make_unique<Timer>([staying] {
        const auto left = time_left(*staying);
        post_limit_sound(*staying->channel, staying->options.warn_sound, left);
        const auto every = staying->options.warn_every;
        if (every.count() > 0 && every < left) staying->warning->start(every);
    });
    member.warning->start(options.limit - options.warn_before);
}

// --- changing places --------------------------------------------------------------------------------------------------------

Result<void> Bridge::replace(Channel& channel, Custody substitute) {
    auto* member = BridgeAccess::member_of(channel);
    if (!member || member->bridge.get() != this) return fail(ErrorCode::not_found, "{} is not in the bridge", channel.name());
    if (!substitute) return fail(ErrorCode::taken, "custody of the substitute went elsewhere");
    const auto keep = shared_from_this();
    auto options = member->options;
    auto left = BridgeAccess::detach(*member, LeaveReason::transferred);
    auto entered = impart(std::move(substitute), std::move(options));
    if (entered)
        BridgeAccess::update_identities(*this, "transfer");
    else
        BridgeAccess::settle(*this);
    BridgeAccess::deliver(std::move(left), LeaveReason::transferred);
    return entered;
}

Result<void> Bridge::grow() {
    if (kind_ != BridgeKind::two_party) return {};
    for (auto& member : members_) {
        if (member->far_held) BridgeAccess::far_hold(*member, false, {});
        if (auto* peer = BridgeAccess::other(*this, *member); std::exchange(member->holds_others, false) && peer)
            BridgeAccess::set_hold(*peer, false, {});
    }
    mixer_ = std::make_unique<Mixer>();
    kind_ = BridgeKind::mixing;
    for (auto& member : members_) {
        member->of_grown = true;
        if (!member->suspended) JF_TRY(mixer_->add(member->channel->media()));
        if (member->channel->held()) BridgeAccess::far_hold(*member, true, {});
    }
    BridgeAccess::tell_drivers(*this);
    return {};
}

namespace {

// The halves of a Local channel that link two bridges, when they may be dropped.
Result<std::pair<Member*, Member*>> linking_halves(Bridge& here, Bridge& there) {
    for (auto& member : BridgeAccess::members(here)) {
        Channel* half = member->channel->driver().optimizable_half();
        if (!half || half->bridge() != &there) continue;
        Member* far = BridgeAccess::member_of(*half);
        for (Member* each : {member.get(), far}) {
            Channel& channel = *each->channel;
            if (channel.media().has_taps()) return fail(ErrorCode::refused, "{} is listened to", channel.name());
            if (!channel.hangup_handlers().empty())
                return fail(ErrorCode::refused, "{} has hang-up handlers", channel.name());
            if (channel.working() || each->feature || each->suspended)
                return fail(ErrorCode::refused, "{} runs a feature", channel.name());
            if (each->options.limit.count() > 0) return fail(ErrorCode::refused, "{} has a limit", channel.name());
        }
        return std::pair(member.get(), far);
    }
    return std::pair<Member*, Member*>{};
}

}  // namespace

Result<void> Bridge::merge(Bridge& from) {
    if (&from == this) return fail(ErrorCode::invalid, "a bridge can't be merged with itself");
    const auto keep = shared_from_this();
    const auto keep_from = from.shared_from_this();
    const auto [near, far] = JF_TRY(linking_halves(*this, from));
    const std::size_t together = members_.size() + from.members_.size() - (near ? 2 : 0);
    if (kind_ == BridgeKind::two_party && together > 2)
        return fail(ErrorCode::unsupported, "{} members are too many for a two-party bridge", together);

    publish(BridgesMerged{*this, from});
    // All moves first; the halves hear of their end when the others are connected.
    std::vector<std::unique_ptr<Member>> dropped;
    MemberFeatures features;
    if (near) {
        publish(LocalOptimized{*near->channel, *far->channel, false, false});
        features = near->options.features;
        for (Member* half : {near, far}) dropped.push_back(BridgeAccess::detach(*half, LeaveReason::transferred));
    }
    Result<void> result;
    while (!from.members_.empty()) {
        auto moved = BridgeAccess::detach(*from.members_.front(), LeaveReason::removed);
        if (near) {
            // The far member stands where the near half stood, and may what that one might.
            auto& own = moved->options.features;
            own.blind_transfer |= features.blind_transfer;
            own.attended_transfer |= features.attended_transfer;
            own.disconnect |= features.disconnect;
            own.park |= features.park;
            own.one_touch_monitor |= features.one_touch_monitor;
            own.one_touch_mixmonitor |= features.one_touch_mixmonitor;
        }
        if (auto entered = BridgeAccess::enter(*this, moved); !entered) {
            moved->channel->hang_up(HangupCause::bearercapability_notavail);
            BridgeAccess::deliver(std::move(moved), LeaveReason::removed);
            result = std::move(entered);
        }
    }
    if (dropped.size() == 2) publish(LocalOptimized{*dropped[0]->channel, *dropped[1]->channel, true, result.has_value()});
    for (auto& half : dropped) {
        half->channel->hang_up(HangupCause::normal_clearing);
        BridgeAccess::deliver(std::move(half), LeaveReason::transferred);
    }
    BridgeAccess::settle(*this);
    return result;
}

}  // namespace jackfield
