// Milliwatt: the test tone of ITU-T O.133.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "Milliwatt",
    .syntax = "Milliwatt([options])",
    .synopsis = "Play a constant 1004 Hz tone at 0 dBm0",
    .text = "Plays until the caller hangs up.\n"
            "  m - play 1 s of silence after every 10 s of tone, as a milliwatt line does\n"
            "  o - accepted for old plans; the tone is 1004 Hz at 0 dBm0 in any case"};

Result<void> milliwatt(Channel& channel, const Arguments& arguments) {
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[0], "mo"));
    if (!options.has('m')) {
        JF_TRY(channel.play_source(make_sine(1004, 0)));
        return {};
    }
    // indications.conf tones are quieter than 0 dBm0, so the interrupted form alternates sine and silence itself.
    for (;;) {
        channel.media().play(make_sine(1004, 0));
        JF_TRY(channel.wait(std::chrono::seconds(10)));
        channel.media().stop_playing();
        JF_TRY(channel.wait(std::chrono::seconds(1)));
    }
}

Result<void> load(Module& module) { return module.add(info, milliwatt); }

}  // namespace

JACKFIELD_MODULE("app_milliwatt", "Digital milliwatt test application", load)
