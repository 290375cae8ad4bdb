// chan_sip: SIP endpoints, registrar and calls, configured by pjsip.conf (or sip.conf).
#include "channels/sip/ua/commands.hpp"
#include "channels/sip/ua/driver.hpp"
#include "channels/sip/ua/functions.hpp"
#include "core/module/module_config.hpp"
#include "core/sdk.hpp"
#include "modules/res_rtp/rtp.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

struct Sip {
    explicit Sip(Service<RtpService> service) : rtp(std::move(service)), driver(agent, registrar, *rtp) {}
    Service<RtpService> rtp;
    UserAgent agent;
    Registrar registrar{agent};
    SipDriver driver;
    bool restored = false;
};

Result<void> load(Module& module) {
    auto rtp = JF_TRY(find_service<RtpService>());
    Sip& sip = module.own<Sip>(std::move(rtp));
    JF_TRY(module.add("PJSIP", static_cast<ChannelDriver&>(sip.driver)));
    JF_TRY(module.add("SIP", static_cast<ChannelDriver&>(sip.driver)));
    JF_TRY(add_functions(module, sip.agent, sip.registrar));
    JF_TRY(add_commands(module, sip.agent, sip.registrar, sip.driver));
    module.on_reload([&sip] { return sip.agent.transports().renew_certificates(); });
    ConfigFileSpec spec;
    spec.file = "pjsip.conf";
    spec.alternatives = {"sip.conf"};
    spec.prepare = [&sip](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [&sip, objects = read_objects(file, findings)] {
            sip.agent.apply(objects);
            if (std::exchange(sip.restored, true))
                sip.registrar.apply();
            else
                sip.registrar.restore();
        };
    };
    return module.add(std::move(spec));
}

}  // namespace

JACKFIELD_MODULE("chan_sip", "SIP channel driver", load, "res_rtp")
