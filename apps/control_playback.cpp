// ControlPlayback: play a prompt that the caller, or a manager client, moves about in.
#include "core/base/strings.hpp"
#include "core/channel/controlled_playback.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "ControlPlayback",
    .syntax = "ControlPlayback(filename[&filename2[...]][,skipms[,ff[,rew[,stop[,pause[,restart[,options]]]]]]])",
    .synopsis = "Play a prompt that the caller can move about in",
    .text = "`skipms` (3000) is how far the keys `ff` (#) and `rew` (*) move; `stop`, `pause` and `restart` have no key by default. Does not "
            "answer. Sets CPLAYBACKSTATUS (SUCCESS, USERSTOPPED, REMOTESTOPPED, ERROR), CPLAYBACKOFFSET (milliseconds, -1 for the end of "
            "the file) and CPLAYBACKSTOPKEY.\n"
            "  o(time) - begin that many milliseconds into the file"};

Result<milliseconds> time_of(std::string_view text, milliseconds otherwise) {
    if (text.empty()) return otherwise;
    const auto number = parse_number<unsigned>(text);
    if (!number) return fail(ErrorCode::invalid, "ControlPlayback: '{}' is not a number of milliseconds", text);
    return milliseconds(*number);
}

Result<void> play(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "ControlPlayback needs the name of a prompt");
    const auto options = JF_TRY(OptionLetters::parse(arguments[7], "o"));
    const auto skip = JF_TRY(time_of(arguments[1], milliseconds(3000)));
    ControlledPlayback playback;
    playback.start = JF_TRY(time_of(options.argument('o'), milliseconds(0)));
    const PlaybackKeys keys{.stop = std::string(arguments[4]),
                            .forward = std::string(arguments.has(2) ? arguments[2] : "#"),
                            .rewind = std::string(arguments.has(3) ? arguments[3] : "*"),
                            .pause = std::string(arguments[5]),
                            .restart = std::string(arguments[6]),
                            .skip = skip};
    Result<void> played;
    for (const std::string_view name : split_list(arguments[0], '&')) {
        played = play_controlled(channel, std::string(name), keys, playback);
        if (!played || playback.key || playback.stopped) break;
        playback.start = milliseconds(0);
    }
    if (!played && ends_application(played.error().code)) {
        if (played.error().code == ErrorCode::hangup) (void)tell_playback(channel, played, playback);
        return played;
    }
    if (!played) log_warning("ControlPlayback on {}: {}", channel.name(), played.error().text);
    (void)tell_playback(channel, played, playback);
    return {};
}

constexpr ManagerActionInfo action_info{
    .name = "ControlPlayback",
    .privilege = manager_class::call,
    .synopsis = "Move about in the prompt that ControlPlayback or the AGI command CONTROL STREAM FILE plays",
    .text = "Channel; Control: stop, forward, reverse, pause or restart."};

Result<void> control_from_outside(const ManagerRequest& request, ManagerReply& reply) {
    static constexpr std::pair<std::string_view, PlaybackControl> controls[]{{"stop", PlaybackControl::stop},
                                                                             {"forward", PlaybackControl::forward},
                                                                             {"reverse", PlaybackControl::rewind},
                                                                             {"pause", PlaybackControl::pause},
                                                                             {"restart", PlaybackControl::restart}};
    for (const std::string_view key : {"Channel", "Control"})
        if (request.get(key).empty()) return fail(ErrorCode::invalid, "{} not specified", key);
    Channel* channel = find_channel(request.get("Channel"));
    if (!channel) return fail(ErrorCode::not_found, "No such channel");
    for (const auto& [word, control] : controls) {
        if (!equals_ignoring_case(word, request.get("Control"))) continue;
        JF_TRY(jackfield::control_playback(*channel, control));
        reply.respond("Success", {});
        return {};
    }
    return fail(ErrorCode::invalid, "Unknown control operation: {}", request.get("Control"));
}

Result<void> load(Module& module) {
    JF_TRY(module.add(action_info, control_from_outside));
    return module.add(info, play);
}

}  // namespace

JACKFIELD_MODULE("app_controlplayback", "Playback under the caller's control", load)
