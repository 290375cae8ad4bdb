// Transfers as bridge operations, whoever asks for them.
#include <algorithm>

#include "core/bridge/bridge_member.hpp"
#include "core/channel/dial.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {

using Member = Bridge::Member;

namespace {

ExtensionMatcher extension_matcher = nullptr;

// The member leaves as transferred and its call ends.
void end_transferer(std::unique_ptr<Member> member) {
    const auto channel = member->channel;
    channel->hang_up(HangupCause::normal_clearing);
    BridgeAccess::deliver(std::move(member), LeaveReason::transferred);
}

void tell_blind(TransferResult result, Channel& transferer, Channel* transferee, Bridge* bridge, const Place& place) {
    publish(Transferred{.attended = false, .result = result, .transferer = transferer, .transferee = transferee, .bridge = bridge,
                        .context = place.context, .extension = place.extension});
}

// More than one stays behind: a Local channel dials the place and comes into the bridge.
TransferResult transfer_all_others(Channel& transferer, Place place) {
    auto started = spawn({.name = "transfer by " + transferer.name(), .call_id = transferer.call_id()},
                         [channel = transferer.share(), place = std::move(place)] {
        DialRequest request;
        request.technology = "Local";
        request.destination = fmt::format("{}@{}", place.extension, place.context);
        request.requestor = channel.get();
        HangupCause cause{};
        auto leg = DialLeg::start(std::move(request), cause);
        Bridge* bridge = channel->bridge();
        if (!leg || !bridge) {
            tell_blind(TransferResult::fail, *channel, nullptr, bridge, place);
            return;
        }
        const auto keep = bridge->shared_from_this();
        const bool replaced = keep->replace(*channel, (*leg)->take("transfer")).has_value();
        tell_blind(replaced ? TransferResult::success : TransferResult::fail, *channel, nullptr, bridge, place);
        channel->hang_up(HangupCause::normal_clearing);
    });
    return started ? TransferResult::success : TransferResult::fail;
}

// `second` runs an application: the peer of `first` comes to be the one whom the application serves. The two channels
// exchange what connects them with their devices, and names and identities follow the devices.
TransferResult take_over_application(Channel& first, Channel& second) {
    Member* leaving = BridgeAccess::member_of(first);
    Channel* peer = first.peer();
    if (!peer || second.hung_up()) return TransferResult::fail;
    const auto transferee = peer->share();
    const auto bridge = leaving->bridge;
    auto first_member = BridgeAccess::detach(*leaving, LeaveReason::transferred);
    auto transferee_member = BridgeAccess::detach(*BridgeAccess::member_of(*transferee), LeaveReason::transferred);

    Channel::exchange(*transferee, second);
    const auto transferee_name = transferee->name(), second_name = second.name();
    second.rename(second_name + "<MOVED>");
    transferee->rename(second_name);
    second.rename(transferee_name);
    std::swap(transferee->caller(), second.caller());
    second.set_variable("ATTENDEDTRANSFER", first.name());

    // What was the transferer's second channel has the transferee's device and name now, and the other way round.
    publish(Transferred{.attended = true, .result = TransferResult::success, .transferer = first, .transferee = &second, .bridge = &*bridge,
                        .second_transferer = transferee.get(), .application = second.application});
    transferee->hang_up(HangupCause::normal_clearing);
    BridgeAccess::deliver(std::move(transferee_member), LeaveReason::transferred);
    end_transferer(std::move(first_member));
    return TransferResult::success;
}

// The other member of second's bridge comes to the place of `first`.
TransferResult join_peers(Channel& first, Channel& second) {
    const auto here = BridgeAccess::member_of(first)->bridge, there = BridgeAccess::member_of(second)->bridge;
    if (here == there) return TransferResult::fail;
    if (there->kind() != BridgeKind::two_party && here->kind() == BridgeKind::two_party) return join_peers(second, first);
    Channel* target = second.peer();
    if (!target) return TransferResult::fail;
    Channel* transferee = first.peer();

    auto first_member = BridgeAccess::detach(*BridgeAccess::member_of(first), LeaveReason::transferred);
    auto second_member = BridgeAccess::detach(*BridgeAccess::member_of(second), LeaveReason::transferred);
    auto moved = BridgeAccess::detach(*BridgeAccess::member_of(*target), LeaveReason::transferred);
    const auto entered = BridgeAccess::enter(*here, moved);
    if (entered) {
        target->set_variable("ATTENDEDTRANSFER", first.name());
        if (transferee) transferee->set_variable("ATTENDEDTRANSFER", first.name());
        BridgeAccess::update_identities(*here, "transfer");
    } else {
        log_warning("attended transfer by {} failed: {}", first.name(), entered.error().text);
        moved->channel->hang_up(HangupCause::bearercapability_notavail);
        BridgeAccess::deliver(std::move(moved), LeaveReason::removed);
        BridgeAccess::settle(*here);
    }
    const auto result = entered ? TransferResult::success : TransferResult::fail;
    publish(Transferred{.attended = true, .result = result, .transferer = first, .transferee = transferee, .bridge = &*here,
                        .second_transferer = &second, .second_bridge = &*there, .target = target});
    end_transferer(std::move(second_member));
    end_transferer(std::move(first_member));
    return result;
}

}  // namespace

void set_extension_matcher(ExtensionMatcher matcher) { extension_matcher = matcher; }

ExtensionMatch match_extension_digits(Channel& channel, std::string_view context, std::string_view extension) {
    return extension_matcher ? extension_matcher(channel, context, extension) : ExtensionMatch::exact_and_longer;
}

std::string transfer_context(Channel& transferer, const std::string& configured) {
    if (!configured.empty()) return configured;
    auto variable = transferer.variable("TRANSFER_CONTEXT");
    return variable.empty() ? transferer.place().context : variable;
}

TransferResult blind_transfer(Channel& transferer, Place place) {
    Member* leaving = BridgeAccess::member_of(transferer);
    if (!leaving || transferer.ended()) return TransferResult::fail;
    const auto match = match_extension_digits(transferer, place.context, place.extension);
    if (match == ExtensionMatch::none || match == ExtensionMatch::partial) {
        tell_blind(TransferResult::invalid, transferer, transferer.peer(), &*leaving->bridge, place);
        return TransferResult::invalid;
    }
    if (leaving->bridge->size() > 2) return transfer_all_others(transferer, std::move(place));
    Channel* peer = transferer.peer();
    if (!peer || peer->hung_up()) {
        tell_blind(TransferResult::fail, transferer, nullptr, &*leaving->bridge, place);
        return TransferResult::fail;
    }
    const auto transferee = peer->share();
    const auto bridge = leaving->bridge;
    auto transferer_member = BridgeAccess::detach(*leaving, LeaveReason::transferred);
    transferee->set_variable("BLINDTRANSFER", transferer.name());
    transferee->variables().erase("ATTENDEDTRANSFER");
    transferee->set_variable("TRANSFERERNAME", transferer.name());
    // An imparted channel leaves by the redirection itself; a joined one now, before its fiber wakes.
    const auto redirected = transferee->redirect(place);
    if (Member* staying = BridgeAccess::member_of(*transferee))
        BridgeAccess::deliver(BridgeAccess::detach(*staying, LeaveReason::transferred), LeaveReason::transferred);
    const auto result = redirected ? TransferResult::success : TransferResult::fail;
    tell_blind(result, transferer, transferee.get(), &*bridge, place);
    end_transferer(std::move(transferer_member));
    return result;
}

TransferResult attended_transfer(Channel& first, Channel& second) {
    if (&first == &second) return TransferResult::fail;
    if (!first.bridge() && second.bridge()) return attended_transfer(second, first);
    if (!first.bridge()) return TransferResult::fail;
    const auto keep_first = first.share(), keep_second = second.share();
    return second.bridge() ? join_peers(first, second) : take_over_application(first, second);
}

void BridgeAccess::carry_out_transfer(Member& member, TransferRequest request) {
    const auto transferer = member.channel;
    auto answer = [&request](bool success) {
        if (auto done = std::exchange(request.done, nullptr)) done(success);
    };
    // The far side hears of its transfer before the BYE that a success brings: hang-up reaches the driver in a later turn.
    if (request.attended) {
        auto other = find_channel(ChannelId{request.replaces_channel});
        answer(other && attended_transfer(*transferer, other->get()) == TransferResult::success);
        return;
    }
    Place place;
    place.context = request.context.empty() ? transfer_context(*transferer, member.options.features.transfer_context)
                                            : request.context;
    place.extension = request.destination;
    answer(blind_transfer(*transferer, std::move(place)) == TransferResult::success);
}

}  // namespace jackfield
