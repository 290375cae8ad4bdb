// Our registrations at other registrars (RFC 3261 section 10.2): type=registration.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels/sip/sip_management.hpp"
#include "channels/sip/stack/client_registration.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::sip {

// Control thread. Publishes SipOutboundRegistrationChanged.
class OutboundRegistrations final {
  public:
    explicit OutboundRegistrations(UserAgent& agent);
    ~OutboundRegistrations();  // Waits for the fibers that look servers up.
    OutboundRegistrations(const OutboundRegistrations&) = delete;
    OutboundRegistrations& operator=(const OutboundRegistrations&) = delete;

    // After the agent has new objects: what is new or changed registers, what is gone unregisters, what was rejected for good
    // tries again, all others stay as they are.
    void apply();
    // Unregisters all, at the end. Waits, at most two seconds.
    void unregister_all();

    struct Summary {
        std::shared_ptr<const RegistrationSettings> settings;
        ClientRegistration::State state;
        std::chrono::seconds expires_in;   // of a registration
        std::chrono::seconds next_in;      // until it is renewed or tried again; 0: not at all
        int last_status;                   // of the registrar's last answer; 0: none
        std::string server;                // address that was asked last; empty: none yet
    };
    std::vector<Summary> list() const;     // by name
    std::optional<Summary> find(std::string_view name) const;
    // Service-Route of the registration that has this `endpoint` (RFC 3608): where its requests go by, nearest first.
    std::vector<std::string> service_routes(std::string_view endpoint) const;
    // By name or "*all". Never wait. Errors: not_found.
    Result<void> register_now(std::string_view name);
    Result<void> unregister(std::string_view name);

  private:
    struct Entry;
    Result<void> for_named(std::string_view name, const std::function<void(Entry&)>& use);
    void connection_closed(const Flow& flow);
    FlowRecovery recovery_of(const Entry& failed) const;
    void tell_outbound_flows();
    std::string_view endpoint_of_line(const Message& request) const;
    Summary summary(const Entry& entry) const;
    void drop(const std::string& name);
    std::shared_ptr<Entry> take_out(const std::string& name);
    Entry& start(const std::shared_ptr<const RegistrationSettings>& settings);

    UserAgent& agent_;
    std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;                       // by name
    std::unordered_map<std::string, Entry*, StringHash, std::equal_to<>> lines_;            // by their secret
    std::vector<std::shared_ptr<Entry>> leaving_;                                           // removed, still unregistering
    TaskGroup fibers_{"SIP registrations"};
};

}  // namespace jackfield::sip
