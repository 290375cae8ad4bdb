// /channels: listening to a channel by another one, and silence.
#include "core/channel/channel_events.hpp"
#include "core/channel/unique_id.hpp"
#include "core/media/snoop.hpp"
#include "core/media/tone.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"
#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;

// The driver's half of a snoop channel: it has no far side, its media is the other channel's, and it ends with that.
class SnoopHalf final : public DriverChannel {
  public:
    explicit SnoopHalf(Channel& spied)
        : ended_(subscribe<ChannelHungUp>([this, id = spied.id()](const ChannelHungUp& event) {
              if (event.channel.id() == id) channel().hang_up(HangupCause::normal_clearing);
          })) {}
    Result<void> call() override { return {}; }
    Result<void> answer() override { return {}; }
    Result<void> indicate(Indication) override { return {}; }
    void hang_up(HangupCause) override {
        ended_ = {};
        snoop_.reset();
    }
    void begin(Channel& spied, const Snoop::Options& options) {
        snoop_ = std::make_unique<Snoop>(spied.media(), options);
        channel().media().set_port(snoop_->take_port());
        channel().media().set_formats(snoop_->codec(), snoop_->codec(), std::chrono::milliseconds(20));
    }

  private:
    Subscription ended_;
    std::unique_ptr<Snoop> snoop_;
};

std::optional<SnoopWays> parse_ways(std::string_view text) {
    if (text.empty() || text == "none") return SnoopWays::none;
    if (text == "in") return SnoopWays::in;
    if (text == "out") return SnoopWays::out;
    if (text == "both") return SnoopWays::both;
    return {};
}

SampleRate rate_of(Channel& spied) {
    SampleRate rate{8000};
    for (const Codec* codec : {spied.media().read_codec(), spied.media().write_codec()})
        if (codec && codec->rate.hz > rate.hz && codec->rate.hz <= 48000) rate = codec->rate;
    return rate;
}

Answer snoop(Request& request) {
    Channel* spied = find_channel(request.get("channelId"));
    if (!spied) return error(404, "Channel not found");
    const auto hear = parse_ways(request.get("spy")), whisper = parse_ways(request.get("whisper"));
    if (!hear) return error(400, "Invalid direction specified for spy");
    if (!whisper) return error(400, "Invalid direction specified for whisper");
    if (*hear == SnoopWays::none && *whisper == SnoopWays::none)
        return error(400, "Direction must be specified for at least spy or whisper");
    const std::string application = request.get("app"), id = request.get("snoopId");
    if (application.empty()) return error(400, "Application name is required");
    if (!request.ari.applications().active(application)) return error(400, "Application not found");
    if (!id.empty() && find_channel(id)) return error(409, "Channel with given unique ID already exists");

    const SampleRate rate = rate_of(*spied);
    DriverChannelMade made;
    auto half = std::make_unique<SnoopHalf>(*spied);
    SnoopHalf& driver = *half;
    made.channel = std::move(half);
    static unsigned count = 0;
    made.name = fmt::format("Snoop/{}-{:08x}", spied->unique_id(), ++count);
    StreamInfo audio;
    audio.formats.add({.codec = linear_codec(rate)});
    made.topology.push_back(std::move(audio));
    auto custody = Channel::create(std::move(made), "Stasis");
    if (!custody) return error(500, custody.error().text);
    Channel& channel = custody->channel();
    if (!id.empty())
        if (auto named = assign_unique_id(channel, id); !named) return error(409, named.error().text);
    driver.begin(*spied, {.hear = *hear, .whisper = *whisper, .rate = rate});
    channel.set_state(ChannelState::up);
    auto body = channel_json(request.ari, channel);
    std::vector<std::string> arguments;
    if (request.has("appArgs")) arguments = split_arguments(request.get("appArgs"));
    const auto started = request.ari.start(*std::move(custody), application, std::move(arguments));
    return started ? ok(std::move(body)) : error(500, started.error().text);
}

// --- silence -----------------------------------------------------------------------------------------------------------

Answer set_silence(Request& request, bool on) {
    Channel* channel = find_channel(request.get("channelId"));
    if (!channel) return error(404, "Channel not found");
    const auto control = request.ari.control(*channel);
    if (!control) return error(409, "Channel not in Stasis application");
    const auto ran = run_command(*channel, [control, on](Channel& quiet) -> Result<void> {
        if (on) {
            quiet.stop_music();
            quiet.media().play(make_silence());
        } else if (control->silence) {
            quiet.media().stop_playing();
        }
        control->silence = on;
        return {};
    });
    if (ran) return done();
    return ran.error().code == ErrorCode::hangup ? error(404, "Channel not found") : error(500, ran.error().text);
}
Answer start_silence(Request& request) { return set_silence(request, true); }
Answer stop_silence(Request& request) { return set_silence(request, false); }

std::vector<Parameter> snoop_parameters(bool with_id) {
    std::vector<Parameter> parameters{{.in = In::path, .name = "channelId", .required = true}};
    if (with_id) parameters.push_back({.in = In::path, .name = "snoopId", .required = true});
    parameters.push_back({.name = "spy"});
    parameters.push_back({.name = "whisper"});
    parameters.push_back({.name = "app", .required = true});
    parameters.push_back({.name = "appArgs"});
    if (!with_id) parameters.push_back({.name = "snoopId"});
    return parameters;
}

}  // namespace

std::span<const Operation> channel_snoop_operations() {
    static const Parameter id{.in = In::path, .name = "channelId", .required = true};
    static const std::vector<Operation> operations{
        {"POST", "/channels/{channelId}/silence", "startSilence", "void", "Play silence to a channel", {id}, start_silence},
        {"DELETE", "/channels/{channelId}/silence", "stopSilence", "void", "End silence", {id}, stop_silence},
        {"POST", "/channels/{channelId}/snoop", "snoopChannel", "Channel", "Listen to a channel, and whisper into it",
         snoop_parameters(false), snoop},
        {"POST", "/channels/{channelId}/snoop/{snoopId}", "snoopChannelWithId", "Channel",
         "Listen to a channel, with an id of one's own", snoop_parameters(true), snoop},
    };
    return operations;
}

}  // namespace jackfield::ari
