// res_rtp - RTP sessions for channel drivers (RFC 3550, RFC 3551, RFC 4733) and rtp.conf.
#include <utility>

#include "core/console/command.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_rtp/rtp_port.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

namespace {

class Session final : public RtpSession {
  public:
    Session(std::shared_ptr<Shared> shared, Gate::Pass pass)
        : pass_(std::move(pass)), shared_(std::move(shared)), port_(std::make_unique<RtpPort>(shared_)) {}

    SocketAddress local() const override { return shared_->sockets->local; }
    std::unique_ptr<Port> take_port() override { return std::move(port_); }
    void set(RtpParameters parameters) override {
        // The port takes it with the next packet, in or out, or within half a second; one that it never took is
        // dropped.
        auto* const fresh = new RtpParameters(std::move(parameters));
        delete shared_->pending.exchange(fresh, std::memory_order_acq_rel);
    }
    RtpQuality quality() const override { return shared_->quality.get(); }
    SocketAddress learnt_source() const override { return shared_->source.get(); }

  private:
    Gate::Pass pass_;  // first, so that it goes last
    std::shared_ptr<Shared> shared_;
    std::unique_ptr<RtpPort> port_;
};

class Service final : public RtpService {
  public:
    explicit Service(Module& module) : module_(module) {}
    Result<std::unique_ptr<RtpSession>> create(const RtpOptions& options) override {
        // The port is this module's code, whoever asks for it: it must hold this gate and not the caller's.
        const RunningGate running(&module_.gate());
        auto pair = JF_TRY(pool_.take(options.local, options.dscp));
        auto shared = std::make_shared<Shared>(std::move(pair), options, settings);
        return std::make_unique<Session>(std::move(shared), module_.gate().hold());
    }
    SocketPool& pool() { return pool_; }
    void changed() {
        pool_.set_range(settings.first_port, settings.last_port, settings.checksums);
        set_packet_transport(settings.transport);
    }

    Settings settings = settings_options().defaults();

  private:
    Module& module_;
    SocketPool pool_;
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
    line("Packets moved by", packet_transport_in_use());
    line("Pairs in use", usage.in_use);
    line("Pairs idle", usage.idle);
    line("Idle descriptors", usage.idle_descriptors);
    return console.write(text);
}

Result<void> load(Module& module) {
    auto& service = module.own<Service>(module);
    JF_TRY(module.add(settings_info, [&service](Console& console, CommandWords) { return show_settings(console, service); }));
    JF_TRY(module.add(settings_file<Settings>("rtp.conf", "general", settings_options(), service.settings,
                                              [&service] { service.changed(); })));
    return module.provide<RtpService>(service);
}

}  // namespace

JACKFIELD_MODULE("res_rtp", "RTP sessions", load);
