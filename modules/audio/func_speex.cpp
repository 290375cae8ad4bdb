// AGC and DENOISE: automatic gain control and noise reduction, by SpeexDSP.
#include "core/channel/per_channel.hpp"
#include "modules/audio/directions.hpp"
#include "modules/audio/speex_processor.hpp"

using namespace jackfield;
using namespace jackfield::audio;

namespace {

constexpr FunctionInfo agc_info{
    .name = "AGC",
    .syntax = "AGC(direction)",
    .synopsis = "Automatic gain control of a channel's audio, to read and to set",
    .text = "Set(AGC(rx)=8000) brings what comes from the channel to that level, Set(AGC(tx)=8000) what goes to it; levels are those "
            "of 16-bit samples, 1 to 32768. Set(AGC(rx)=off) ends it. Reads as the level, or as `off`."};
constexpr FunctionInfo denoise_info{
    .name = "DENOISE",
    .syntax = "DENOISE(direction)",
    .synopsis = "Noise reduction of a channel's audio, to read and to set",
    .text = "Set(DENOISE(rx)=on) takes noise out of what comes from the channel, tx out of what goes to it; `off` ends it. It "
            "learns the noise in half a second. Reads as `on` or `off`."};

struct Direction {
    SpeexSettings settings;
    std::unique_ptr<MediaStream::Attached> added;
};
struct Processed {
    Direction rx, tx;
};

class Channels {
  public:
    Result<std::string> read(Channel* maybe, const Arguments& arguments, bool agc) {
        const std::string_view name = agc ? "AGC" : "DENOISE";
        Channel* channel = JF_TRY(channel_for(maybe, name));
        const Directions directions = JF_TRY(parse_directions(name, arguments[0]));
        const Processed* processed = kept_.find(*channel);
        const SpeexSettings settings =
            !processed ? SpeexSettings() : (directions.rx ? processed->rx : processed->tx).settings;
        if (agc) return settings.level > 0 ? fmt::format("{}", settings.level) : "off";
        return settings.denoise ? "on" : "off";
    }
    Result<void> write(Channel* maybe, const Arguments& arguments, std::string_view value, bool agc) {
        const std::string_view name = agc ? "AGC" : "DENOISE";
        Channel* channel = JF_TRY(channel_for(maybe, name));
        const Directions directions = JF_TRY(parse_directions(name, arguments[0]));
        const bool off = equals_ignoring_case(trim(value), "off");
        float level = 0;
        if (agc && !off) {
            const auto number = parse_number<double>(trim(value));
            if (!number || !(*number >= 1 && *number <= 32768))
                return fail(ErrorCode::invalid, "AGC({}): '{}' is no level; write 1 to 32768, or off", arguments[0], value);
            level = static_cast<float>(*number);
        } else if (!agc && !off && !equals_ignoring_case(trim(value), "on")) {
            return fail(ErrorCode::invalid, "DENOISE({}): write on or off, not '{}'", arguments[0], value);
        }
        Processed& processed = kept_.of(*channel);
        Direction& direction = directions.rx ? processed.rx : processed.tx;
        if (agc)
            direction.settings.level = level;
        else
            direction.settings.denoise = !off;
        direction.added.reset();
        if (direction.settings.any())
            direction.added = channel->media().add(std::make_unique<SpeexProcessor>(
                directions.rx ? AudioProcessor::Direction::read : AudioProcessor::Direction::write, direction.settings));
        return {};
    }

  private:
    PerChannel<Processed> kept_;
};

Result<void> load(Module& module) {
    Channels& channels = module.own<Channels>();
    const auto body = [&channels](bool agc) {
        return FunctionBody{[&channels, agc](Channel* channel, const Arguments& arguments) {
                                return channels.read(channel, arguments, agc);
                            },
                            [&channels, agc](Channel* channel, const Arguments& arguments, std::string_view value) {
                                return channels.write(channel, arguments, value, agc);
                            }};
    };
    JF_TRY(module.add(agc_info, body(true)));
    return module.add(denoise_info, body(false));
}

}  // namespace

JACKFIELD_MODULE("func_speex", "Automatic gain control and noise reduction", load)
