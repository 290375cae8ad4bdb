// The notifier: takes SUBSCRIBE, keeps subscriptions and sends NOTIFY (RFC 6665).
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels/sip/sip_events.hpp"
#include "channels/sip/ua/event_package.hpp"
#include "channels/sip/ua/subscription_dialog.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "channels/sip/ua/watched_state.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {

// Control thread; nothing waits.
class Notifier {
  public:
    explicit Notifier(UserAgent& agent);
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    void add(EventPackage& package);  // which must outlive this
    EventPackage* package(std::string_view name) const;
    const std::string& allow_events() const { return allow_events_; }  // value of Allow-Events
    UserAgent& agent() { return agent_; }
    // The state behind that key of the package, for others who listen to it.
    std::shared_ptr<WatchedState> watched(EventPackage& package, const std::string& key) { return states_.find(package, key); }

    // After the agent has new objects: subscriptions of endpoints that are gone or may not subscribe any more end.
    void apply();
    // Takes up what the database keeps, in slices; once, when the dialplan is there.
    void restore();
    std::vector<SipSubscription> list() const;
    std::size_t size() const { return count_; }
    // How many subscriptions to that package the endpoint has.
    std::size_t count(std::string_view endpoint, std::string_view package) const;

    static constexpr std::size_t most = 200'000;         // subscriptions
    static constexpr std::size_t most_members = 500;     // of one list, with those of the lists in it

    // --- called by subscriptions and their dialogs ---
    // Examines a SUBSCRIBE that makes a subscription; null when it has been answered with an error.
    std::unique_ptr<InboundSubscription> examine(IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint,
                                                 std::chrono::seconds& granted);
    // Nothing: answered with 423.
    std::optional<std::chrono::seconds> granted_to(IncomingRequest& request, const EndpointSettings& endpoint, const EventPackage& package);
    void counted(const InboundSubscription& subscription, int difference);
    void ended(SubscriptionDialog& dialog);

  private:
    void on_subscribe(IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint);
    // What a SUBSCRIBE is answered with that is refused.
    struct Refusal {
        int status = 0;
        std::string_view reason = {};
        HeaderName header = HeaderName::unknown;
        std::string value = {};
    };
    std::expected<std::unique_ptr<InboundSubscription>, Refusal> make(const Message& message, std::shared_ptr<const EndpointSettings> endpoint);
    bool has_room(const EndpointSettings& endpoint) const;
    void restore_some();
    bool restore(const SavedSubscription& saved);
    void add_members(InboundSubscription& subscription, const ResourceListSettings& list, unsigned depth, std::size_t& count);
    void sweep();

    UserAgent& agent_;
    std::vector<EventPackage*> packages_;
    std::string allow_events_ = "refer";
    WatchedStates states_;
    std::unordered_map<std::string, std::size_t> counts_;  // by "endpoint" and "endpoint\npackage"
    std::size_t count_ = 0;
    std::unordered_map<const SubscriptionDialog*, std::unique_ptr<SubscriptionDialog>> dialogs_;
    std::vector<SubscriptionDialog*> swept_;               // have subscriptions that are over
    std::vector<SavedSubscription> saved_;                 // still to be restored
    Timer sweep_, restoring_;
};

}  // namespace jackfield::sip
