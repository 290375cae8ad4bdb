// Our subscriptions to states at other servers (RFC 6665): type=outbound-subscription. Message summaries set a mailbox, presence
// and dialog-info are device and presence states named Remote:NAME.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels/sip/sip_events.hpp"
#include "channels/sip/stack/client_subscription.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/device_state.hpp"
#include "core/channel/presence_state.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::sip {

// Control thread.
class OutboundSubscriptions final {
  public:
    explicit OutboundSubscriptions(UserAgent& agent);
    ~OutboundSubscriptions();  // Waits for the fibers that look servers up.
    OutboundSubscriptions(const OutboundSubscriptions&) = delete;
    OutboundSubscriptions& operator=(const OutboundSubscriptions&) = delete;

    // After the agent has new objects: what is new or changed subscribes, what is gone unsubscribes, what was rejected for good
    // tries again, all others stay as they are.
    void apply();
    // Unsubscribes all, at the end. Waits, at most two seconds.
    void end_all();
    std::vector<SipSubscription> list() const;  // by name
    DeviceState device(std::string_view name) const;      // unavailable while nothing is known; invalid: no such subscription
    PresenceState presence(std::string_view name) const;

    static constexpr std::string_view provider = "Remote";

  private:
    struct Entry;
    bool early_notify(IncomingRequest& request);

    UserAgent& agent_;
    std::unordered_map<std::string, std::shared_ptr<Entry>, StringHash, std::equal_to<>> entries_;  // by name
    std::vector<std::shared_ptr<Entry>> leaving_;  // removed, still unsubscribing
    TaskGroup fibers_{"SIP subscriptions"};
};

}  // namespace jackfield::sip
