// The service interface of chan_sip: its objects and their states for management, and what can be asked of them.
//
// Fields have the names that Asterisk's manager clients know. Everything here is for the control thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/module/module.hpp"

namespace jackfield {

class Channel;

// Published when a registration of ours was granted, refused or ended; not for renewals.
struct SipOutboundRegistrationChanged {
    static constexpr std::string_view topic = "sip.outbound_registration";
    std::string_view name, client_uri, server_uri;
    std::string_view status;  // "Registered", "Unregistered", "Rejected"
    int code;                 // SIP status of the refusal; 0: no answer, or no refusal
};

// Published when an endpoint's contacts come, go, or change their status.
struct SipContactChanged {
    static constexpr std::string_view topic = "sip.contact";
    std::string_view aor, uri, status;  // "Created", "Removed", "Reachable", "Unreachable"
};

// Published when a far side asks for a transfer (REFER) of a call whose PJSIP_TRANSFER_HANDLING() is ari-only: nothing happens by
// itself then. A subscriber that sees to it sets `taken`, and tells how it goes by SipManagement::tell_transfer; else it is refused.
struct SipTransferRequested {
    static constexpr std::string_view topic = "sip.transfer";
    Channel& channel;              // that it came by
    std::string_view destination;  // the user part of Refer-To
    std::string_view call_id;      // attended: of the dialog that is to be replaced (RFC 3891); empty: a blind one
    Channel* replaced;             // that dialog's channel; null: it is not here
    bool& taken;
};
enum class SipTransferProgress : unsigned char { progress, answered, unavailable, declined };  // all but the first are the last

class SipManagement {
  public:
    static constexpr std::string_view service_name = "sip_management";
    virtual ~SipManagement() = default;

    // One object: the event that shows it, and its fields in order.
    struct Record {
        std::string event;
        std::vector<std::pair<std::string, std::string>> fields;
        void add(std::string_view name, std::string_view value) { fields.emplace_back(name, value); }
    };
    using Records = std::vector<Record>;
    // Each is called with one name at a time so that a list of 100,000 can be shown in slices; an object that has gone
    // meanwhile gives nothing.
    virtual std::vector<std::string> endpoint_names() const = 0;
    virtual std::vector<std::string> aor_names() const = 0;
    virtual std::vector<std::string> auth_names() const = 0;
    virtual std::vector<std::string> registration_names() const = 0;
    virtual Records endpoint_list(std::string_view endpoint) const = 0;        // EndpointList
    virtual Records endpoint_details(std::string_view endpoint) const = 0;     // EndpointDetail and those of all that belongs to it
    virtual Records aor_list(std::string_view aor) const = 0;                  // AorList
    virtual Records auth_list(std::string_view auth) const = 0;                // AuthList
    virtual Records contact_list(std::string_view aor) const = 0;              // ContactList, one for each contact
    virtual Records contact_statuses(std::string_view aor) const = 0;          // ContactStatusDetail
    virtual Records inbound_registration(std::string_view aor) const = 0;      // InboundRegistrationDetail
    virtual Records outbound_registration(std::string_view name) const = 0;    // OutboundRegistrationDetail, AuthDetail
    virtual bool registered(std::string_view registration) const = 0;
    virtual std::vector<std::string> endpoints_of_aor(std::string_view aor) const = 0;

    // By name or "*all". Errors: not_found.
    virtual Result<void> register_now(std::string_view registration) = 0;
    virtual Result<void> unregister(std::string_view registration) = 0;
    // Asks all contacts of an endpoint by OPTIONS at once. Errors: not_found.
    virtual Result<void> qualify(std::string_view endpoint) = 0;
    // Refuses an incoming call that is not answered with this SIP status. Errors: not_found, invalid.
    virtual Result<void> refuse(std::string_view channel, int status) = 0;
    // Tells the far side of a channel how the transfer that it asked for goes. Errors: invalid (no SIP call, or none is under way).
    virtual Result<void> tell_transfer(Channel& channel, SipTransferProgress progress) = 0;
    // "404" or "NOT_FOUND" and the like. Errors: invalid.
    virtual Result<int> parse_refusal(std::string_view text) const = 0;
};

}  // namespace jackfield
