// Broadcast: one channel's audio to many others, or the audio of many to one.
#include "core/channel/channel_events.hpp"
#include "core/media/snoop.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "Broadcast",
    .syntax = "Broadcast([options],channel[,channel...])",
    .synopsis = "Say something to many channels at once, or hear many at once",
    .text = "What this channel says is heard by all the channels named, whatever else they do, until it hangs up or all of them have. "
            "Channels are names or prefixes of names. Keys end nothing.\n"
            "  b - those with whom the channels talk hear it too (or, with s, are heard too)\n"
            "  s - the other way: this channel hears all of them\n"
            "  l, o - accepted and without effect: audio is mixed, and its way has one length\n"
            "Option r of Asterisk (audio into a channel's own queue) is refused: use b."};

struct Target {
    ChannelId id;
    std::unique_ptr<Snoop> snoop;
    std::unique_ptr<MediaStream> ear;
};

std::vector<ChannelId> find_targets(const Channel& caller, const Arguments& arguments) {
    std::vector<ChannelId> found;
    for (std::size_t place = 1; place < arguments.size(); ++place) {
        const std::string_view name = trim(arguments[place]);
        if (name.empty()) continue;
        for_each_channel([&](Channel& channel) {
            if (channel.id() != caller.id() && !channel.hung_up() && starts_with_ignoring_case(channel.name(), name) &&
                std::ranges::find(found, channel.id()) == found.end())
                found.push_back(channel.id());
        });
    }
    return found;
}

SnoopWays ways(bool wanted, SnoopWays one, bool both) { return !wanted ? SnoopWays::none : both ? SnoopWays::both : one; }

Result<void> broadcast(Channel& channel, const Arguments& arguments) {
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[0], "blos"));
    const bool listens = options.has('s'), both = options.has('b');
    JF_TRY(channel.answer());
    const auto ids = find_targets(channel, arguments);
    if (ids.empty()) return fail(ErrorCode::not_found, "Broadcast: there are no such channels: {}", arguments.rest(1));

    Queue<ChannelId> gone;
    const Subscription ended = subscribe<ChannelHungUp>([&gone](const ChannelHungUp& event) { gone.push(event.channel.id()); });
    Mixer mixer;
    JF_TRY(mixer.add(channel.media()));
    if (listens) mixer.set_listen_only(channel.media(), true);
    std::vector<Target> targets;
    for (const ChannelId id : ids) {
        const auto found = find_channel(id);
        if (!found) continue;
        Target target{id,
                      std::make_unique<Snoop>(found->get().media(), Snoop::Options{.hear = ways(listens, SnoopWays::in, both),
                                                                                   .whisper = ways(!listens, SnoopWays::out, both)}),
                      std::make_unique<MediaStream>()};
        target.ear->set_port(target.snoop->take_port());
        target.ear->set_formats(target.snoop->codec(), target.snoop->codec(), milliseconds(20));
        JF_TRY(mixer.add(*target.ear));
        if (!listens) mixer.set_listen_only(*target.ear, true);
        targets.push_back(std::move(target));
    }
    while (!targets.empty()) {
        const ChannelId id = JF_TRY(gone.pop());
        std::erase_if(targets, [id](const Target& target) { return target.id == id; });
    }
    return {};
}

Result<void> load(Module& module) { return module.add(info, broadcast); }

}  // namespace

JACKFIELD_MODULE("app_broadcast", "Audio to and from many channels", load)
