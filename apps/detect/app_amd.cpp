// AMD: tell whether a person or an answering machine has answered.
#include <algorithm>
#include <optional>

#include "apps/detect/machine_detector.hpp"
#include "apps/detect/silence_watch.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using amd::MachineDetector;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "AMD",
    .syntax = "AMD([initialSilence[,greeting[,afterGreetingSilence[,totalAnalysisTime[,minimumWordLength[,betweenWordSilence[,"
              "maximumNumberOfWords[,silenceThreshold[,maximumWordLength]]]]]]]]])",
    .synopsis = "Tell whether a person or an answering machine has answered",
    .text = "Times in milliseconds; what is left out is as amd.conf has it. Sets AMDSTATUS to HUMAN, MACHINE, NOTSURE or HANGUP, and "
            "AMDCAUSE to why: TOOLONG-total, INITIALSILENCE-silence-limit, HUMAN-silence-limit, LONGGREETING-voice-limit, "
            "MAXWORDLENGTH-length or MAXWORDS-words-limit."};

using Settings = amd::Settings;
constexpr Range any_time{milliseconds(1), milliseconds(600'000)};

const Options<Settings>& options() {
    static const Options<Settings> table{
        {"initial_silence", &Settings::initial_silence, milliseconds(2500), any_time, "Silence before the greeting that only a machine has"},
        {"greeting", &Settings::greeting, milliseconds(1500), any_time, "Longest greeting of a person"},
        {"after_greeting_silence", &Settings::after_greeting_silence, milliseconds(800), any_time, "Silence after the greeting of a person"},
        {"total_analysis_time", &Settings::total_analysis_time, milliseconds(5000), any_time, "After it the result is NOTSURE"},
        {"min_word_length", &Settings::min_word_length, milliseconds(100), any_time, "What is shorter is no word"},
        {"between_words_silence", &Settings::between_words_silence, milliseconds(50), any_time, "Silence that ends a word"},
        {"maximum_word_length", &Settings::maximum_word_length, milliseconds(5000), any_time, "A longer word comes from a machine"},
        {"maximum_number_of_words", &Settings::maximum_number_of_words, 2, Range{1, 1000}, "More words come from a machine"},
        {"silence_threshold", &Settings::silence_threshold, 256, Range{1, 32767}, "Mean absolute sample value from which on it is voice"},
    };
    return table;
}

Result<Settings> with_arguments(Settings settings, const Arguments& arguments) {
    const auto number = [&](std::size_t place) -> Result<std::optional<unsigned>> {
        if (!arguments.has(place)) return std::optional<unsigned>();
        const auto value = parse_number<unsigned>(trim(arguments[place]));
        if (!value || *value > 600'000) return fail(ErrorCode::invalid, "AMD: argument {} is a number, not '{}'", place + 1, arguments[place]);
        return value;
    };
    const std::pair<std::size_t, milliseconds Settings::*> times[]{
        {0, &Settings::initial_silence}, {1, &Settings::greeting}, {2, &Settings::after_greeting_silence},
        {3, &Settings::total_analysis_time}, {4, &Settings::min_word_length}, {5, &Settings::between_words_silence},
        {8, &Settings::maximum_word_length}};
    for (const auto& [place, member] : times)
        if (const auto value = JF_TRY(number(place))) settings.*member = milliseconds(*value);
    if (const auto value = JF_TRY(number(6))) settings.maximum_number_of_words = *value;
    if (const auto value = JF_TRY(number(7))) settings.silence_threshold = *value;
    if (arguments.has(9)) return fail(ErrorCode::unsupported, "AMD: playing a file during the analysis is not available");
    return settings;
}

// Until the detector has decided. Events tell each change, and how long it has lasted every 100 ms.
Result<void> listen(Channel& channel, const Settings& settings, MachineDetector& detector) {
    SilenceWatch watch(channel, settings.silence_threshold);
    bool silent = true;
    milliseconds told{0};
    const Instant deadline = Clock::now() + settings.total_analysis_time + milliseconds(500);
    for (;;) {
        const auto event = JF_TRY(watch.events().pop(std::max(deadline - Clock::now(), Clock::duration(0))));
        if (event.silent != silent) told = milliseconds(0);
        silent = event.silent;
        const milliseconds step = std::max(event.length - told, milliseconds(0));
        told = event.length;
        if (silent ? detector.hear_silence(event.length, step) : detector.hear_voice(step)) return {};
    }
}

Result<void> detect(Channel& channel, const Settings& settings) {
    MachineDetector detector(settings);
    auto heard = listen(channel, settings, detector);
    if (!heard && heard.error().code != ErrorCode::timeout) {
        channel.set_variable("AMDSTATUS", "HANGUP");
        channel.set_variable("AMDCAUSE", "");
        return heard;
    }
    const bool decided = !detector.status().empty();
    channel.set_variable("AMDSTATUS", decided ? detector.status() : "NOTSURE");
    channel.set_variable("AMDCAUSE", decided ? detector.cause() : fmt::format("TOOLONG-{}", settings.total_analysis_time.count()));
    return {};
}

Result<void> load(Module& module) {
    Settings& settings = module.own<Settings>();
    JF_TRY(module.add(settings_file("amd.conf", "general", options(), settings)));
    return module.add(info, [&settings](Channel& channel, const Arguments& arguments) -> Result<void> {
        const Settings asked = JF_TRY(with_arguments(settings, arguments));
        JF_TRY(channel.answer());
        return detect(channel, asked);
    });
}

}  // namespace

JACKFIELD_MODULE("app_amd", "Answering machine detection", load)
