// Record: write what the caller says to a file. RECORDING_INFO: what is known of it afterwards.
#include "core/channel/per_channel.hpp"
#include "core/media/sound_file.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "Record",
    .syntax = "Record(filename.format[,silence[,maxduration[,options]]])",
    .synopsis = "Record the caller to a file",
    .text = "Ends with `#`, after `silence` seconds of silence, or after `maxduration` seconds. `%d` in the name becomes the "
            "first free number. Sets RECORDED_FILE and RECORD_STATUS (DTMF, SILENCE, SKIP, TIMEOUT, HANGUP, ERROR, "
            "OPERATOR).\n"
            "  a - append to an existing file\n"
            "  k - keep the file when the caller hangs up\n"
            "  n - do not answer\n"
            "  o - `0` ends the recording with status OPERATOR\n"
            "  q - no beep\n"
            "  s - skip when the call is not answered\n"
            "  t - `*` ends instead of `#`\n"
            "  u - keep the beep out of the file (it always is)\n"
            "  x - ignore all keys\n"
            "  y - any key ends"};

constexpr FunctionInfo recording_info{.name = "RECORDING_INFO",
                                      .syntax = "RECORDING_INFO(property)",
                                      .synopsis = "What is known of this channel's last recording",
                                      .text = "Of the last one that Record made and completed. Property `duration`: its length in milliseconds."};

struct LastRecording {
    milliseconds length{0};
};
using Recorded = PerChannel<LastRecording>;

struct Request {
    std::string path, format;
    milliseconds silence{0}, maximum{0};
    OptionLetters options;
};

Result<Request> parse(const Arguments& arguments) {
    Request request;
    const std::string_view file = arguments[0];
    const std::size_t dot = file.find_last_of(".:");
    if (file.empty() || dot == std::string_view::npos || dot == 0 || dot + 1 == file.size() || file.substr(dot).contains('/'))
        return fail(ErrorCode::invalid, "Record needs file.format, for instance /tmp/greeting.wav");
    request.path = file.substr(0, dot);
    request.format = file.substr(dot + 1);
    for (const auto& [place, target] : {std::pair{1u, &request.silence}, {2u, &request.maximum}}) {
        if (!arguments.has(place)) continue;
        const auto seconds = parse_number<unsigned>(arguments[place]);
        if (!seconds) return fail(ErrorCode::invalid, "Record: '{}' is not a number of seconds", arguments[place]);
        *target = std::chrono::seconds(*seconds);
    }
    request.options = JF_TRY(OptionLetters::parse(arguments[3], "aknoqstuxy"));
    return request;
}

// /tmp/x%d: the first number whose file does not exist yet.
std::string free_name(const std::string& path, const std::string& language) {
    const std::size_t mark = path.find("%d");
    if (mark == std::string::npos) return path;
    for (unsigned number = 0;; ++number) {
        std::string name = path;
        name.replace(mark, 2, std::to_string(number));
        if (!prompt_exists(name, language)) return name;
    }
}

bool ends(char digit, const OptionLetters& options) {
    if (options.has('x')) return false;
    if (options.has('y')) return true;
    return digit == (options.has('t') ? '*' : '#') || (digit == '0' && options.has('o'));
}

// Waits for what ends the recording; the word for RECORD_STATUS.
Result<std::string> wait_for_end(Channel& channel, const Request& request, Queue<milliseconds>& silences) {
    const Instant deadline = Clock::now() + request.maximum;
    for (;;) {
        Timeout left;
        if (request.maximum.count()) left = std::max(deadline - Clock::now(), Clock::duration(0));
        auto ready = select({&channel.digits(), &silences}, left);
        if (!ready) {
            if (ready.error().code == ErrorCode::timeout) return "TIMEOUT";
            return std::unexpected(std::move(ready).error());
        }
        if (const auto digit = channel.digits().try_pop(); digit && ends(*digit, request.options))
            return *digit == '0' && request.options.has('o') && !request.options.has('y') ? "OPERATOR" : "DTMF";
        if (const auto silence = silences.try_pop(); silence && request.silence.count() && *silence >= request.silence)
            return "SILENCE";
    }
}

Result<void> record(Recorded& recorded, Channel& channel, const Arguments& arguments) {
    auto request = parse(arguments);
    if (!request) {
        channel.set_variable("RECORD_STATUS", "ERROR");
        return std::unexpected(std::move(request).error());
    }
    if (channel.state() != ChannelState::up) {
        if (request->options.has('s')) {
            channel.set_variable("RECORD_STATUS", "SKIP");
            return {};
        }
        if (!request->options.has('n')) JF_TRY(channel.answer());
    }
    if (!request->options.has('q'))
        if (auto beep = channel.play("beep"); !beep && ends_application(beep.error().code))
            return std::unexpected(std::move(beep).error());

    const std::string path = free_name(request->path, channel.attributes().language);
    auto recording = Recording::create(path, request->format, request->options.has('a'), Tap::Direction::read);
    if (!recording) {
        channel.set_variable("RECORD_STATUS", "ERROR");
        return std::unexpected(std::move(recording).error());
    }
    channel.set_variable("RECORDED_FILE", path);
    Queue<milliseconds> silences;
    auto tap = channel.media().add((*recording)->tap());
    std::unique_ptr<MediaStream::Attached> watch;
    if (request->silence.count())
        watch = channel.media().watch_silence(256, [&](const MediaStream::SilenceEvent& event) {
            if (event.silent) silences.push(event.length);
        });
    auto ended = wait_for_end(channel, *request, silences);
    watch.reset();
    tap.reset();

    const Shield shield;  // what was said so far is kept also when the caller has gone
    const milliseconds cut = ended && *ended == "SILENCE" ? request->silence : milliseconds(0);
    const milliseconds length = std::max((*recording)->length() - cut, milliseconds(0));
    if (auto closed = (*recording)->close(cut); !closed) log_warning("Record {}: {}", path, closed.error().text);
    if (!channel.ended()) recorded.of(channel).length = length;
    channel.set_variable("RECORD_STATUS", ended ? *ended : "HANGUP");
    if (!ended) return std::unexpected(std::move(ended).error());
    return {};
}

Result<std::string> read_info(Recorded& recorded, Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "RECORDING_INFO needs a channel");
    if (!equals_ignoring_case(arguments[0], "duration"))
        return fail(ErrorCode::invalid, "RECORDING_INFO: the property is duration, not '{}'", arguments[0]);
    const LastRecording* last = recorded.find(*channel);
    if (!last) return fail(ErrorCode::not_found, "RECORDING_INFO: Record has not made a recording on {} yet", channel->name());
    return std::to_string(last->length.count());
}

Result<void> load(Module& module) {
    Recorded& recorded = module.own<Recorded>();
    JF_TRY(module.add(recording_info, FunctionBody{[&recorded](Channel* channel, const Arguments& arguments) {
                          return read_info(recorded, channel, arguments);
                      }}));
    return module.add(info, [&recorded](Channel& channel, const Arguments& arguments) { return record(recorded, channel, arguments); });
}

}  // namespace

JACKFIELD_MODULE("app_record", "Trivial record application", load)
