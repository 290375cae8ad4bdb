// The service interface of chan_sip for events: subscriptions, lists, and requests outside of dialogs: NOTIFY and REFER.
//
// Everything here is for the control thread; nothing waits unless it says so.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

struct SipSubscription {
    std::string endpoint, resource, package, call_id;
    std::string subscriber;              // URI
    std::string state;                   // "ACTIVE", "TERMINATED"
    bool list = false;                   // the resource is a type=resource_list
    std::chrono::seconds remaining{0};
};

struct SipResourceList {
    std::string name, event, items;      // items: with commas
    bool full_state = false, resource_display_name = false;
    std::chrono::milliseconds notification_batch_interval{0};
};

class SipEvents {
  public:
    static constexpr std::string_view service_name = "sip_events";
    virtual ~SipEvents() = default;
    virtual std::vector<SipSubscription> inbound_subscriptions() const = 0;
    // Ours at other servers: `endpoint` is the name of its section, `resource` a URI, `state` also "WAITING", "REJECTED" and the
    // like, `remaining` the time until it is refreshed or tried again.
    virtual std::vector<SipSubscription> outbound_subscriptions() const = 0;
    virtual std::vector<SipResourceList> resource_lists() const = 0;
    virtual std::vector<std::string> endpoints() const = 0;

    struct Notify {
        std::vector<std::pair<std::string, std::string>> headers;
        std::string content_type, body;
    };
    // Sends a NOTIFY to all contacts of an endpoint. Errors: not_found (no such endpoint, or it has no contact), limit.
    virtual Result<void> notify_endpoint(std::string_view endpoint, const Notify& notify) = 0;
    // Sends it within the dialog of a call. Errors: not_found (no such channel), invalid (not of this technology).
    virtual Result<void> notify_channel(std::string_view channel, const Notify& notify) = 0;

    struct Refer {
        std::string from;      // as text messages have it; empty: default_from_user
        std::string refer_to;  // a SIP URI, or an endpoint: its contact then
        bool to_self = false;  // for an endpoint: us, who are asked for that name
        std::vector<std::pair<std::string, std::string>> headers;
    };
    // Asks somebody by REFER (RFC 3515) to call refer_to; how that ends is not told (RFC 4488). `destination`: ENDPOINT,
    // ENDPOINT/URI, or a SIP URI. Waits until it is taken or refused. Errors: invalid, not_found, refused, timeout, interruption.
    virtual Result<void> refer(const Refer& refer, std::string_view destination) = 0;
};

}  // namespace jackfield
