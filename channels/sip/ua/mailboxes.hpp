// Message waiting (RFC 3842): the event package message-summary, and phones that are told without a subscription.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "channels/sip/ua/contact_requests.hpp"
#include "channels/sip/ua/event_package.hpp"
#include "channels/sip/ua/notifier.hpp"
#include "core/channel/mailbox_state.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {

class MailboxSource;

// A subscription to an address of record is told the sum of its mailboxes (the aor's, else those of the endpoint that
// subscribes).
class MessageSummaryPackage final : public EventPackage {
  public:
    explicit MessageSummaryPackage(UserAgent& agent);
    std::string_view name() const override { return "message-summary"; }
    std::vector<std::string_view> content_types() const override { return {"application/simple-message-summary"}; }
    Result<std::string> key(const Watcher& watcher) const override;
    std::unique_ptr<EventSource> open(const std::string& key, std::function<void()> changed) override;

  private:
    friend class MailboxSource;
    UserAgent& agent_;
    std::unordered_map<std::string, std::unordered_set<MailboxSource*>> by_mailbox_;  // by full name
    Subscription changes_;
};

// NOTIFYs of message-summary that come without a subscription, from a provider, set the endpoint's incoming_mwi_mailbox.
void take_mailbox_notifies(UserAgent& agent);

// Tells endpoints with `mailboxes` of them: each contact when it registers, all contacts at a change. In slices, so that
// nobody waits for it; a change that comes while an endpoint waits for its turn is told with it.
class UnsolicitedMailboxes {
  public:
    UnsolicitedMailboxes(UserAgent& agent, Registrar& registrar, Notifier& notifier, ContactRequests& requests);
    void apply();  // after the agent has new objects
    // At start, when the contacts are there that the database keeps; unless mwi_disable_initial_unsolicited.
    void tell_all();

  private:
    void contact_added(std::string_view aor, std::string_view uri);
    void enqueue(const std::string& endpoint, const std::string& uri);  // empty: all contacts
    void tell();
    void tell(const std::string& endpoint, const std::string& uri);

    UserAgent& agent_;
    Registrar& registrar_;
    Notifier& notifier_;
    ContactRequests& requests_;
    std::unordered_map<std::string, std::vector<std::string>> by_mailbox_, by_aor_;  // names of endpoints
    std::deque<std::pair<std::string, std::string>> queue_;                          // endpoint, contact
    std::unordered_set<std::string> queued_;                                         // endpoints whose contacts all wait in it
    Subscription changes_, contacts_;
    Timer turn_;
};

}  // namespace jackfield::sip
