// SCRAMBLE: speech with its spectrum turned upside down.
#include "core/channel/per_channel.hpp"
#include "modules/audio/directions.hpp"
#include "modules/audio/inverter.hpp"

using namespace jackfield;
using namespace jackfield::audio;

namespace {

constexpr FunctionInfo info{
    .name = "SCRAMBLE",
    .syntax = "SCRAMBLE([direction])",
    .synopsis = "Make the speech of a channel unintelligible",
    .text = "Set(SCRAMBLE()=both) turns the spectrum upside down: high becomes low. The value is RX (what comes from the channel), "
            "TX (what goes to it), both, or remove. Two of them in a row make speech again. It keeps nothing secret: whoever wants "
            "to can turn it back."};

Result<void> write(PerChannel<Added>& kept, Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(channel_for(maybe, "SCRAMBLE"));
    if (equals_ignoring_case(trim(value), "remove") || equals_ignoring_case(trim(arguments[0]), "remove")) {
        kept.erase(*channel);
        return {};
    }
    const Directions directions =
        JF_TRY(parse_directions("SCRAMBLE", trim(value).empty() ? arguments[0] : value, "both"));
    Added& added = kept.of(*channel);
    const auto invert = [&](bool on, AudioProcessor::Direction direction) -> std::unique_ptr<MediaStream::Attached> {
        if (!on) return nullptr;
        return channel->media().add(std::make_unique<Inverter>(direction));
    };
    added.rx = invert(directions.rx, AudioProcessor::Direction::read);
    added.tx = invert(directions.tx, AudioProcessor::Direction::write);
    return {};
}

Result<void> load(Module& module) {
    auto& kept = module.own<PerChannel<Added>>();
    return module.add(info, FunctionBody{nullptr, [&kept](Channel* channel, const Arguments& arguments, std::string_view value) {
                          return write(kept, channel, arguments, value);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_scramble", "Inversion of the spectrum", load)
