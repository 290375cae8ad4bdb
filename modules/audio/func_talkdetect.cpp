// TALK_DETECT: events when the far side of a channel begins and ends to talk.
#include "core/channel/per_channel.hpp"
#include "modules/audio/directions.hpp"

using namespace jackfield;
using namespace jackfield::audio;
using std::chrono::milliseconds;

namespace {

constexpr FunctionInfo info{
    .name = "TALK_DETECT",
    .syntax = "TALK_DETECT(action)",
    .synopsis = "Events when a channel begins and ends to talk",
    .text = "Set(TALK_DETECT(set)=) begins, Set(TALK_DETECT(set)=silence,threshold) with other settings than the usual ones, "
            "Set(TALK_DETECT(remove)=) ends. `silence` (2500): milliseconds without talk after which it has ended; `threshold` "
            "(256): mean absolute sample value that counts as talk. Sends ChannelTalkingStart and ChannelTalkingStop (with Duration "
            "in milliseconds) to AMI and ARI. What DENOISE and AGC make of the audio is what is listened to."};

struct Watched {
    std::unique_ptr<MediaStream::Attached> watch;
    bool talking = false;
    Instant began{};
};

// Talk with pauses shorter than `silence` is one talk; it ended where the last pause began.
void hear(Watched& state, Channel& channel, const MediaStream::SilenceEvent& event, milliseconds silence) {
    if (!event.silent) {
        if (std::exchange(state.talking, true)) return;
        state.began = Clock::now() - event.length;
        publish(ChannelTalking{channel, true, 0});
        return;
    }
    if (event.length < silence || !std::exchange(state.talking, false)) return;
    const auto spoken = std::chrono::duration_cast<milliseconds>(Clock::now() - event.length - state.began);
    publish(ChannelTalking{channel, false, static_cast<std::uint64_t>(std::max<std::int64_t>(spoken.count(), 0))});
}

Result<void> write(PerChannel<Watched>& kept, Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(channel_for(maybe, "TALK_DETECT"));
    const std::string_view action = trim(arguments[0]);
    if (equals_ignoring_case(action, "remove")) {
        kept.erase(*channel);
        return {};
    }
    if (!equals_ignoring_case(action, "set"))
        return fail(ErrorCode::invalid, "TALK_DETECT: the action is set or remove, not '{}'", action);
    const auto parts = split_arguments(value);
    const auto number = [&](std::size_t place, int otherwise) -> Result<int> {
        if (place >= parts.size() || trim(parts[place]).empty()) return otherwise;
        const auto given = parse_number<int>(trim(parts[place]));
        if (!given || *given < 1) return fail(ErrorCode::invalid, "TALK_DETECT: '{}' is no positive number", parts[place]);
        return *given;
    };
    const milliseconds silence(JF_TRY(number(0, 2500)));
    const int threshold = JF_TRY(number(1, 256));
    Watched& watched = kept.of(*channel);
    watched.watch = channel->media().watch_silence(
        static_cast<unsigned>(threshold), [&watched, channel, silence](const MediaStream::SilenceEvent& event) {
            const auto keep = channel->share();  // who hears of it may end the channel, and this function with it
            hear(watched, *channel, event, silence);
        });
    return {};
}

Result<void> load(Module& module) {
    auto& kept = module.own<PerChannel<Watched>>();
    return module.add(info, FunctionBody{nullptr, [&kept](Channel* channel, const Arguments& arguments, std::string_view value) {
                          return write(kept, channel, arguments, value);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_talkdetect", "Events of talk", load)
