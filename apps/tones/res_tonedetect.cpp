// WaitForTone, ToneScan and TONE_DETECT.
#include <array>
#include <set>

#include "apps/tones/listening.hpp"
#include "apps/tones/progress_scanner.hpp"
#include "apps/tones/tone_meter.hpp"
#include "core/channel/per_channel.hpp"

using namespace jackfield;
using namespace jackfield::tones;

namespace {

constexpr ApplicationInfo wait_info{
    .name = "WaitForTone",
    .syntax = "WaitForTone(freq[,duration_ms[,timeout[,times[,options]]]])",
    .synopsis = "Wait for a tone",
    .text = "Until a tone of `freq` Hz was heard for `duration_ms` (500), `times` times (1), at most `timeout` seconds. "
            "WAITFORTONESTATUS becomes SUCCESS, TIMEOUT, HANGUP or ERROR.\n"
            "  d(decibels) - how far the tone stands out from all else (16)\n"
            "  s - accepted and without effect: nobody else hears the channel meanwhile"};
constexpr ApplicationInfo scan_info{
    .name = "ToneScan",
    .syntax = "ToneScan([zone[,timeout[,threshold[,options]]]])",
    .synopsis = "Wait for a tone of the network or a machine",
    .text = "The tones are those of a country of indications.conf (by default the default one). `timeout`: seconds; `threshold` (1): how "
            "often it has to be heard. TONESCANSTATUS becomes DIALTONE, RINGING, BUSY, SIT, NUT (uk), MODEM, FAX, VOICE, DTMF, TIMEOUT or "
            "HANGUP.\n"
            "  f - look for fax machines\n"
            "  v - look for voices"};
constexpr FunctionInfo detect_info{
    .name = "TONE_DETECT",
    .syntax = "TONE_DETECT(freq[,duration_ms[,options]])",
    .synopsis = "Look for a tone while the call goes on",
    .text = "Set(TONE_DETECT(2600,1000,g(got-2600,s,1))=) looks for 2600 Hz that last a second (500 milliseconds by default; frequency "
            "0: none); ${TONE_DETECT(rx)} and ${TONE_DETECT(tx)} are how often it was found in what comes from the channel and what "
            "goes to it.\n"
            "  a - special information tones too\n"
            "  b - a busy tone too\n"
            "  c - a dial tone too\n"
            "  p - a ringing tone too\n"
            "  d(decibels) - how far the tone stands out from all else (16)\n"
            "  g(context,exten,priority) - go there when it came from the channel\n"
            "  h(context,exten,priority) - go there when it went to the channel\n"
            "  n(times) - only after so many\n"
            "  r - only what comes from the channel; t - only what goes to it\n"
            "  x - end it\n"
            "Option s (keep the tone from the other side) is not available and is refused."};

// A threshold of 16 dB is half of all energy here; each decibel more or less moves it by a thirtieth.
Result<double> share_of(std::string_view function, const OptionLetters& options) {
    if (!options.has('d')) return 0.5;
    const auto decibels = parse_number<double>(trim(options.argument('d')));
    if (!decibels || !(*decibels > 0 && *decibels <= 40))
        return fail(ErrorCode::invalid, "{}: '{}' is no threshold in decibels, 1 to 40", function, options.argument('d'));
    return std::clamp(0.5 + (*decibels - 16) / 30, 0.1, 0.95);
}

Result<unsigned> number_of(std::string_view function, std::string_view text, unsigned otherwise, unsigned most) {
    if (trim(text).empty()) return otherwise;
    const auto number = parse_number<unsigned>(trim(text));
    if (!number || *number > most) return fail(ErrorCode::invalid, "{}: '{}' is not a number up to {}", function, text, most);
    return *number;
}

// A ToneCounter, and what else is looked for, as one detector: finding 1, or the number of the progress tone.
class CountedTone {
  public:
    CountedTone(double hz, unsigned shortest_ms, double share) : counter_(hz, shortest_ms, share) {}
    template <class F>
    void hear(std::span<const std::int16_t> audio, F&& tell) {
        counter_.hear(audio, [&] { tell(std::uint32_t{1}); });
    }

  private:
    ToneCounter counter_;
};

Result<void> wait_for_tone(Channel& channel, const Arguments& arguments) {
    channel.set_variable("WAITFORTONESTATUS", "ERROR");
    const unsigned hz = JF_TRY(number_of("WaitForTone", arguments[0], 0, 3900));
    if (hz < 50) return fail(ErrorCode::invalid, "WaitForTone needs a frequency: WaitForTone(440)");
    const unsigned shortest = JF_TRY(number_of("WaitForTone", arguments[1], 500, 600'000));
    const auto end = JF_TRY(end_after("WaitForTone", arguments[2]));
    const unsigned times = JF_TRY(number_of("WaitForTone", arguments[3], 1, 1000));
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments.rest(4), "ds"));
    const double share = JF_TRY(share_of("WaitForTone", options));
    Listening<CountedTone> listening(channel, hz, shortest, share);
    for (unsigned found = 0; found < std::max(times, 1u); ++found) {
        auto one = listening.found().pop(left_until(end));
        if (one) continue;
        const bool late = one.error().code == ErrorCode::timeout;
        channel.set_variable("WAITFORTONESTATUS", late ? "TIMEOUT" : "HANGUP");
        if (late) return {};
        return std::unexpected(std::move(one).error());
    }
    channel.set_variable("WAITFORTONESTATUS", "SUCCESS");
    return {};
}

Result<void> tone_scan(Channel& channel, const Arguments& arguments) {
    ProgressScanner::Settings settings;
    settings.country = arguments.has(0) ? std::string(trim(arguments[0])) : channel.attributes().tone_zone;
    const auto end = JF_TRY(end_after("ToneScan", arguments[1]));
    const unsigned times = std::max(1u, JF_TRY(number_of("ToneScan", arguments[2], 1, 100)));
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments.rest(3), "fv"));
    settings.fax = options.has('f');
    settings.voice = options.has('v');
    Listening<ProgressScanner> listening(channel, settings);
    std::array<unsigned, 16> counts{};
    for (;;) {
        auto ready = select({&listening.found(), &channel.digits()}, left_until(end));
        if (!ready) {
            const bool late = ready.error().code == ErrorCode::timeout;
            channel.set_variable("TONESCANSTATUS", late ? "TIMEOUT" : "HANGUP");
            if (late) return {};
            return std::unexpected(std::move(ready).error());
        }
        if (channel.digits().try_pop()) {
            channel.set_variable("TONESCANSTATUS", "DTMF");
            return {};
        }
        const auto found = listening.found().try_pop();
        if (!found || ++counts[*found % counts.size()] < times) continue;
        channel.set_variable("TONESCANSTATUS", std::string(to_string(static_cast<Progress>(*found))));
        return {};
    }
}

// --- TONE_DETECT ---------------------------------------------------------------------------------------------------------

// One direction of one channel.
struct Watch {
    unsigned count = 0;
    std::vector<FindingsGuard> guards;
    std::vector<std::unique_ptr<MediaStream::Attached>> attached;
};
struct Detector {
    Watch rx, tx;
    std::string rx_place, tx_place;
    unsigned times = 1;
    std::set<Progress> signals;
};

class Detectors {
  public:
    Result<std::string> read(Channel* channel, const Arguments& arguments) {
        if (!channel) return fail(ErrorCode::invalid, "TONE_DETECT needs a channel");
        const bool rx = equals_ignoring_case(trim(arguments[0]), "rx");
        if (!rx && !equals_ignoring_case(trim(arguments[0]), "tx"))
            return fail(ErrorCode::invalid, "TONE_DETECT: read it as TONE_DETECT(rx) or TONE_DETECT(tx)");
        const Detector* detector = kept_.find(*channel);
        return std::to_string(!detector ? 0 : rx ? detector->rx.count : detector->tx.count);
    }
    Result<void> write(Channel* channel, const Arguments& arguments) {
        if (!channel) return fail(ErrorCode::invalid, "TONE_DETECT needs a channel");
        const OptionLetters options = JF_TRY(OptionLetters::parse(arguments.rest(2), "abcdghnprstx"));
        if (options.has('s')) return fail(ErrorCode::unsupported, "TONE_DETECT: option s is not available; leave it out");
        const unsigned hz = JF_TRY(number_of("TONE_DETECT", arguments[0], 0, 3900));
        const unsigned shortest = JF_TRY(number_of("TONE_DETECT", arguments[1], 500, 600'000));
        const double share = JF_TRY(share_of("TONE_DETECT", options));
        const unsigned times = std::max(1u, JF_TRY(number_of("TONE_DETECT", options.argument('n'), 1, 100'000)));
        kept_.erase(*channel);
        if (options.has('x')) return {};
        Detector& detector = kept_.of(*channel);
        detector.times = times;
        detector.rx_place = options.argument('g');
        detector.tx_place = options.argument('h');
        for (const auto& [letter, signal] : {std::pair('a', Progress::special_information), {'b', Progress::busy},
                                             {'c', Progress::dial_tone}, {'p', Progress::ringing}})
            if (options.has(letter)) detector.signals.insert(signal);
        const bool both = options.has('r') == options.has('t');
        if (both || options.has('r')) watch(*channel, detector, detector.rx, detector.rx_place, Tap::Direction::read, hz, shortest, share);
        if (both || options.has('t')) watch(*channel, detector, detector.tx, detector.tx_place, Tap::Direction::write, hz, shortest, share);
        return {};
    }

  private:
    // `detector` and its parts live as long as their findings are listened to.
    void watch(Channel& channel, Detector& detector, Watch& watch, const std::string& place, Tap::Direction direction, unsigned hz,
               unsigned shortest, double share) {
        const auto add = [&]<class D>(auto&&... of_detector) {
            auto findings = Findings::make([this, &channel, &detector, &watch, &place](std::uint32_t finding) {
                if (std::is_same_v<D, ProgressScanner> && !detector.signals.contains(static_cast<Progress>(finding))) return;
                if (++watch.count < detector.times || place.empty()) return;
                go(channel, place);
            });
            watch.guards.emplace_back(findings);
            watch.attached.push_back(channel.media().add(std::make_unique<DetectorTap<D>>(direction, findings, of_detector...)));
        };
        if (hz) add.template operator()<CountedTone>(double(hz), shortest, share);
        if (!detector.signals.empty())
            add.template operator()<ProgressScanner>(ProgressScanner::Settings{.country = channel.attributes().tone_zone});
    }
    static void go(Channel& channel, const std::string& target) {
        const auto place = resolve_place(channel, target);
        if (!place) return log_warning("TONE_DETECT on {}: {}", channel.name(), place.error().text);
        if (auto sent = channel.redirect(*place); !sent) log_debug(1, "TONE_DETECT on {}: {}", channel.name(), sent.error().text);
    }
    PerChannel<Detector> kept_;
};

Result<void> load(Module& module) {
    Detectors& detectors = module.own<Detectors>();
    JF_TRY(module.add(wait_info, wait_for_tone));
    JF_TRY(module.add(scan_info, tone_scan));
    return module.add(detect_info, FunctionBody{[&detectors](Channel* channel, const Arguments& arguments) {
                                                    return detectors.read(channel, arguments);
                                                },
                                                [&detectors](Channel* channel, const Arguments& arguments, std::string_view) {
                                                    return detectors.write(channel, arguments);
                                                }});
}

}  // namespace

JACKFIELD_MODULE("res_tonedetect", "Tones in calls", load)
