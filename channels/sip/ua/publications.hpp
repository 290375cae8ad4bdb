// PUBLISH (RFC 3903): people's clients say how present they are, and dialplan and watchers see it as PJSIP:resource; other servers tell
// states of devices and mailboxes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "channels/sip/stack/publication.hpp"
#include "channels/sip/ua/state_exchange.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/presence_state.hpp"

namespace jackfield::sip {

// Control thread; nothing waits. A resource is a type=inbound-publication of the configuration.
class Publications final : private PublicationTable::User {
  public:
    Publications(UserAgent& agent, StateExchange& exchange);
    void apply();  // after the agent has new objects: what may not be published any more is gone
    PresenceState presence(std::string_view resource) const;
    const PublicationTable& table() const { return table_; }  // of presence

    static constexpr std::string_view provider = "PJSIP";

  private:
    void on_publish(IncomingRequest& request, const EndpointSettings& endpoint);
    void on_published(const std::string& resource, std::string_view body) override;
    Result<ExchangedState> check(std::string_view event, std::string_view body) const;
    void refuse(IncomingRequest& request, int status, HeaderName header, std::string_view value);
    void answer(IncomingRequest& request, const PublishResult& result);

    // Publications of the state exchange, by resource and event.
    struct Exchanged final : PublicationTable::User {
        Exchanged(StateExchange& its_exchange, StackTimers& timers, SubscriptionTimes times) : exchange(its_exchange), table(*this, timers, times) {}
        void on_published(const std::string& resource, std::string_view body) override {
            if (body.empty()) exchange.ended(resource);
        }
        StateExchange& exchange;
        PublicationTable table;
    };

    UserAgent& agent_;
    PublicationTable table_;
    Exchanged exchanged_;
};

}  // namespace jackfield::sip
