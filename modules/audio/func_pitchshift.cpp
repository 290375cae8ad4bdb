// PITCH_SHIFT: a channel's voices higher or lower.
#include <array>

#include "core/channel/per_channel.hpp"
#include "modules/audio/directions.hpp"
#include "modules/audio/pitch_shifter.hpp"

using namespace jackfield;
using namespace jackfield::audio;

namespace {

constexpr FunctionInfo info{
    .name = "PITCH_SHIFT",
    .syntax = "PITCH_SHIFT(direction)",
    .synopsis = "Make the voices of a channel higher or lower",
    .text = "Set(PITCH_SHIFT(tx)=high): direction rx is what comes from the channel, tx what goes to it, both the two. The value is "
            "a factor of the pitch from 0.1 to 4, where 1 ends it, or one of highest (2), higher (1.5), high (1.25), low (0.85), "
            "lower (0.7) and lowest (0.5)."};

Result<double> parse_ratio(std::string_view value) {
    static constexpr std::array<std::pair<std::string_view, double>, 6> words{
        {{"highest", 2}, {"higher", 1.5}, {"high", 1.25}, {"low", 0.85}, {"lower", 0.7}, {"lowest", 0.5}}};
    for (const auto& [word, ratio] : words)
        if (equals_ignoring_case(value, word)) return ratio;
    const auto number = parse_number<double>(value);
    if (!number || !(*number >= 0.1 && *number <= 4))
        return fail(ErrorCode::invalid,
                    "PITCH_SHIFT: '{}' is neither a factor from 0.1 to 4 nor one of highest, higher, high, low, lower, lowest", value);
    return *number;
}

Result<void> write(PerChannel<Added>& kept, Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(channel_for(maybe, "PITCH_SHIFT"));
    const Directions directions = JF_TRY(parse_directions("PITCH_SHIFT", arguments[0], "both"));
    const double ratio = JF_TRY(parse_ratio(trim(value)));
    Added& added = kept.of(*channel);
    const auto shift = [&](AudioProcessor::Direction direction) -> std::unique_ptr<MediaStream::Attached> {
        if (ratio == 1) return nullptr;
        return channel->media().add(std::make_unique<PitchShifter>(direction, ratio));
    };
    if (directions.rx) added.rx = shift(AudioProcessor::Direction::read);
    if (directions.tx) added.tx = shift(AudioProcessor::Direction::write);
    return {};
}

Result<void> load(Module& module) {
    auto& kept = module.own<PerChannel<Added>>();
    return module.add(info, FunctionBody{nullptr, [&kept](Channel* channel, const Arguments& arguments, std::string_view value) {
                          return write(kept, channel, arguments, value);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_pitchshift", "Pitch of voices", load)
