// Playback: play prompts to their end.
#include "core/media/say.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "Playback",
    .syntax = "Playback(filename[&filename2[...]][,options])",
    .synopsis = "Play one or several prompts",
    .text = "Names are given without extension; the best format for the call is chosen. Answers first. Sets "
            "PLAYBACKSTATUS to SUCCESS or FAILED (when one of the prompts is missing; the others are played).\n"
            "  skip - do nothing when the call is not answered yet\n"
            "  noanswer - play without answering (early media)\n"
            "  say - the names are numbers to be said, not files\n"
            "  mix - a name that is no file is said when it is a number"};

bool has_word(std::string_view options, std::string_view word) {
    for (const std::string_view part : split_list(options, '|'))
        if (equals_ignoring_case(part, word)) return true;
    return false;
}

// Plays one name; an error only when the call is over.
Result<bool> play_one(Channel& channel, std::string_view name, bool say, bool mix) {
    const std::string& language = channel.attributes().language;
    const auto number = parse_number<std::int64_t>(name);
    if (number && (say || (mix && !prompt_exists(std::string(name), language)))) {
        const auto names = JF_TRY(say_number(*number, language));
        JF_TRY(channel.play_names(names));
        return true;
    }
    auto played = channel.play(name);
    if (played) return true;
    if (ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    log_warning("Playback on {}: {}", channel.name(), played.error().text);
    return false;
}

Result<void> playback(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "Playback needs the name of a prompt");
    const std::string_view options = arguments[1];
    if (channel.state() != ChannelState::up) {
        if (has_word(options, "skip")) {
            channel.set_variable("PLAYBACKSTATUS", "SUCCESS");
            return {};
        }
        if (!has_word(options, "noanswer"))
            JF_TRY(channel.answer());
        else
            JF_TRY(channel.indicate(Indication::progress));
    }
    channel.set_variable("PLAYBACKSTATUS", "");
    bool all = true;
    for (const std::string_view name : split_list(arguments[0], '&'))
        all &= JF_TRY(play_one(channel, name, has_word(options, "say"), has_word(options, "mix")));
    channel.set_variable("PLAYBACKSTATUS", all ? "SUCCESS" : "FAILED");
    return {};
}

Result<void> load(Module& module) { return module.add(info, playback); }

}  // namespace

JACKFIELD_MODULE("app_playback", "Sound file playback application", load)
