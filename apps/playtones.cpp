// PlayTones and StopPlayTones: tones of the channel's country, or described by the plan.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo play_info{
    .name = "PlayTones",
    .syntax = "PlayTones(tone)",
    .synopsis = "Play a tone while the plan goes on",
    .text = "The tone is a name of indications.conf (dial, busy, ring, congestion, ...) in the channel's country, or a "
            "description as in that file, such as `440+480/2000,0/4000`. It plays until StopPlayTones, another prompt or "
            "the end of the call."};
constexpr ApplicationInfo stop_info{.name = "StopPlayTones",
                                    .syntax = "StopPlayTones()",
                                    .synopsis = "Stop the tone that PlayTones started",
                                    .text = "Does nothing when no tone plays."};

Result<void> play_tones(Channel& channel, const Arguments& arguments) {
    if (arguments.raw().empty()) return fail(ErrorCode::invalid, "PlayTones needs a tone: a name of indications.conf or a description");
    const std::string* known = tone_zones()->find(channel.attributes().tone_zone, arguments.raw());
    auto tone = make_tone(known ? std::string_view(*known) : arguments.raw());
    if (!tone) return fail(ErrorCode::invalid, "PlayTones: {}", tone.error().text);
    channel.media().play(std::move(*tone));
    return {};
}

Result<void> stop_play_tones(Channel& channel, const Arguments&) {
    channel.media().stop_playing();
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(play_info, play_tones));
    return module.add(stop_info, stop_play_tones);
}

}  // namespace

JACKFIELD_MODULE("app_playtones", "Tones of indications.conf", load)
