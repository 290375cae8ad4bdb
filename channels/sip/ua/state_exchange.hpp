// Device and mailbox states exchanged with other servers by PUBLISH: type=asterisk-publication.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels/sip/exchange/exchanged_state.hpp"
#include "channels/sip/ua/event_package.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/channel/device_state.hpp"
#include "core/channel/mailbox_state.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield::sip {

class ExchangeSource;

// Control thread; nothing waits. Told are the states that this server knows by itself, never those that others have told it; the
// states of a server whose publication has ended are forgotten.
class StateExchange {
  public:
    explicit StateExchange(UserAgent& agent);
    ~StateExchange();
    StateExchange(const StateExchange&) = delete;
    StateExchange& operator=(const StateExchange&) = delete;

    static constexpr std::string_view device_event = "asterisk-devicestate", mailbox_event = "asterisk-mwi", content_type = "application/json";
    // What an outbound-publish with one of these events sends; null: another event. Its sources' keys are names of outbound-publish.
    EventPackage* package(std::string_view event);

    // A body that was published for `resource`, an inbound-publication that names this asterisk-publication.
    void received(const std::string& resource, const std::string& publication, const ExchangedState& state);
    void ended(const std::string& resource);  // nobody publishes for it any more

    // `tell` gets the name of an outbound-publish whose peer has just asked for everything: it is there.
    void on_peer(std::function<void(const std::string& publish)> tell) { on_peer_ = std::move(tell); }

    // Of this server, as it is told to others.
    static const std::string& entity_id();

  private:
    friend class ExchangeSource;
    class Package;
    void refresh(const std::string& publication);

    UserAgent& agent_;
    std::unique_ptr<Package> devices_, mailboxes_;
    std::set<ExchangeSource*> sources_;
    std::unordered_map<std::string, std::set<std::string>> servers_;      // that were heard for a resource
    std::unordered_map<std::string, std::string> remote_mailboxes_;      // who told it last
    const std::string* applied_ = nullptr;                               // the mailbox that is being set for another server
    std::function<void(const std::string&)> on_peer_;
    Subscription mailbox_changed_;
};

}  // namespace jackfield::sip
