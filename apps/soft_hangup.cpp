// SoftHangup: hang up another channel.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "SoftHangup",
                               .syntax = "SoftHangup(Technology/Resource[,options])",
                               .synopsis = "Hang up another channel",
                               .text = "The channel is named whole, or by its device.\n"
                                       "  a - hang up all channels of the device, not one only"};

Result<void> soft_hangup(Channel&, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "SoftHangup needs a channel or device");
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[1], "a"));
    std::vector<ChannelId> found;
    for_each_channel([&](Channel& channel) {
        const bool matches = equals_ignoring_case(channel.name(), arguments[0]) ||
                             equals_ignoring_case(device_of(channel.name()), arguments[0]);
        if (matches && (found.empty() || options.has('a'))) found.push_back(channel.id());
    });
    for (const ChannelId id : found)
        if (auto channel = find_channel(id)) channel->get().hang_up(HangupCause::normal_clearing);
    return {};
}

Result<void> load(Module& module) { return module.add(info, soft_hangup); }

}  // namespace

JACKFIELD_MODULE("app_softhangup", "Hang up another channel", load)
