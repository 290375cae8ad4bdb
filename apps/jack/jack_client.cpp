#include "apps/jack/jack_client.hpp"

#include <jack/jack.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/media/format.hpp"

namespace jackfield::jack {
namespace {

constexpr std::chrono::milliseconds interval{20};  // of the media threads' frames
constexpr unsigned highest_rate = 96000;           // above it 20 ms are more than a frame holds

std::string status_text(jack_status_t status) {
    if (status & JackServerFailed) return "no server of that name runs";
    if (status & JackVersionError) return "the server speaks another version";
    if (status & JackInvalidOption) return "the name can't be used";
    return fmt::format("status {:#x}", static_cast<unsigned>(status));
}

class LiveClient final : public Client {
  public:
    LiveClient(jack_client_t* client, std::shared_ptr<Findings> ended)
        : client_(client),
          rings_(std::make_shared<Rings>(SampleRate{jack_get_sample_rate(client)})),
          reader_(rings_->rate, interval),
          ended_(std::move(ended)) {}
    ~LiveClient() override { jack_client_close(client_); }
    const std::shared_ptr<Rings>& rings() const override { return rings_; }

    Result<void> begin(const ClientOptions& options) {
        input_ = jack_port_register(client_, "input", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
        output_ = jack_port_register(client_, "output", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
        if (!input_ || !output_) return fail(ErrorCode::failed, "the JACK server gives no more ports");
        jack_set_process_callback(client_, [](jack_nframes_t count, void* self) { return static_cast<LiveClient*>(self)->process(count); }, this);
        jack_on_shutdown(client_, [](void* self) { static_cast<LiveClient*>(self)->ended_->tell(0); }, this);
        if (jack_activate(client_) != 0) return fail(ErrorCode::failed, "the JACK server does not start the client");
        JF_TRY(connect(jack_port_name(output_), options.connect_input));
        return connect(options.connect_output, jack_port_name(input_));
    }

  private:
    Result<void> connect(const std::string& from, const std::string& to) {
        if (from.empty() || to.empty() || jack_connect(client_, from.c_str(), to.c_str()) == 0) return {};
        return fail(ErrorCode::failed, "the JACK ports {} and {} can't be connected: do both exist? (`jack_lsp` lists them)", from, to);
    }

    // libjack's real-time thread.
    int process(jack_nframes_t count) {
        const auto* in = static_cast<const float*>(jack_port_get_buffer(input_, count));
        auto* out = static_cast<float*>(jack_port_get_buffer(output_, count));
        for (jack_nframes_t at = 0; at < count;) {
            const auto part = std::span(pcm_).first(std::min<std::size_t>(count - at, pcm_.size()));
            for (std::size_t i = 0; i < part.size(); ++i)
                part[i] = static_cast<std::int16_t>(std::lrintf(std::clamp(in[at + i], -1.0f, 1.0f) * 32767));
            rings_->heard.push(part);
            if (!reader_.pull(rings_->said, part)) std::ranges::fill(part, std::int16_t{0});
            for (std::size_t i = 0; i < part.size(); ++i) out[at + i] = static_cast<float>(part[i]) / 32768;
            at += static_cast<jack_nframes_t>(part.size());
        }
        return 0;
    }

    jack_client_t* const client_;
    const std::shared_ptr<Rings> rings_;
    RingReader reader_;
    const std::shared_ptr<Findings> ended_;
    jack_port_t *input_ = nullptr, *output_ = nullptr;
    std::array<std::int16_t, 8192> pcm_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::open(const ClientOptions& options, std::shared_ptr<Findings> ended) {
    if (options.name.size() >= static_cast<std::size_t>(jack_client_name_size()))
        return fail(ErrorCode::failed, "{} is too long for the name of a JACK client; give a shorter one with c()", options.name);
    jack_status_t status{};
    jack_client_t* made = options.server.empty()
        ? jack_client_open(options.name.c_str(), JackNoStartServer, &status)
        : jack_client_open(options.name.c_str(), static_cast<jack_options_t>(JackNoStartServer | JackServerName), &status, options.server.c_str());
    if (!made)
        return fail(ErrorCode::failed, "no connection to the JACK server {}: {}", options.server.empty() ? "default" : options.server, status_text(status));
    auto client = std::make_unique<LiveClient>(made, std::move(ended));
    const SampleRate rate = client->rings()->rate;
    if (rate.hz > highest_rate || !linear_codec(rate))
        return fail(ErrorCode::unsupported, "the JACK server runs at {} Hz; start it with 8000, 16000, 44100, 48000 or 96000", rate.hz);
    JF_TRY(client->begin(options));
    return client;
}

}  // namespace jackfield::jack
