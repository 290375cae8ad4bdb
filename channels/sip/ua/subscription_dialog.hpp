// A dialog that a SUBSCRIBE made; it lasts as long as there are subscriptions in it (RFC 6665 section 4.4.1).
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "channels/sip/ua/inbound_subscription.hpp"
#include "channels/sip/ua/saved_subscriptions.hpp"
#include "channels/sip/ua/user_agent.hpp"

namespace jackfield::sip {

class Notifier;

// Control thread; owned by the notifier.
class SubscriptionDialog final : public DialogUser {
  public:
    SubscriptionDialog(Notifier& notifier, Dialog&& dialog, Flow flow, std::string subscriber);

    // Answers the SUBSCRIBE with 200 and takes the subscription in.
    void add(IncomingRequest& request, std::unique_ptr<InboundSubscription> subscription, std::chrono::seconds granted);
    // One that was saved before a restart.
    void restore(std::unique_ptr<InboundSubscription> subscription, const SavedSubscription& saved);
    UserDialog& dialog() { return dialog_; }
    const UserDialog& dialog() const { return dialog_; }
    const std::string& subscriber() const { return subscriber_; }  // its From URI
    const std::vector<std::unique_ptr<InboundSubscription>>& subscriptions() const { return subscriptions_; }
    // Drops those that are over. True: there are no others.
    bool drop_ended();
    bool sweeping = false;  // for the notifier: drop_ended() is to be called

    void on_dialog_request(UserDialog& dialog, IncomingRequest& request) override;
    void on_dialog_ack(UserDialog&, const Message&) override {}
    void on_repeated_success(UserDialog&, const Message&, const Flow&) override {}

    static constexpr std::size_t most_subscriptions = 16;

  private:
    void on_subscribe(IncomingRequest& request);
    SavedSubscription saved(const InboundSubscription& subscription, std::chrono::seconds granted) const;
    void accept(IncomingRequest& request, const InboundSubscription& subscription, std::chrono::seconds granted);

    Notifier& notifier_;
    std::string subscriber_;
    UserDialog dialog_;
    std::vector<std::unique_ptr<InboundSubscription>> subscriptions_;
};

}  // namespace jackfield::sip
