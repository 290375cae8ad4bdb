// BackgroundDetect: play a prompt until the caller says something.
#include "apps/detect/silence_watch.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "BackgroundDetect",
    .syntax = "BackgroundDetect(filename[,sil[,min[,max[,analysistime]]]])",
    .synopsis = "Play a prompt until the caller says something",
    .text = "When the caller talks for at least `min` (100) and at most `max` milliseconds (no limit), and then is silent for `sil` "
            "milliseconds (1000), TALK_DETECTED is set to the length of the talk and the plan goes on at extension `talk`. After "
            "`analysistime` milliseconds (no limit) talk is no longer looked for. A key goes on at that extension when the context "
            "has it. Answers the call."};

struct Request {
    milliseconds silence{1000}, shortest{100}, longest{milliseconds::max()}, analysis{0};  // 0: no limit
};

Result<Request> parse(const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "BackgroundDetect needs a file");
    Request request;
    for (const auto& [place, target] : {std::pair{1u, &request.silence}, {2u, &request.shortest}, {3u, &request.longest},
                                        {4u, &request.analysis}}) {
        if (!arguments.has(place)) continue;
        const auto number = parse_number<std::int64_t>(trim(arguments[place]));
        if (!number) return fail(ErrorCode::invalid, "BackgroundDetect: '{}' is not a number of milliseconds", arguments[place]);
        if (*number > 0) *target = milliseconds(*number);
    }
    return request;
}

// Follows talk and silence; the length of a talk that counts, once it has ended.
class Talk {
  public:
    explicit Talk(const Request& request) : request_(request) {}
    std::optional<milliseconds> hear(const SilenceWatch::Event& event) {
        if (!event.silent) {
            talked_ = event.length;
            return {};
        }
        if (!talked_.count() || event.length < request_.silence) return {};
        const milliseconds talked = std::exchange(talked_, milliseconds(0));
        if (talked < request_.shortest || talked > request_.longest) return {};
        return talked;
    }

  private:
    const Request& request_;
    milliseconds talked_{0};
};

bool go_to_key(Channel& channel, char key) {
    const std::string extension(1, key);
    if (!extension_exists(channel, channel.place().context, extension)) return false;
    go_to(channel, Place{channel.place().context, extension, 1});
    return true;
}

Result<void> watch(Channel& channel, const Request& request, Latch& played) {
    SilenceWatch watch(channel, SilenceWatch::usual_threshold);
    Talk talk(request);
    const Instant began = Clock::now();
    while (!played.is_set()) {
        JF_TRY(select({&channel.digits(), &watch.events(), &played}));
        if (const auto key = channel.digits().try_pop(); key && go_to_key(channel, *key)) return {};
        while (const auto event = watch.events().try_pop()) {
            const auto length = talk.hear(*event);
            if (!length || (request.analysis.count() && Clock::now() - began > request.analysis)) continue;
            channel.set_variable("TALK_DETECTED", std::to_string(length->count()));
            if (extension_exists(channel, channel.place().context, "talk"))
                go_to(channel, Place{channel.place().context, "talk", 1});
            return {};
        }
    }
    return {};
}

Result<void> background_detect(Channel& channel, const Arguments& arguments) {
    const Request request = JF_TRY(parse(arguments));
    channel.set_variable("TALK_DETECTED", "");
    JF_TRY(channel.answer());
    auto prompt = open_prompt(std::string(arguments[0]), channel.attributes().language, channel.media().write_codec());
    if (!prompt) {
        if (ends_application(prompt.error().code)) return std::unexpected(std::move(prompt).error());
        log_warning("BackgroundDetect on {}: {}", channel.name(), prompt.error().text);
        return {};
    }
    Latch played;
    channel.media().play(*std::move(prompt), [&played] { played.set(); });
    const auto keep = channel.share();
    auto done = watch(channel, request, played);
    if (!keep->ended()) channel.media().stop_playing();  // its end is not told any more, so `played` may go
    return done;
}

Result<void> load(Module& module) { return module.add(info, background_detect); }

}  // namespace

JACKFIELD_MODULE("app_talkdetect", "Playback with talk detection", load)
