// BridgeAdd: come into the bridge that another channel is in.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "BridgeAdd",
                               .syntax = "BridgeAdd(channel)",
                               .synopsis = "Join the bridge that another channel is in",
                               .text = "The channel is named whole or by the beginning of its name (PJSIP/6001). A call of two becomes a "
                                       "conference of three."};

Channel* bridged_channel(std::string_view name) {
    Channel* found = nullptr;
    for_each_channel([&](Channel& channel) {
        if (!found && channel.bridge() && starts_with_ignoring_case(channel.name(), name)) found = &channel;
    });
    return found;
}

Result<void> bridge_add(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "BridgeAdd needs a channel");
    JF_TRY(channel.answer());
    Channel* other = bridged_channel(arguments[0]);
    if (!other || other == &channel) {
        log_notice("BridgeAdd on {}: no channel {} is in a bridge", channel.name(), arguments[0]);
        return {};
    }
    const auto bridge = other->bridge()->shared_from_this();
    if (bridge->kind() == BridgeKind::two_party) JF_TRY(bridge->grow());
    MemberOptions options;
    options.leave_ends_bridge = false;
    JF_TRY(bridge->join(channel, options));
    return {};
}

Result<void> load(Module& module) { return module.add(info, bridge_add); }

}  // namespace

JACKFIELD_MODULE("app_bridgeaddchan", "Join another channel's bridge", load)
