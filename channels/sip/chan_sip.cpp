// chan_sip: SIP endpoints, registrar and calls, configured by pjsip.conf (or sip.conf).
#include "channels/sip/ua/call_functions.hpp"
#include "channels/sip/ua/capture_commands.hpp"
#include "channels/sip/ua/commands.hpp"
#include "channels/sip/ua/conference_package.hpp"
#include "channels/sip/ua/driver.hpp"
#include "channels/sip/ua/events_service.hpp"
#include "channels/sip/ua/functions.hpp"
#include "channels/sip/ua/hint_packages.hpp"
#include "channels/sip/ua/history_commands.hpp"
#include "channels/sip/ua/mailboxes.hpp"
#include "channels/sip/ua/management.hpp"
#include "channels/sip/ua/messaging.hpp"
#include "channels/sip/ua/notifier.hpp"
#include "channels/sip/ua/object_commands.hpp"
#include "channels/sip/ua/outbound_event_commands.hpp"
#include "channels/sip/ua/outbound_publications.hpp"
#include "channels/sip/ua/outbound_registrations.hpp"
#include "channels/sip/ua/outbound_subscriptions.hpp"
#include "channels/sip/ua/publications.hpp"
#include "channels/sip/ua/registration_commands.hpp"
#include "channels/sip/ua/stored_objects.hpp"
#include "core/console/daemon_control.hpp"
#include "core/module/module_config.hpp"
#include "core/sdk.hpp"
#include "modules/res_rtp/rtp.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

struct Sip {
    Sip(Service<RtpService> service, Gate& gate) : rtp(std::move(service)), driver(agent, registrar, *rtp), captures(agent, history, gate) {
        notifier.add(presence);
        notifier.add(dialog);
        notifier.add(message_summary);
        notifier.add(conference);
        take_mailbox_notifies(agent);
        driver.service_routes = messaging.service_routes = [this](const std::string& endpoint) { return registrations.service_routes(endpoint); };
    }
    Service<RtpService> rtp;
    UserAgent agent;
    Registrar registrar{agent};
    OutboundRegistrations registrations{agent};
    Messaging messaging{agent, registrar};
    SipDriver driver;
    PresencePackage presence;
    DialogPackage dialog{driver};
    MessageSummaryPackage message_summary{agent};
    ConferencePackage conference;
    Notifier notifier{agent};
    StateExchange exchange{agent};
    Publications publications{agent, exchange};
    ContactRequests contact_requests{agent};
    UnsolicitedMailboxes unsolicited{agent, registrar, notifier, contact_requests};
    OutboundSubscriptions outbound_subscriptions{agent};
    OutboundPublications outbound_publications{agent, notifier, exchange};
    EventsService events{agent, registrar, notifier, contact_requests, outbound_subscriptions, messaging};
    MessageHistory history;
    CallCaptures captures;
    Management management{agent, registrar, registrations, driver};
    StoredObjects stored_objects{agent};
    bool restored = false, boot_time = true;
};

Result<void> load(Module& module) {
    auto rtp = JF_TRY(find_service<RtpService>());
    Sip& sip = module.own<Sip>(std::move(rtp), module.gate());
    JF_TRY(module.add("PJSIP", static_cast<ChannelDriver&>(sip.driver)));
    JF_TRY(module.add("SIP", static_cast<ChannelDriver&>(sip.driver)));
    JF_TRY(module.add("pjsip", static_cast<TextMessageSender&>(sip.messaging)));
    JF_TRY(module.add("sip", static_cast<TextMessageSender&>(sip.messaging)));
    JF_TRY(add_functions(module, sip.agent, sip.registrar));
    JF_TRY(add_commands(module, sip.agent, sip.registrar, sip.driver, sip.notifier));
    JF_TRY(module.add(PresenceProvider{std::string(Publications::provider), [&sip](std::string_view name) { return sip.publications.presence(name); }}));
    const std::string remote(OutboundSubscriptions::provider);
    JF_TRY(module.add(PresenceProvider{remote, [&sip](std::string_view name) { return sip.outbound_subscriptions.presence(name); }}));
    JF_TRY(module.add(DeviceStateProvider{remote, [&sip](std::string_view name) { return sip.outbound_subscriptions.device(name); }}));
    JF_TRY(module.provide<SipEvents>(sip.events));
    // Their hints are there when all modules are loaded.
    if (DaemonControl* daemon = DaemonControl::instance(); daemon && daemon->booted().is_set())
        sip.boot_time = false;
    else
        module.own<Subscription>(subscribe<DaemonBooted>([&sip](const DaemonBooted&) { sip.notifier.restore(); }));
    JF_TRY(add_call_functions(module, sip.agent, sip.registrar));
    JF_TRY(module.provide(static_cast<SipManagement&>(sip.management)));
    JF_TRY(module.provide(static_cast<SipObjects&>(sip.stored_objects)));
    JF_TRY(add_history_commands(module, sip.history));
    JF_TRY(add_capture_commands(module, sip.captures));
    JF_TRY(add_object_commands(module, sip.agent, sip.registrar));
    JF_TRY(add_registration_commands(module, sip.agent, sip.registrations));
    JF_TRY(add_outbound_event_commands(module, sip.outbound_subscriptions, sip.outbound_publications));
    module.on_reload([&sip]() -> Result<void> {
        sip.registrations.apply();  // again, after an unload that was refused
        sip.outbound_subscriptions.apply();
        return sip.agent.transports().renew_certificates();
    });
    module.on_unload([&sip]() -> Result<void> {
        sip.captures.stop_all();
        sip.outbound_subscriptions.end_all();
        sip.outbound_publications.remove_all();
        sip.registrations.unregister_all();
        return {};
    });
    ConfigFileSpec spec;
    spec.file = "pjsip.conf";
    spec.alternatives = {"sip.conf"};
    spec.prepare = [&sip](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [&sip, objects = read_objects(file, findings)] {
            sip.agent.apply(objects);
            sip.unsolicited.apply();
            if (std::exchange(sip.restored, true)) {
                sip.registrar.apply();
            } else {
                sip.registrar.restore();
                sip.unsolicited.tell_all();
                if (!sip.boot_time) sip.notifier.restore();
            }
            sip.registrations.apply();
            sip.outbound_subscriptions.apply();
            sip.outbound_publications.apply();
            sip.publications.apply();
            sip.notifier.apply();
        };
    };
    return module.add(std::move(spec));
}

}  // namespace

JACKFIELD_MODULE("chan_sip", "SIP channel driver", load, "res_rtp")
