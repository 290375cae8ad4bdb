// BlindTransfer, Atxfer, CancelAtxfer.
#include <array>

#include "core/bridge/features.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"

namespace jackfield::manager {
namespace {

std::string context_for(const ManagerRequest& request, Channel& channel) {
    if (!request.get("Context").empty()) return std::string(request.get("Context"));
    auto context = channel.variable("TRANSFER_CONTEXT");
    return context.empty() ? channel.place().context : context;
}

Result<void> blind(const ManagerRequest& request, ManagerReply& reply) {
    Channel& channel = JF_TRY(channel_of(request));
    const std::string extension = JF_TRY(needed(request, "Exten"));
    switch (blind_transfer(channel, Place{context_for(request, channel), extension, 1})) {
        case TransferResult::success: reply.success("Transfer succeeded"); return {};
        case TransferResult::not_permitted: return fail(ErrorCode::refused, "Transfer not permitted");
        case TransferResult::invalid: return fail(ErrorCode::invalid, "Transfer invalid");
        default: return fail(ErrorCode::failed, "Transfer failed");
    }
}

// As if the channel had pressed the code of an attended transfer and then the extension; what is pressed there later
// (abort, complete, swap) works as ever.
Result<void> attended(const ManagerRequest& request, ManagerReply& reply) {
    Channel& channel = JF_TRY(channel_of(request));
    const std::string extension = JF_TRY(needed(request, "Exten"));
    if (!channel.bridge()) return fail(ErrorCode::invalid, "Atxfer requires the channel to be in a bridge");
    if (extension.size() > 63 || extension.find_first_not_of("0123456789*#ABCDabcd") != std::string::npos)
        return fail(ErrorCode::invalid, "Exten: up to 63 keys that a phone can press");
    MemberFeatures features;
    features.transfer_context = context_for(request, channel);
    run_feature(channel, [features, extension](Channel& member, Bridge&) {
        member.clear_digits();
        for (const char key : extension) member.digits().push(key);
        return attended_transfer_dialogue(member, features);
    });
    reply.success("Atxfer successfully queued");
    return {};
}

Result<void> cancel(const ManagerRequest& request, ManagerReply& reply) {
    Channel& channel = JF_TRY(channel_of(request));
    if (!cancel_attended_transfer(channel)) return fail(ErrorCode::invalid, "Channel is in no attended transfer");
    reply.success("CancelAtxfer successfully queued");
    return {};
}

using namespace manager_class;
constexpr std::array all_transfer_actions{
    ActionEntry{{"BlindTransfer", call, "Send whom a channel speaks with elsewhere", "Channel: the transferer. Context, Exten: where "
                 "the other one goes."}, blind},
    ActionEntry{{"Atxfer", call, "Transfer after speaking with the destination",
                 "Channel: the transferer. Context, Exten: whom it is to speak with first."}, attended},
    ActionEntry{{"CancelAtxfer", call, "Give up a transfer after speaking with the destination",
                 "Channel: the transferer, who waits for the destination or speaks with it, and comes back to its call."}, cancel},
};

}  // namespace

std::span<const ActionEntry> transfer_actions() { return all_transfer_actions; }

}  // namespace jackfield::manager
