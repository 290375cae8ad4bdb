// Bridge, BlindTransfer and AttendedTransfer: bridge operations from the dialplan.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo bridge_info{
    .name = "Bridge",
    .syntax = "Bridge(channel[,options])",
    .synopsis = "Connect the caller with a channel that exists",
    .text = "The other channel leaves what it does. Sets BRIDGERESULT to SUCCESS, FAILURE, LOOP or NONEXISTENT.\n"
            "  p - play a beep to the other channel first\n"
            "  h, H - the other channel or the caller may hang up with the disconnect code\n"
            "  t, T - the other channel or the caller may transfer\n"
            "  S(x) - at most x seconds\n"
            "  F(place) - the other channel goes on there afterwards\n"
            "  x - the other channel is hung up afterwards (the default)"};
constexpr ApplicationInfo blind_info{.name = "BlindTransfer",
                                     .syntax = "BlindTransfer(extension[,context])",
                                     .synopsis = "Transfer the channel that the caller is bridged with",
                                     .text = "Sets BLINDTRANSFERSTATUS to SUCCESS, FAILURE, INVALID or NOTPERMITTED."};
constexpr ApplicationInfo attended_info{.name = "AttendedTransfer",
                                        .syntax = "AttendedTransfer(extension)",
                                        .synopsis = "Begin an attended transfer of the channel that the caller is bridged with",
                                        .text = "Sets ATTENDEDTRANSFERSTATUS to SUCCESS, FAILURE or NOTPERMITTED."};

std::string_view word(TransferResult result) {
    switch (result) {
        case TransferResult::success: return "SUCCESS";
        case TransferResult::not_permitted: return "NOTPERMITTED";
        case TransferResult::invalid: return "INVALID";
        case TransferResult::fail: break;
    }
    return "FAILURE";
}

Result<void> bridge(Channel& channel, const Arguments& arguments) {
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[1], "phHtTSFx"));
    Channel* other = find_channel(arguments[0]);
    if (!other || other == &channel) {
        channel.set_variable("BRIDGERESULT", other ? "LOOP" : "NONEXISTENT");
        return {};
    }
    const ChannelId id = other->id();
    JF_TRY(channel.answer());
    if (!find_channel(id)) {
        channel.set_variable("BRIDGERESULT", "NONEXISTENT");
        return {};
    }
    MemberOptions mine, theirs;
    mine.features.blind_transfer = mine.features.attended_transfer = options.has('T');
    theirs.features.blind_transfer = theirs.features.attended_transfer = options.has('t');
    mine.features.disconnect = options.has('H');
    theirs.features.disconnect = options.has('h');
    if (options.has('S')) mine.limit = std::chrono::seconds(parse_number<unsigned>(options.argument('S')).value_or(0));
    if (options.has('p')) theirs.start_sound = "beep";
    auto made = Bridge::create(BridgeKind::two_party);
    Bridge::After after;
    if (options.has('F')) {
        const Place place = JF_TRY(resolve_place(channel, options.argument('F')));
        after = [place](Custody freed, LeaveReason) {
            if (!freed || freed->hung_up()) return;
            freed->place() = place;
            if (auto started = start_dialplan(std::move(freed)); !started) log_warning("Bridge: {}", started.error().text);
        };
    }
    if (auto taken = made->impart(Custody::take(*other, "Bridge"), theirs, std::move(after)); !taken) {
        channel.set_variable("BRIDGERESULT", "FAILURE");
        return taken;
    }
    JF_TRY(made->join(channel, mine));
    channel.set_variable("BRIDGERESULT", "SUCCESS");
    return {};
}

Result<void> blind(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) {
        channel.set_variable("BLINDTRANSFERSTATUS", "FAILURE");
        return fail(ErrorCode::invalid, "BlindTransfer needs an extension");
    }
    const std::string context = arguments.has(1) ? std::string(arguments[1]) : channel.place().context;
    const TransferResult result = channel.bridge() ? blind_transfer(channel, Place{context, std::string(arguments[0]), 1})
                                                   : TransferResult::fail;
    channel.set_variable("BLINDTRANSFERSTATUS", std::string(word(result)));
    return {};
}

Result<void> attended(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0) || !channel.bridge()) {
        channel.set_variable("ATTENDEDTRANSFERSTATUS", "FAILURE");
        if (!arguments.has(0)) return fail(ErrorCode::invalid, "AttendedTransfer needs an extension");
        return {};
    }
    channel.set_variable("ATTENDEDTRANSFERSTATUS", "SUCCESS");
    MemberFeatures features;
    features.attended_transfer = true;
    // The extension is what the dialogue would ask for by keys.
    for (const char key : arguments[0]) channel.digits().push(key);
    return channel.post_work([features](Channel& transferer) {
        if (auto done = attended_transfer_dialogue(transferer, features); !done && !ends_application(done.error().code))
            log_notice("Attended transfer by {}: {}", transferer.name(), done.error().text);
    });
}

Result<void> load(Module& module) {
    JF_TRY(module.add(bridge_info, bridge));
    JF_TRY(module.add(blind_info, blind));
    return module.add(attended_info, attended);
}

}  // namespace

JACKFIELD_MODULE("app_bridge", "Bridges and transfers from the dialplan", load)
