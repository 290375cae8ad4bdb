// ControlPlayback: play a prompt that the caller moves about in.
#include "core/base/strings.hpp"
#include "core/channel/controlled_playback.hpp"
#include "core/sdk.hpp"

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

Result<void> control_playback(Channel& channel, const Arguments& arguments) {
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

Result<void> load(Module& module) { return module.add(info, control_playback); }

}  // namespace

JACKFIELD_MODULE("app_controlplayback", "Playback under the caller's control", load)
