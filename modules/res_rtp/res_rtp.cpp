// res_rtp - RTP sessions for channel drivers (RFC 3550, RFC 3551, RFC 4733) and rtp.conf.
#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/console/command.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/resolver.hpp"
#include "core/runtime/timer.hpp"
#include "modules/res_rtp/debug_commands.hpp"
#include "modules/res_rtp/rtcp_events.hpp"
#include "modules/res_rtp/rtp_port.hpp"
#include "modules/res_rtp/session_transport.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

namespace {

class Session;

// All sessions that there are, for what concerns each of them. Control thread.
struct Sessions {
    std::vector<Session*> all;
    std::shared_ptr<PacketLog> log;  // null: nothing is printed
};

class Session final : public RtpSession {
  public:
    Session(Sessions& sessions, std::shared_ptr<Shared> shared, Gate::Pass pass)
        : pass_(std::move(pass)), sessions_(sessions), position_(sessions.all.size()), shared_(std::move(shared)),
          port_(std::make_unique<RtpPort>(shared_)) {
        sessions_.all.push_back(this);
        if (sessions_.log) watch();
    }
    // To be carried by another one, with a source that no other in the bundle has: they have one key.
    void join(Session& carrier) {
        bundle_ = std::make_unique<Bundle>();
        bundle_->carrier = &carrier;
        if (!carrier.bundle_) carrier.bundle_ = std::make_unique<Bundle>();
        const auto same_source = [this](const Session* other) { return other->source() == source(); };
        while (same_source(&carrier) || std::ranges::any_of(carrier.bundle_->carried, same_source)) port_ = std::make_unique<RtpPort>(shared_);
        carrier.bundle_->carried.push_back(this);
    }
    ~Session() override {
        if (bundle_) leave_bundle();
        sessions_.all[position_] = sessions_.all.back();
        sessions_.all[position_]->position_ = position_;
        sessions_.all.pop_back();
    }
    void set_transport(Lane& lane, Gate& gate) {
        transport_ = std::make_unique<SessionTransport>(shared_, lane, gate, [this] { hand_over(); });
    }

    SocketAddress local() const override { return shared_->sockets->local; }
    std::unique_ptr<Port> take_port() override { return std::move(port_); }
    void set(RtpParameters parameters) override {
        if (!transport_ && !bundle_) return hand_over(std::move(parameters));
        signalled_ = std::move(parameters);
        if (transport_)
            hand_over();
        else if (bundle_->carrier)
            bundle_->carrier->hand_over();  // what comes is told apart there
    }
    bool may_carry() const { return transport_ && transport_->has_ice(); }
    RtpQuality quality() const override { return shared_->quality.get(); }
    SocketAddress learnt_source() const override { return shared_->source.get(); }
    RtcpReport last_report(bool sent) const override {
        const LastReports* const reports = shared_->reports.load(std::memory_order_acquire);
        return !reports ? RtcpReport{} : sent ? reports->sent.get() : reports->received.get();
    }
    ExtendedReport extended_report() const override {
        const LastReports* const reports = shared_->reports.load(std::memory_order_acquire);
        return reports ? reports->extended.get() : ExtendedReport{};
    }
    RtpTransport* transport() override { return transport_.get(); }
    void capture(std::shared_ptr<RtpPacketSink> sink) override {
        capture_ = std::move(sink);
        if (transport_) transport_->capture(capture_);
        watch();
    }
    std::shared_ptr<const Shared> shared() const { return shared_; }
    void watch() { shared_->hand_over(std::make_unique<Watch>(capture_, sessions_.log)); }

  private:
    void hand_over(RtpParameters parameters) { shared_->hand_over(std::make_unique<RtpParameters>(std::move(parameters))); }
    void hand_over() {
        if (!signalled_) return;  // it will be
        RtpParameters parameters = *signalled_;
        transport_->complete(parameters);
        if (bundle_) {
            auto bundle = std::make_shared<RtpBundle>(parameters.bundle ? *parameters.bundle : RtpBundle{});
            bundle->others = routes();
            parameters.bundle = std::move(bundle);
            for (Session* const each : bundle_->carried) each->hand_over_carried(parameters);
        }
        hand_over(std::move(parameters));
    }

    // Of a session that shares a transport.
    struct Bundle {
        Session* carrier = nullptr;                   // null: it is one, or it is gone
        std::vector<Session*> carried;
        std::shared_ptr<RtpCipher> encrypt, made_for;  // of a carried one, and the carrier's at that time
    };
    std::uint32_t source() const { return shared_->quality.get().ssrc; }
    std::shared_ptr<const Routes> routes() const {
        auto made = std::make_shared<Routes>();
        for (const Session* const each : bundle_->carried) {
            if (!each->signalled_) continue;
            Routes::Route& route = made->all.emplace_back();
            if (const auto& named = each->signalled_->bundle) {
                route.mid = named->mid;
                route.mid_extension = named->mid_extension;
            }
            for (const RtpPayload& payload : each->signalled_->receive) route.types.push_back(payload.type);
            route.crossing = each->shared_->carried->crossing;
        }
        return made;
    }
    // Its packets go where the carrier's go, and come deciphered.
    void hand_over_carried(const RtpParameters& carrier) {
        if (!signalled_) return;
        RtpParameters parameters = *signalled_;
        parameters.remote = carrier.remote;
        parameters.relay = carrier.relay;
        parameters.sources = RtpSources::authenticated;
        parameters.rtcp_mux = true;
        parameters.remote_rtcp = {};
        if (carrier.encrypt != bundle_->made_for) {
            auto own = bundle_->carrier->transport_->another_encryption();
            if (!own) return log_error("Media at {}: {}", local().to_string(), own.error().text);
            bundle_->encrypt = *own ? *std::move(own) : carrier.encrypt;
            bundle_->made_for = carrier.encrypt;
        }
        parameters.encrypt = bundle_->encrypt;
        parameters.decrypt = nullptr;
        hand_over(std::move(parameters));
    }
    void leave_bundle() {
        for (Session* const each : std::exchange(bundle_->carried, {})) each->bundle_->carrier = nullptr;
        if (!bundle_->carrier) return;
        std::erase(bundle_->carrier->bundle_->carried, this);
        bundle_->carrier->hand_over();
    }

    Gate::Pass pass_;  // first, so that it goes last
    Sessions& sessions_;
    std::size_t position_;  // in sessions_
    std::shared_ptr<Shared> shared_;
    std::unique_ptr<RtpPort> port_;
    std::optional<RtpParameters> signalled_;  // of a session with a transport, its own or a carrier's: without what that knows
    std::unique_ptr<Bundle> bundle_;          // null: the transport is its own alone, or there is none
    std::unique_ptr<SessionTransport> transport_;
    std::shared_ptr<RtpPacketSink> capture_;
};

class Service final : public RtpService {
  public:
    explicit Service(Module& module) : module_(module) {}
    Result<std::unique_ptr<RtpSession>> create(const RtpOptions& options) override {
        // The port is this module's code, whoever asks for it: it must hold this gate and not the caller's.
        const RunningGate running(&module_.gate());
        if (options.carrier) return carry(options, static_cast<Session&>(*options.carrier));
        auto pair = JF_TRY(pool_.take(options.local, options.dscp));
        auto shared = std::make_shared<Shared>(std::move(pair), options, current());
        shared->options.ice &= settings.ice;
        const bool transport = shared->options.ice || shared->options.dtls;
        // Where RTCP is attended to at once, its socket stays.
        if ((transport || options.type != MediaType::audio) && shared->sockets->rtcp < 0 && !open_rtcp(*shared->sockets, settings.checksums))
            return fail(ErrorCode::limit, "no port for RTCP");
        if (transport) {
            shared->inbox = std::make_shared<PacketInbox>(module_.gate().hold());
        }
        auto session = std::make_unique<Session>(sessions_, std::move(shared), module_.gate().hold());
        if (transport) session->set_transport(handshakes(), module_.gate());
        return session;
    }
    SocketPool& pool() { return pool_; }
    void changed() {
        current_.reset();
        pool_.set_range(settings.first_port, settings.last_port, settings.checksums);
        set_packet_transport(settings.transport);
        look_up(&Settings::stun_server, "stunaddr");
        look_up(&Settings::turn_server, "turnaddr");
        again();
    }

    void print_packets(const PacketLog::Settings& wanted) {
        sessions_.log = wanted.any() ? std::make_shared<PacketLog>(wanted) : nullptr;
        for (Session* session : sessions_.all) session->watch();
    }

    Settings settings = settings_options().defaults();

  private:
    // What sessions that are made now share: each has them as they are.
    const std::shared_ptr<const Settings>& current() {
        if (!current_) current_ = std::make_shared<const Settings>(settings);
        return current_;
    }

    Result<std::unique_ptr<RtpSession>> carry(const RtpOptions& options, Session& carrier) {
        if (!carrier.may_carry()) return fail(ErrorCode::unsupported, "only a session with ICE carries others");
        auto shared = std::make_shared<Shared>(carrier.shared(), options, current());
        shared->options.carrier = nullptr;
        shared->options.ice = false;
        shared->options.dtls = nullptr;
        auto session = std::make_unique<Session>(sessions_, std::move(shared), module_.gate().hold());
        session->join(carrier);
        return session;
    }

    // The name of a server, now and every five minutes; what was known goes on while nothing else is.
    void look_up(NamedServer Settings::*which, std::string_view option) {
        NamedServer& server = settings.*which;
        if (server.name.empty()) return;
        if (const auto address = SocketAddress::parse(server.name, stun_port)) {
            server.address = *address;
            current_.reset();
            return;
        }
        (void)spawn({.name = std::string(option), .pass = module_.gate().hold()}, [this, which, option, name = server.name] {
            const Halves halves = split_once(name, ':');
            const auto port = halves.found ? parse_number<std::uint16_t>(halves.second) : stun_port;
            const auto found = resolve_address(std::string(halves.first), AF_INET);
            if (name != (settings.*which).name) return;  // there was a reload meanwhile
            if (!port || !found || found->empty())
                log_warning("rtp.conf: {}: {} can't be looked up: {}", option, name, !port ? "its port is no number" : found ? "it has no address" : found.error().text);
            else
                (settings.*which).address = found->front().with_port(*port);
            current_.reset();
        });
    }
    void again() {
        if (!settings.stun_server.name.empty() || !settings.turn_server.name.empty()) server_timer_.start(std::chrono::minutes(5));
    }

    // For signatures of DTLS; made when they are needed first.
    Lane& handshakes() {
        if (!handshakes_) handshakes_ = std::make_unique<Lane>("dtls", 2, 4096);
        return *handshakes_;
    }

    static constexpr std::uint16_t stun_port = 3478;  // RFC 8489 18.6
    Module& module_;
    std::shared_ptr<const Settings> current_;  // null: `settings` has changed since
    SocketPool pool_;
    Sessions sessions_;
    std::unique_ptr<Lane> handshakes_;
    Timer server_timer_{[this] {
        look_up(&Settings::stun_server, "stunaddr");
        look_up(&Settings::turn_server, "turnaddr");
        again();
    }};
};

constexpr CommandInfo settings_info{
    .words = "rtp show settings",
    .synopsis = "Show the settings of rtp.conf and the use of media ports",
    .text = "A pair is the two UDP sockets of one session, for RTP and for RTCP. Idle pairs are kept bound for the next\n"
            "calls; after a peak they become fewer again within a minute or two."};

Result<void> show_settings(Console& console, Service& service) {
    const auto yes_no = [](bool yes) { return yes ? "Yes" : "No"; };
    const Settings settings = service.settings;
    const SocketPool::Usage usage = service.pool().usage();
    std::string text = "\n\nGeneral Settings:\n----------------\n";
    const auto line = [&text](std::string_view name, const auto& value) {
        text += fmt::format("  {:<17}{}\n", fmt::format("{}:", name), value);
    };
    line("Port start", settings.first_port);
    line("Port end", settings.last_port);
    line("Checksums", yes_no(settings.checksums));
    line("DTMF Timeout", settings.digit_timeout);
    line("Strict RTP", yes_no(settings.strict != Strictness::off));
    if (settings.strict != Strictness::off) line("Probation", fmt::format("{} frames", settings.probation));
    line("RTCP interval", fmt::format("{} ms", settings.rtcp_interval.count()));
    line("ICE support", settings.ice ? settings.ice_lite ? "Yes (lite)" : "Yes" : "No");
    const auto server = [](const NamedServer& one) { return fmt::format("{} ({})", one.name, one.address.valid() ? one.address.to_string() : "not known yet"); };
    if (!settings.stun_server.name.empty()) line("STUN server", server(settings.stun_server));
    if (!settings.turn_server.name.empty())
        line("TURN server", fmt::format("{} by {}", server(settings.turn_server), settings.turn_transport == TurnTransport::tcp ? "TCP" : "UDP"));
    line("Packets moved by", packet_transport_in_use());
    line("Pairs in use", usage.in_use);
    line("Pairs idle", usage.idle);
    line("Idle descriptors", usage.idle_descriptors);
    return console.write(text);
}

Result<void> load(Module& module) {
    auto& service = module.own<Service>(module);
    JF_TRY(module.add(settings_info, [&service](Console& console, CommandWords) { return show_settings(console, service); }));
    JF_TRY(add_debug_commands(module, [&service](const PacketLog::Settings& wanted) { service.print_packets(wanted); }));
    JF_TRY(add_rtcp_events(module));
    JF_TRY(module.add(settings_of_rtp(service.settings, [&service] { service.changed(); })));
    return module.provide<RtpService>(service);
}

}  // namespace

JACKFIELD_MODULE("res_rtp", "RTP sessions", load);
