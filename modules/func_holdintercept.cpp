// HOLD_INTERCEPT: holds of a channel are told and not passed on.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "HOLD_INTERCEPT",
                            .syntax = "HOLD_INTERCEPT(set|remove)",
                            .synopsis = "Keep the holds of this channel from the other side",
                            .text = "Set(HOLD_INTERCEPT(set)=): when the channel is put on hold by its telephone, the manager's clients are "
                                    "told (Hold, Unhold) and the other side goes on as it was. Set(HOLD_INTERCEPT(remove)=) ends it. To read: "
                                    "1 or 0."};

Result<std::string> read(Channel* channel, const Arguments&) {
    if (!channel) return fail(ErrorCode::invalid, "HOLD_INTERCEPT needs a channel");
    return std::string(channel->attributes().intercept_hold ? "1" : "0");
}

Result<void> write(Channel* channel, const Arguments& arguments, std::string_view) {
    if (!channel) return fail(ErrorCode::invalid, "HOLD_INTERCEPT needs a channel");
    const bool set = equals_ignoring_case(arguments[0], "set");
    if (!set && !equals_ignoring_case(arguments[0], "remove"))
        return fail(ErrorCode::invalid, "HOLD_INTERCEPT({}): write set or remove", arguments[0]);
    channel->attributes().intercept_hold = set;
    return {};
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{read, write}); }

}  // namespace

JACKFIELD_MODULE("func_holdintercept", "Hold interception dialplan function", load)
