// chan_audiosocket - channels whose far side is a program that speaks AudioSocket.
#include "channels/audiosocket/connection.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr std::chrono::seconds connect_timeout{5};

class AudioSocketHalf final : public DriverChannel {
  public:
    AudioSocketHalf(std::unique_ptr<Port> port, const Codec* codec) : port_(std::move(port)), codec_(codec) {}
    // The program is connected already: there is nobody who could ring.
    Result<void> call() override {
        MediaStream& media = channel().media();
        media.on_port_event([this](std::uint32_t) { channel().remote_hung_up(HangupCause::normal_clearing); });
        media.set_port(std::move(port_));
        media.set_formats(codec_, codec_, std::chrono::milliseconds(20));
        channel().remote_answered();
        return {};
    }
    Result<void> answer() override { return {}; }
    Result<void> indicate(Indication indication) override {
        return indication == Indication::hold || indication == Indication::unhold || indication == Indication::stop ||
                       indication == Indication::source_update
                   ? Result<void>()
                   : fail(ErrorCode::unsupported, "AudioSocket has no signalling");
    }
    void hang_up(HangupCause) override { channel().media().set_port(nullptr); }

  private:
    std::unique_ptr<Port> port_;
    const Codec* const codec_;
};

class AudioSocketDriver final : public ChannelDriver {
  public:
    std::string_view description() const override { return "AudioSocket channel driver"; }
    Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) override {
        cause = HangupCause::invalid_number_format;
        const auto parts = split_arguments(request.destination, '/');
        if (parts.size() < 2)
            return fail(ErrorCode::invalid, "AudioSocket/{} is not AudioSocket/HOST:PORT/UUID[/c(CODEC)]", request.destination);
        const auto uuid = JF_TRY(audiosocket::parse_uuid(parts[1]));
        const Codec* codec = linear_codec({8000});
        if (parts.size() > 2) {
            const OptionLetters options = JF_TRY(OptionLetters::parse(parts[2], "c"));
            if (options.has('c')) codec = find_codec(options.argument('c'));
            if (!codec || !audiosocket::audio_kind(codec))
                return fail(ErrorCode::unsupported, "AudioSocket/{}: only linear audio, as slin or slin16", request.destination);
        }
        cause = HangupCause::destination_out_of_order;
        auto port = JF_TRY(audiosocket::connect(parts[0], uuid, codec, connect_timeout));
        DriverChannelMade made;
        static unsigned count = 0;
        made.name = fmt::format("AudioSocket/{}-{}-{:08x}", parts[0], parts[1], ++count);
        StreamInfo audio;
        audio.formats.add({.codec = codec});
        made.topology.push_back(std::move(audio));
        made.channel = std::make_unique<AudioSocketHalf>(std::move(port), codec);
        return made;
    }
    DeviceState device_state(std::string_view) override { return DeviceState::unknown; }
};

Result<void> load(Module& module) { return module.add("AudioSocket", module.own<AudioSocketDriver>()); }

}  // namespace

JACKFIELD_MODULE("chan_audiosocket", "Channels to programs by AudioSocket", load)
