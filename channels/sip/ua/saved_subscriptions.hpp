// Subscriptions in the database, so that they outlive a restart: phones refresh theirs after an hour or more.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/stack/flow.hpp"
#include "channels/sip/transport/transports.hpp"

namespace jackfield::sip {

struct SavedSubscription {
    std::string key;
    std::string endpoint, local_tag, remote, protocol;  // remote: address and port; protocol: "udp"
    std::chrono::system_clock::time_point saved, expires;
    std::uint32_t cseq = 0, version = 0;                // of the dialog's NOTIFYs, and of bodies, when it was saved
    std::string subscribe;                              // the message that made it

    // No NOTIFY since then has had a greater number: they go 50 ms apart at least.
    std::uint32_t numbers_since(std::chrono::system_clock::time_point now) const;
};

// Control thread; nothing waits. Without a database nothing is saved.
std::string saved_subscription_key(std::string_view call_id, std::string_view local_tag, std::string_view event, std::string_view event_id);
void save_subscription(const SavedSubscription& subscription);
// The same one again, with what a refresh changes: all but the message.
void save_refreshed(SavedSubscription subscription);
void forget_subscription(const std::string& key);
// What cannot be read is deleted.
std::vector<SavedSubscription> load_subscriptions();

}  // namespace jackfield::sip
