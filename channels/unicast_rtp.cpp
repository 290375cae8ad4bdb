// chan_rtp - channels whose far side is an address that takes and sends RTP, without any signalling.
#include <sys/socket.h>
#include <unistd.h>

#include "core/runtime/resolver.hpp"
#include "core/sdk.hpp"
#include "modules/res_rtp/rtp.hpp"

using namespace jackfield;

namespace {

// Payload types of codecs that have no static one (RFC 3551); programs without signalling know Asterisk's.
std::uint8_t payload_type(const Codec* codec) {
    static constexpr std::pair<std::string_view, std::uint8_t> known[]{{"slin", 11},   {"slin16", 118}, {"opus", 107},
                                                                      {"speex", 110}, {"g726", 111},   {"ilbc", 97}};
    if (codec->static_payload_type >= 0) return static_cast<std::uint8_t>(codec->static_payload_type);
    for (const auto& [name, type] : known)
        if (codec->name == name) return type;
    return 118;
}

// The address that packets to `remote` leave from. Connecting a UDP socket sends nothing.
Result<SocketAddress> local_address_to(const SocketAddress& remote) {
    const int descriptor = ::socket(remote.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return fail(ErrorCode::failed, "no socket for {}", remote.to_string());
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    const bool found = ::connect(descriptor, remote.raw(), remote.raw_size()) == 0 &&
                       ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size) == 0;
    ::close(descriptor);
    if (!found) return fail(ErrorCode::failed, "there is no route to {}", remote.to_string());
    return SocketAddress(reinterpret_cast<const sockaddr*>(&name)).with_port(0);
}

class RtpHalf final : public DriverChannel {
  public:
    RtpHalf(std::unique_ptr<RtpSession> session, const Codec* codec) : session_(std::move(session)), codec_(codec) {}
    Result<void> call() override {
        channel().set_variable("UNICASTRTP_LOCAL_ADDRESS", session_->local().host());
        channel().set_variable("UNICASTRTP_LOCAL_PORT", std::to_string(session_->local().port()));
        channel().media().set_port(session_->take_port());
        channel().media().set_formats(codec_, codec_, std::chrono::milliseconds(20));
        channel().remote_answered();
        return {};
    }
    Result<void> answer() override { return {}; }
    Result<void> indicate(Indication indication) override {
        return indication == Indication::hold || indication == Indication::unhold || indication == Indication::stop ||
                       indication == Indication::source_update
                   ? Result<void>()
                   : fail(ErrorCode::unsupported, "RTP alone has no signalling");
    }
    void hang_up(HangupCause) override {
        channel().media().set_port(nullptr);
        session_.reset();
    }

  private:
    std::unique_ptr<RtpSession> session_;
    const Codec* const codec_;
};

class RtpDriver final : public ChannelDriver {
  public:
    explicit RtpDriver(Service<RtpService> rtp) : rtp_(std::move(rtp)) {}
    std::string_view description() const override { return "Unicast RTP channel driver"; }
    Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) override {
        cause = HangupCause::invalid_number_format;
        const auto parts = split_arguments(request.destination, '/');
        const std::string place = parts.empty() ? std::string() : parts[0];
        const auto colon = place.rfind(':');
        const auto port = colon == place.npos ? std::nullopt : parse_number<std::uint16_t>(std::string_view(place).substr(colon + 1));
        if (!port || *port == 0)
            return fail(ErrorCode::invalid, "UnicastRTP/{} is not UnicastRTP/HOST:PORT[/c(CODEC)]", request.destination);
        const OptionLetters options = JF_TRY(OptionLetters::parse(parts.size() > 1 ? parts[1] : std::string(), "c"));
        const Format* asked = request.formats.best(MediaType::audio);
        const Codec* codec = options.has('c') ? find_codec(options.argument('c')) : asked ? asked->codec : find_codec("ulaw");
        if (!codec) return fail(ErrorCode::invalid, "UnicastRTP: there is no codec {}", options.argument('c'));
        std::string host = place.substr(0, colon);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        cause = HangupCause::destination_out_of_order;
        const SocketAddress remote = JF_TRY(resolve_address(host)).front().with_port(*port);
        RtpOptions rtp;
        rtp.local = JF_TRY(local_address_to(remote));
        auto session = JF_TRY(rtp_->create(rtp));
        RtpParameters parameters;
        parameters.remote = remote;
        parameters.send = parameters.receive = {{payload_type(codec), codec}};
        parameters.write_codec = codec;
        parameters.dtmf_payload = parameters.dtmf_receive_payload = 101;
        session->set(parameters);
        DriverChannelMade made;
        static unsigned count = 0;
        made.name = fmt::format("UnicastRTP/{}-{:08x}", place, ++count);
        StreamInfo audio;
        audio.formats.add({.codec = codec});
        made.topology.push_back(std::move(audio));
        made.channel = std::make_unique<RtpHalf>(std::move(session), codec);
        return made;
    }
    DeviceState device_state(std::string_view) override { return DeviceState::unknown; }

  private:
    Service<RtpService> rtp_;
};

Result<void> load(Module& module) {
    return module.add("UnicastRTP", module.own<RtpDriver>(JF_TRY(find_service<RtpService>())));
}

}  // namespace

JACKFIELD_MODULE("chan_rtp", "Channels to RTP addresses", load, "res_rtp")
