// PUBLISH (RFC 3903): people's clients say how present they are, and dialplan and watchers see it as PJSIP:resource.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "channels/sip/stack/publication.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/presence_state.hpp"

namespace jackfield::sip {

// Control thread; nothing waits. A resource is a type=inbound-publication of the configuration.
class Publications final : private PublicationTable::User {
  public:
    explicit Publications(UserAgent& agent);
    void apply();  // after the agent has new objects: what may not be published any more is gone
    PresenceState presence(std::string_view resource) const;
    const PublicationTable& table() const { return table_; }

    static constexpr std::string_view provider = "PJSIP";

  private:
    void on_publish(IncomingRequest& request, const EndpointSettings& endpoint);
    void on_published(const std::string& resource, std::string_view body) override;

    UserAgent& agent_;
    PublicationTable table_;
};

}  // namespace jackfield::sip
