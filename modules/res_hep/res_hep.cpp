// res_hep - copies of SIP messages for a capture server (Homer), by HEPv3 over UDP (hep.conf).
#include <memory>

#include "channels/sip/sip_messages.hpp"
#include "core/base/log.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/datagram.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_hep/hep.hpp"

using namespace jackfield;

namespace {

struct Settings {
    bool enabled = true;
    SocketAddress server;
    std::string password;
    std::uint32_t agent = 0;
};

const Options<Settings>& options() {
    using S = Settings;
    using O = Option<S>;
    static const Options<S> table{
        {"enabled", &S::enabled, true, "Send copies"},
        {"capture_address",
         O::Parse([](S& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             constexpr std::uint16_t usual_port = 9060;
             auto address = SocketAddress::parse(value, usual_port);
             if (!address) return fail(ErrorCode::invalid, "needs an address with a port, for instance 192.0.2.10:9060");
             settings.server = *address;
             return {};
         }),
         "", "Address and port of the capture server; without it nothing is sent",
         [](const S& settings) { return settings.server.valid() ? settings.server.to_string() : std::string(); }},
        {"capture_password", &S::password, "", "Its password"},
        {"capture_id", &S::agent, 0, Range<std::uint32_t>{0, 0xffffffffu}, "Number that tells this machine from others"},
        O::ignored("capture_name", "the number capture_id is sent"),
        O::ignored("uuid_type", "messages are correlated by Call-ID"),
    };
    return table;
}

class Capturing {
  public:
    void apply(Settings settings) {
        settings_ = std::move(settings);
        seen_ = {};
        socket_.reset();
        if (!settings_.enabled || !settings_.server.valid()) return;
        auto any = SocketAddress::parse(settings_.server.is_v6() ? "::" : "0.0.0.0", 0);
        auto bound = Datagram::bind(*any, [](std::span<const ReceivedDatagram>) {}, {});
        if (!bound) return log_error("hep.conf: no socket for {}: {}", settings_.server.to_string(), bound.error().text);
        socket_ = std::move(*bound);
        seen_ = subscribe<SipMessageSeen>([this](const SipMessageSeen& event) { send(event); });
    }

  private:
    void send(const SipMessageSeen& event) {
        hep::Capture capture;
        capture.source = event.sent ? event.local : event.remote;
        capture.destination = event.sent ? event.remote : event.local;
        capture.stream = event.protocol != "UDP";
        capture.time = wall_now();
        capture.agent = settings_.agent;
        capture.password = settings_.password;
        capture.correlation = call_id_of(event.message);
        capture.payload = event.message;
        socket_->send_later(hep::encode(capture), settings_.server);
    }

    Settings settings_;
    std::unique_ptr<Datagram> socket_;
    Subscription seen_;
};

Result<void> load(Module& module) {
    auto& capturing = module.own<Capturing>();
    return module.add(ConfigFileSpec{
        .file = "hep.conf", .prepare = [&capturing](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
            return [&capturing, settings = options().read(file, "general", findings)]() mutable { capturing.apply(std::move(settings)); };
        }});
}

}  // namespace

JACKFIELD_MODULE("res_hep", "Copies of SIP messages for a capture server", load)
