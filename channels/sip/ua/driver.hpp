// The SIP technology as the core sees it: makes calls, tells device states.
#pragma once

#include <string>
#include <unordered_map>

#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/registrar.hpp"
#include "core/channel/driver.hpp"

namespace jackfield::sip {

class SipDriver final : public ChannelDriver, public CallCounts {
  public:
    SipDriver(UserAgent& agent, Registrar& registrar, RtpService& rtp);

    std::string_view description() const override { return "SIP (RFC 3261)"; }
    // "6001", "6001/sip:6001@192.0.2.7", "5551234@trunk", "trunk/sip:5551234@provider.example".
    Result<DriverChannelMade> request(const DialRequest& request, HangupCause& cause) override;
    DeviceState device_state(std::string_view device) override;
    std::vector<std::string> devices() const override;
    std::vector<std::string> expand(std::string_view destination) const override;

    void call_changed(const std::string& endpoint, int in_use, int ringing, int held) override;
    void ringing_changed(SipCall& call, bool ringing) override;
    const std::vector<SipCall*>& ringing(const std::string& endpoint) const;  // outgoing calls, that which began first first
    std::function<void(const std::string& endpoint)> on_ringing;
    void contact_failed(const EndpointSettings& endpoint, std::string_view key, bool flow_failed) override;
    // Routes of calls of an endpoint that has neither a proxy nor a contact with a path; set by the module.
    std::function<std::vector<std::string>(const std::string& endpoint)> service_routes;
    void contacts_changed(std::string_view aor);
    CallContext& context() { return context_; }
    Counts counts(const std::string& endpoint) const;

  private:
    Result<std::vector<CallTarget>> targets(Contact contact, const EndpointSettings& endpoint);
    UserAgent& agent_;
    Registrar& registrar_;
    CallContext context_;
    std::unordered_map<std::string, Counts> counts_;
    std::unordered_map<std::string, std::vector<SipCall*>> ringing_;
};

}  // namespace jackfield::sip
