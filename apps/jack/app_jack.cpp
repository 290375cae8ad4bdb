// JACK: a channel's audio to and from a JACK server.
#include <jack/jack.h>

#include <algorithm>
#include <array>

#include "apps/jack/jack_client.hpp"
#include "core/module/keep_library.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace jackfield::jack;

namespace {

constexpr ApplicationInfo info{
    .name = "JACK",
    .syntax = "JACK([options])",
    .synopsis = "Carry a channel's audio to and from the JACK sound server",
    .text = "Makes a JACK client with the ports `output` (what the channel says) and `input` (what it hears), to which other JACK clients "
            "can be connected, and stays until hang-up. The server must run already. Does not answer. When the server is not there, or goes "
            "away, the plan goes on and JACK_STATUS is FAILED or CLOSED.\n"
            "  s(name) - the server; the default one otherwise\n"
            "  i(port) - connect `output` with that input port, as `system:playback_1`\n"
            "  o(port) - connect `input` with that output port, as `system:capture_1`\n"
            "  c(name) - the client's name; the channel's otherwise\n"
            "  n - accepted for old plans: a server is never started from here"};

class OutputTap final : public Tap {
  public:
    explicit OutputTap(std::shared_ptr<Rings> rings) : Tap(Direction::read), rings_(std::move(rings)), codec_(linear_codec(rings_->rate)) {}
    const Codec* wants() const override { return codec_; }
    void hear(const Frame& frame, Direction) override { rings_->said.push(frame.linear()); }

  private:
    const std::shared_ptr<Rings> rings_;
    const Codec* const codec_;
};

class InputSource final : public Source {
  public:
    explicit InputSource(std::shared_ptr<Rings> rings)
        : rings_(std::move(rings)), reader_(rings_->rate, std::chrono::milliseconds(20)), codec_(linear_codec(rings_->rate)) {}
    const Codec* codec() const override { return codec_; }
    Frame next(unsigned samples) override {
        const auto audio = std::span(pcm_).first(std::min<std::size_t>(samples, pcm_.size()));
        if (!reader_.pull(rings_->heard, audio)) std::ranges::fill(audio, std::int16_t{0});
        Frame frame;
        frame.codec = codec_;
        frame.samples = static_cast<std::uint16_t>(audio.size());
        frame.payload = {reinterpret_cast<const std::uint8_t*>(audio.data()), audio.size_bytes()};
        return frame;
    }

  private:
    const std::shared_ptr<Rings> rings_;
    RingReader reader_;
    const Codec* const codec_;
    std::array<std::int16_t, FrameBuffer::capacity / 2> pcm_;
};

ClientOptions client_options(const OptionLetters& letters, const Channel& channel) {
    ClientOptions options{std::string(letters.argument('s')), std::string(letters.argument('c')), std::string(letters.argument('i')),
                          std::string(letters.argument('o'))};
    if (options.name.empty()) options.name = channel.name();
    std::ranges::replace(options.name, ':', '_');  // stands between client and port
    return options;
}

// Waits until the server (closed) or the channel ends.
Error carry(Channel& channel, const Client& client, Queue<std::uint32_t>& ended) {
    const auto output = channel.media().add(std::make_unique<OutputTap>(client.rings()));
    channel.media().play(std::make_unique<InputSource>(client.rings()));
    const auto gone = ended.pop();
    if (gone || gone.error().code != ErrorCode::taken) channel.media().stop_playing();
    return gone ? Error{ErrorCode::closed, "the JACK server has gone away"} : gone.error();
}

Result<void> run(Lane& lane, Channel& channel, const Arguments& arguments) {
    const OptionLetters letters = JF_TRY(OptionLetters::parse(arguments.rest(0), "siocn"));
    Queue<std::uint32_t> ended;
    const auto findings = Findings::make([&ended](std::uint32_t) { ended.push(0); });
    const FindingsGuard guard(findings);
    const ClientOptions options = client_options(letters, channel);
    auto client = offload(lane, [&] { return Client::open(options, findings); });
    if (!client) {
        log_error("JACK on {}: {}", channel.name(), client.error().text);
        channel.set_variable("JACK_STATUS", "FAILED");
        return {};
    }
    Error end = carry(channel, **client, ended);
    {
        const Shield closing;
        if (auto closed = offload(lane, [&client] { client->reset(); }); !closed) log_error("JACK on {}: {}", channel.name(), closed.error().text);
    }
    if (ends_application(end.code)) return std::unexpected(std::move(end));
    log_error("JACK on {}: {}", channel.name(), end.text);
    channel.set_variable("JACK_STATUS", "CLOSED");
    return {};
}

struct Library {
    // libjack writes to standard error otherwise. What matters of it is in our own errors.
    Library() {
        for (const auto set : {jack_set_error_function, jack_set_info_function})
            set([](const char* text) { log_debug(1, "libjack: {}", text); });
    }
    ~Library() {
        jack_set_error_function(nullptr);
        jack_set_info_function(nullptr);
    }
    Library(const Library&) = delete;
    Lane& lane() {
        if (!lane_) lane_ = std::make_unique<Lane>("JACK", 2, 256);
        return *lane_;
    }

  private:
    std::unique_ptr<Lane> lane_;  // a server that hangs holds up calls of JACK only
};

Result<void> load(Module& module) {
    JF_TRY(keep_library(reinterpret_cast<const void*>(&jack_client_open)));  // what it makes when it is loaded it never gives back
    Library& library = module.own<Library>();
    return module.add(info, [&library](Channel& channel, const Arguments& arguments) { return run(library.lane(), channel, arguments); });
}

}  // namespace

JACKFIELD_MODULE("app_jack", "JACK sound server", load)
