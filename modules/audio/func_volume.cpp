// VOLUME: how loud a channel is heard and hears.
#include <atomic>
#include <cmath>

#include "core/channel/per_channel.hpp"
#include "modules/audio/directions.hpp"
#include "modules/audio/gain.hpp"

using namespace jackfield;
using namespace jackfield::audio;

namespace {

constexpr FunctionInfo info{
    .name = "VOLUME",
    .syntax = "VOLUME(direction[,options])",
    .synopsis = "Make a channel louder or quieter",
    .text = "Set(VOLUME(TX)=3): direction TX is what goes to the channel, prompts included, RX what comes from it. The value is a "
            "factor: 2 doubles the level (6 dB), -2 halves it; 0, 1 and -1 leave it as it is, and then audio passes unopened "
            "again. What is louder than a sample can say is cut off.\n"
            "  p - from now on the channel's key * makes both directions louder by one step, # quieter"};

struct Volume {
    std::shared_ptr<GainFactor> rx, tx;  // null: never set
    double rx_steps = 1, tx_steps = 1;   // as set, never between -1 and 1
    Added added;
    bool keys = false;
};

double normal(double value) { return std::abs(value) <= 1 ? 1 : value; }
// -2 is next to 1, as both -1 and 0 are the same as that.
double louder(double value) { return value == -2 ? 1 : value + 1; }
double quieter(double value) { return value == 1 ? -2 : value - 1; }

void apply(MediaStream& media, double steps, AudioProcessor::Direction direction, std::unique_ptr<MediaStream::Attached>& added,
           std::shared_ptr<GainFactor>& factor) {
    if (steps == 1) {
        added.reset();
        return;
    }
    if (!factor) factor = std::make_shared<GainFactor>();
    factor->store(static_cast<float>(steps > 0 ? steps : -1 / steps), std::memory_order_relaxed);
    if (!added) added = media.add(std::make_unique<GainProcessor>(direction, factor));
}

void apply(Channel& channel, Volume& volume) {
    apply(channel.media(), volume.rx_steps, AudioProcessor::Direction::read, volume.added.rx, volume.rx);
    apply(channel.media(), volume.tx_steps, AudioProcessor::Direction::write, volume.added.tx, volume.tx);
}

class Volumes {
  public:
    Volumes() : digits_(subscribe<ChannelDigit>([this](const ChannelDigit& event) { pressed(event); })) {}
    Result<void> write(Channel* maybe, const Arguments& arguments, std::string_view value) {
        Channel* channel = JF_TRY(channel_for(maybe, "VOLUME"));
        const Directions directions = JF_TRY(parse_directions("VOLUME", arguments[0]));
        const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[1], "p"));
        const auto number = parse_number<double>(trim(value));
        if (!number || !(std::abs(*number) <= 1000))
            return fail(ErrorCode::invalid, "VOLUME: '{}' is no factor; write 2 for twice as loud, -2 for half", value);
        Volume& volume = kept_.of(*channel);
        (directions.rx ? volume.rx_steps : volume.tx_steps) = normal(*number);
        volume.keys = options.has('p');
        apply(*channel, volume);
        return {};
    }

  private:
    void pressed(const ChannelDigit& event) {
        if (!event.received || !event.end || (event.key != '*' && event.key != '#')) return;
        Volume* volume = kept_.find(event.channel);
        if (!volume || !volume->keys) return;
        for (double* steps : {&volume->rx_steps, &volume->tx_steps})
            *steps = std::clamp(event.key == '*' ? louder(*steps) : quieter(*steps), -1000.0, 1000.0);
        apply(event.channel, *volume);
    }
    PerChannel<Volume> kept_;
    Subscription digits_;
};

Result<void> load(Module& module) {
    Volumes& volumes = module.own<Volumes>();
    return module.add(info, FunctionBody{nullptr, [&volumes](Channel* channel, const Arguments& arguments, std::string_view value) {
                          return volumes.write(channel, arguments, value);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_volume", "Volume of channels", load)
