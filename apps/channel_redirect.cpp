// ChannelRedirect: send another channel to a place of the dialplan.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "ChannelRedirect",
                               .syntax = "ChannelRedirect(channel,[[context,]extension,]priority)",
                               .synopsis = "Send another channel to a place of the dialplan",
                               .text = "Sets CHANNELREDIRECT_STATUS to SUCCESS or NOCHANNEL. What is left out of the place is that of the "
                                       "other channel."};

Result<void> channel_redirect(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0) || !arguments.has(1)) return fail(ErrorCode::invalid, "ChannelRedirect needs a channel and a place");
    Channel* other = find_channel(arguments[0]);
    if (!other || other->hung_up()) {
        channel.set_variable("CHANNELREDIRECT_STATUS", "NOCHANNEL");
        return {};
    }
    const auto keep = other->share();
    Place place = JF_TRY(resolve_place(*other, arguments.rest(1)));
    const auto done = other->redirect(std::move(place));
    channel.set_variable("CHANNELREDIRECT_STATUS", done ? "SUCCESS" : "NOCHANNEL");
    return {};
}

Result<void> load(Module& module) { return module.add(info, channel_redirect); }

}  // namespace

JACKFIELD_MODULE("app_channelredirect", "Redirect another channel", load)
