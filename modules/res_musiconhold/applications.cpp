// MusicOnHold, StartMusicOnHold and StopMusicOnHold.
#include "modules/res_musiconhold/applications.hpp"

#include "core/sdk.hpp"

namespace jackfield::res_musiconhold {
namespace {

constexpr ApplicationInfo play_info{.name = "MusicOnHold",
                                    .syntax = "MusicOnHold([class[,duration]])",
                                    .synopsis = "Play hold music to the caller",
                                    .text = "For `duration` seconds, or until the caller hangs up. The class is the channel's "
                                            "own when it is left out."};
constexpr ApplicationInfo start_info{.name = "StartMusicOnHold",
                                     .syntax = "StartMusicOnHold([class])",
                                     .synopsis = "Play hold music while the plan goes on",
                                     .text = "Until StopMusicOnHold or the next prompt."};
constexpr ApplicationInfo stop_info{.name = "StopMusicOnHold",
                                    .syntax = "StopMusicOnHold()",
                                    .synopsis = "Stop the music that StartMusicOnHold started",
                                    .text = "Does nothing when none plays."};

Result<void> play(Channel& channel, const Arguments& arguments) {
    std::optional<std::chrono::milliseconds> length;
    if (arguments.has(1)) {
        const auto seconds = parse_number<double>(arguments[1]);
        if (!seconds || *seconds < 0) return fail(ErrorCode::invalid, "MusicOnHold: '{}' is not a number of seconds", arguments[1]);
        length = std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
    }
    JF_TRY(channel.start_music(arguments[0]));
    JF_TRY(channel.wait(length ? std::chrono::nanoseconds(*length) : std::chrono::nanoseconds(std::chrono::hours(24 * 365))));
    channel.stop_music();
    return {};
}

Result<void> start(Channel& channel, const Arguments& arguments) { return channel.start_music(arguments[0]); }

Result<void> stop(Channel& channel, const Arguments&) {
    channel.stop_music();
    return {};
}

}  // namespace

Result<void> add_applications(Module& module) {
    JF_TRY(module.add(play_info, play));
    JF_TRY(module.add(start_info, start));
    return module.add(stop_info, stop);
}

}  // namespace jackfield::res_musiconhold
