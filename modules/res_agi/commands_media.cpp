// Commands that play, record and collect keys.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"
#include "core/channel/controlled_playback.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/media/sound_file.hpp"
#include "modules/res_agi/command_line.hpp"
#include "modules/res_agi/commands.hpp"

namespace jackfield::agi {
namespace {

using std::chrono::milliseconds;

constexpr int samples_per_ms = 8;  // positions are told at 8 kHz, whatever the file has

milliseconds of_samples(std::int64_t samples) { return milliseconds(samples / samples_per_ms); }
std::string end_position(milliseconds at) { return fmt::format("endpos={}", at.count() * samples_per_ms); }

// Milliseconds of a script; negative: no limit.
Timeout limit_of(std::int64_t number) {
    if (number < 0) return {};
    return milliseconds(number);
}

// The next key, 0 when none came in time.
Result<char> key_within(Channel& channel, Timeout timeout) {
    auto key = channel.read_digit(timeout);
    if (!key && key.error().code == ErrorCode::timeout) return '\0';
    return key;
}

Result<Reply> wait_for_digit(Channel& channel, Words words) {
    const auto timeout = parse_number<std::int64_t>(words[3]);
    if (!timeout) return usage();
    const char key = JF_TRY(key_within(channel, limit_of(*timeout)));
    return key_pressed(key);
}

// --- playing ---------------------------------------------------------------------------------------------------------

Result<Reply> stream_file(Channel& channel, Words words) {
    const auto offset = parse_number<std::int64_t>(words.size() > 4 ? word(words, 4) : "0");
    if (!offset) return usage();
    ControlledPlayback playback;
    playback.start = of_samples(*offset);
    auto played = play_controlled(channel, words[2], PlaybackKeys{.stop = words[3]}, playback);
    if (played) return key_pressed(playback.key, end_position(playback.at));
    if (played.error().code == ErrorCode::not_found) return result(0, fmt::format("endpos={}", *offset));
    if (takes_call_away(played.error())) return std::unexpected(std::move(played).error());
    return failed(end_position(playback.at));
}

Result<Reply> get_option(Channel& channel, Words words) {
    Timeout timeout = call_state(channel).digit_timeout;
    if (words.size() > 4) timeout = limit_of(parse_number<std::int64_t>(words[4]).value_or(0));
    ControlledPlayback playback;
    auto played = play_controlled(channel, words[2], PlaybackKeys{.stop = words[3]}, playback);
    if (!played && played.error().code == ErrorCode::not_found) return result(0, "endpos=0");
    if (!played && takes_call_away(played.error())) return std::unexpected(std::move(played).error());
    if (!played) return failed(end_position(playback.at));
    if (!playback.key) {
        auto key = key_within(channel, timeout);
        if (!key && takes_call_away(key.error())) return std::unexpected(std::move(key).error());
        if (!key) return failed(end_position(playback.at));
        if (words[3].contains(*key)) playback.key = *key;
    }
    return key_pressed(playback.key, end_position(playback.at));
}

Result<Reply> control_stream_file(Channel& channel, Words words) {
    const auto or_else = [&](std::size_t place, std::string_view otherwise) {
        return std::string(word(words, place).empty() ? otherwise : word(words, place));
    };
    const auto skip = parse_number<std::int64_t>(or_else(5, "3000")), offset = parse_number<std::int64_t>(or_else(9, "0"));
    if (!skip || !offset) return usage();
    const PlaybackKeys keys{.stop = words[4], .forward = or_else(6, "#"), .rewind = or_else(7, "*"), .pause = or_else(8, ""),
                            .restart = {}, .skip = milliseconds(*skip)};
    ControlledPlayback playback;
    playback.start = milliseconds(*offset);
    auto played = play_controlled(channel, words[3], keys, playback);
    if (!played && takes_call_away(played.error())) return std::unexpected(std::move(played).error());
    const std::string position = fmt::format("endpos={}", tell_playback(channel, played, playback));
    return played ? key_pressed(playback.key, position) : failed(position);
}

Result<Reply> set_music(Channel& channel, Words words) {
    if (starts_with_ignoring_case(words[2], "on")) {
        auto started = channel.start_music(word(words, 3));
        if (!started && ends_application(started.error().code)) return std::unexpected(std::move(started).error());
    } else if (starts_with_ignoring_case(words[2], "off")) {
        channel.stop_music();
    }
    return result(0);
}

// --- collecting keys -------------------------------------------------------------------------------------------------

Result<Reply> get_data(Channel& channel, Words words) {
    const auto timeout = parse_number<std::int64_t>(word(words, 3)).value_or(0);
    const auto most = static_cast<std::size_t>(std::clamp<std::int64_t>(parse_number<std::int64_t>(word(words, 4)).value_or(1024), 0, 1024));
    const CallState& state = call_state(channel);
    const Timeout first = timeout ? limit_of(timeout) : state.response_timeout, next = timeout ? limit_of(timeout) : state.digit_timeout;

    std::string keys;
    if (!words[2].empty()) {
        auto key = channel.play(words[2], "0123456789*#ABCD");
        if (!key && takes_call_away(key.error())) return std::unexpected(std::move(key).error());
        if (!key) return result(-1);
        if (*key == '#') return result(keys);
        if (*key) keys += *key;
    }
    while (keys.size() < most) {
        auto key = key_within(channel, keys.empty() ? first : next);
        if (!key && takes_call_away(key.error())) return std::unexpected(std::move(key).error());
        if (!key) return result(-1);
        if (!*key) return result(keys, "(timeout)");
        if (*key == '#') break;
        keys += *key;
    }
    return result(keys);
}

// --- recording -------------------------------------------------------------------------------------------------------

struct RecordRequest {
    std::string path, format, escape_digits;
    Timeout limit;
    milliseconds silence{0};
    bool append = false, beep = false;
};

std::optional<RecordRequest> record_request(Words words) {
    const auto limit = parse_number<std::int64_t>(words[5]);
    if (!limit) return {};
    RecordRequest request{.path = words[2], .format = words[3], .escape_digits = words[4], .limit = limit_of(*limit)};
    for (std::size_t i = 6; i < words.size(); ++i) {
        const std::string_view part = words[i];
        if (part.starts_with("s="))
            request.silence = std::chrono::seconds(std::clamp(parse_number<int>(part.substr(2)).value_or(0), 0, 86'400));
        else if (const auto offset = parse_number<std::int64_t>(part); offset && i == 6)
            request.append = *offset != 0;
        else
            request.beep = true;
    }
    return request;
}

// While it exists silences of the caller come to a queue.
class SilenceWatch {
  public:
    SilenceWatch(Channel& channel, Queue<milliseconds>& silences)
        : watch_(channel.media().watch_silence(256, [&silences](const MediaStream::SilenceEvent& event) {
              if (event.silent) silences.push(event.length);
          })) {}

  private:
    std::unique_ptr<MediaStream::Attached> watch_;
};

// How a recording ended: by a key, or by silence, or (neither) by its time.
struct RecordEnd {
    char key = 0;
    bool silent = false;
};

Result<RecordEnd> wait_for_end(Channel& channel, const RecordRequest& request) {
    Queue<milliseconds> silences;
    std::optional<SilenceWatch> watch;
    if (request.silence.count()) watch.emplace(channel, silences);
    const Instant end = Clock::now() + request.limit.value_or(Clock::duration::zero());
    for (;;) {
        Timeout left;
        if (request.limit) left = std::max<Clock::duration>(end - Clock::now(), {});
        auto ready = select({&channel.digits(), &silences}, left);
        if (!ready && ready.error().code == ErrorCode::timeout) return RecordEnd{};
        if (!ready) return std::unexpected(std::move(ready).error());
        if (const auto key = channel.digits().try_pop(); key && request.escape_digits.contains(*key)) return RecordEnd{.key = *key};
        if (const auto silence = silences.try_pop(); silence && *silence > request.silence) return RecordEnd{.silent = true};
    }
}

Result<Reply> record_file(Channel& channel, Words words) {
    const auto request = record_request(words);
    if (!request) return usage();
    if (request->beep) {
        auto key = channel.play("beep", request->escape_digits);
        if (!key && takes_call_away(key.error())) return std::unexpected(std::move(key).error());
        if (key && *key) return key_pressed(*key, "(randomerror) endpos=0");
        if (!key && key.error().code == ErrorCode::hangup) return failed("(randomerror) endpos=0");
    }
    auto recording = Recording::create(request->path, request->format, request->append, Tap::Direction::read);
    if (!recording && takes_call_away(recording.error())) return std::unexpected(std::move(recording).error());
    if (!recording) return failed("(writefile)");
    auto tap = channel.media().add((*recording)->tap());
    auto ended = wait_for_end(channel, *request);
    tap.reset();

    const Shield shield;  // what was said so far is kept also when the caller has gone
    // Off the end: the key that ended it, or the silence but for a second of it.
    milliseconds cut{0};
    if (ended && ended->key) cut = milliseconds(200);
    if (ended && ended->silent) cut = std::max(request->silence - milliseconds(1000), milliseconds(0));
    const std::string position = end_position(std::max((*recording)->length() - cut, milliseconds(0)));
    if (auto closed = (*recording)->close(cut); !closed) return failed("(writefile)");
    if (!ended && takes_call_away(ended.error())) return std::unexpected(std::move(ended).error());
    if (!ended) return failed("(hangup) " + position);
    return key_pressed(ended->key, (ended->key ? "(dtmf) " : "(timeout) ") + position);
}

constexpr Command all_media_commands[]{
    {"control stream file", false, "FILENAME ESCAPE_DIGITS [SKIPMS] [FFCHAR] [REWCHR] [PAUSECHR] [OFFSETMS]",
     "Play a prompt that its listener moves about in",
     "Keys: # forward, * back by default. Returns 0, the ASCII number of the key that ended it, or -1; endpos in milliseconds, -1 at the "
     "end of the file. Sets CPLAYBACKSTATUS, CPLAYBACKOFFSET and CPLAYBACKSTOPKEY as ControlPlayback.", 5, 10, control_stream_file},
    {"get data", false, "FILE [TIMEOUT] [MAXDIGITS]", "Play a prompt and collect keys up to #",
     "TIMEOUT in milliseconds. Returns what was pressed, with (timeout) when the time had passed; -1 on failure.", 3, most_words, get_data},
    {"get option", false, "FILENAME ESCAPE_DIGITS [TIMEOUT]", "Play a prompt and wait for a key",
     "As STREAM FILE, with TIMEOUT milliseconds after the prompt; 5 seconds by default.", 4, 5, get_option},
    {"record file", false, "FILENAME FORMAT ESCAPE_DIGITS TIMEOUT [OFFSET_SAMPLES] [BEEP] [S=SILENCE]", "Record the caller",
     "TIMEOUT in milliseconds, -1: no limit; s=2 ends after two seconds of silence. An offset other than 0 goes on at the end of the file. "
     "Returns -1 on hang-up or failure.", 6, 9, record_file},
    {"set music", false, "on|off [CLASS]", "Switch hold music on or off", "Returns 0.", 3, 4, set_music},
    {"stream file", false, "FILENAME ESCAPE_DIGITS [SAMPLE OFFSET]", "Play a prompt",
     "Returns 0, the ASCII number of the key that ended it, or -1; endpos in samples.", 4, 5, stream_file},
    {"wait for digit", false, "TIMEOUT", "Wait for a key", "TIMEOUT in milliseconds, -1: for ever. Returns its ASCII number, 0, or -1.", 4, 4,
     wait_for_digit},
};

}  // namespace

std::span<const Command> media_commands() { return all_media_commands; }

}  // namespace jackfield::agi
