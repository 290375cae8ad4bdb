// States of our hints published at other servers (RFC 3903): type=outbound-publish.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "channels/sip/stack/client_publication.hpp"
#include "channels/sip/ua/notifier.hpp"
#include "channels/sip/ua/state_exchange.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/dialplan/hints.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::sip {

// Control thread. One publication for each hint that the object's @context and @exten match; they begin in slices. One for an object
// whose event is of the state exchange.
class OutboundPublications final {
  public:
    OutboundPublications(UserAgent& agent, Notifier& notifier, StateExchange& exchange);
    ~OutboundPublications();  // Waits for the fibers that look servers up.
    OutboundPublications(const OutboundPublications&) = delete;
    OutboundPublications& operator=(const OutboundPublications&) = delete;

    // After the agent has new objects, or the dialplan other hints: what is new or changed is published, what is gone removed.
    void apply();
    // Removes all, at the end. Waits, at most two seconds.
    void remove_all();

    struct Summary {
        std::string name, extension, context, uri;
        ClientPublication::State state;
        int last_status;
    };
    std::vector<Summary> list() const;

    static constexpr std::size_t slice = 32;             // begun in one turn
    static constexpr std::size_t most = 50'000;          // hints of all objects

  private:
    class Entry;
    using Key = std::pair<std::string, std::string>;     // name, key of the hint ("extension@context")
    void want(const Key& key, const std::shared_ptr<const OutboundPublicationSettings>& settings, EventPackage& package, const HintSummary& hint);
    void begin_some();

    UserAgent& agent_;
    Notifier& notifier_;
    StateExchange& exchange_;
    std::map<Key, std::shared_ptr<Entry>> entries_;
    std::deque<std::shared_ptr<Entry>> starting_;
    std::vector<std::shared_ptr<Entry>> leaving_;        // gone, still being removed
    Subscription plan_changes_;
    Timer turn_;
    Timer review_;                // after a change of the plan
    TaskGroup fibers_{"SIP publications"};
};

// "Published", "Rejected", ...
std::string_view to_string(ClientPublication::State state);

}  // namespace jackfield::sip
