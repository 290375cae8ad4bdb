// What management sees of SIP: objects and states with the field names that Asterisk's manager clients know.
#pragma once

#include "channels/sip/sip_management.hpp"
#include "channels/sip/ua/driver.hpp"
#include "channels/sip/ua/outbound_registrations.hpp"

namespace jackfield::sip {

// Control thread.
class Management final : public SipManagement {
  public:
    Management(UserAgent& agent, Registrar& registrar, OutboundRegistrations& registrations, SipDriver& driver)
        : agent_(agent), registrar_(registrar), registrations_(registrations), driver_(driver) {}

    std::vector<std::string> endpoint_names() const override;
    std::vector<std::string> aor_names() const override;
    std::vector<std::string> auth_names() const override;
    std::vector<std::string> registration_names() const override;
    Records endpoint_list(std::string_view endpoint) const override;
    Records endpoint_details(std::string_view endpoint) const override;
    Records aor_list(std::string_view aor) const override;
    Records auth_list(std::string_view auth) const override;
    Records contact_list(std::string_view aor) const override;
    Records contact_statuses(std::string_view aor) const override;
    Records inbound_registration(std::string_view aor) const override;
    Records outbound_registration(std::string_view name) const override;
    bool registered(std::string_view registration) const override;
    std::vector<std::string> endpoints_of_aor(std::string_view aor) const override;
    Result<void> register_now(std::string_view registration) override { return registrations_.register_now(registration); }
    Result<void> unregister(std::string_view registration) override { return registrations_.unregister(registration); }
    Result<void> qualify(std::string_view endpoint) override;
    Result<void> refuse(std::string_view channel, int status) override;
    Result<void> tell_transfer(Channel& channel, SipTransferProgress progress) override;
    Result<int> parse_refusal(std::string_view text) const override;

  private:
    Record completed(Record record, const AorSettings& aor) const;  // with the options and contacts
    Record status_record(const Contact& contact, const AorSettings& aor, std::string_view endpoint) const;

    UserAgent& agent_;
    Registrar& registrar_;
    OutboundRegistrations& registrations_;
    SipDriver& driver_;
};

// "404" or "NOT_FOUND": a final status that refuses a call. Errors: invalid.
Result<int> parse_refusal_status(std::string_view text);

}  // namespace jackfield::sip
