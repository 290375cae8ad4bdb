// The registrar: REGISTER, the contacts of endpoints, and whether they can be reached (RFC 3261 section 10).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels/sip/sip_management.hpp"
#include "channels/sip/stack/gruu.hpp"
#include "channels/sip/stack/location.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {

// One way to reach an endpoint.
struct Contact {
    std::string aor, uri;
    std::optional<Flow> flow;            // where it registered from, when requests are to go there; else resolve the URI
    std::vector<std::string> routes;     // Path of the registration, nearest first
    std::string user_agent;
    bool registered = false;             // false: from the configuration
    enum class Status : std::uint8_t { unknown, reachable, unreachable } status = Status::unknown;
    std::chrono::microseconds round_trip{0};
    std::chrono::seconds remaining{0};
    std::string key;                     // what tells it from the others of its address of record: the URI, or a flow (Binding::key())
    std::string instance;                // +sip.instance, if it has one
    bool outbound = false;               // one of the flows of its instance (RFC 5626)
    std::vector<Contact> others;         // its further flows, to be tried when it fails; filled by with_flows()
};

// Channel variable of a call to a GRUU: address of record and instance, which Dial then reaches and no other.
inline constexpr std::string_view gruu_variable = "PJSIP_GRUU";

// Several flows of one instance become one contact, the latest in front: they are never tried at the same time (RFC 5626 section 6).
std::vector<Contact> with_flows(std::vector<Contact> contacts);

// "aor;@hash" of a registered one, "aor@@hash" of one from the configuration.
std::string contact_id(const Contact& contact);

// Control thread; nothing waits. Publishes SipContactChanged.
class Registrar final : private LocationListener {
  public:
    explicit Registrar(UserAgent& agent);
    ~Registrar();

    void apply();                        // after the agent has new objects: static contacts and qualification
    // Contacts of the endpoint, best first; unreachable ones last.
    std::vector<Contact> contacts(const EndpointSettings& endpoint) const;
    std::vector<Contact> contacts_of_aor(std::string_view aor, const EndpointSettings* endpoint) const;
    bool reachable(const EndpointSettings& endpoint) const;
    // By contact_id().
    std::optional<Contact> find_contact(std::string_view id) const;
    // Asks all contacts of the endpoint by OPTIONS at once.
    void qualify_now(const EndpointSettings& endpoint);
    // A call could not reach that contact (Contact::key): where it is qualified it is unreachable until it answers again.
    // `flow_failed`: there is no way to it by that flow, which is forgotten (RFC 5626 section 7: 430, or no connection).
    void call_failed(const EndpointSettings& endpoint, std::string_view key, bool flow_failed);
    // The flows that were registered by that connection are forgotten.
    void connection_closed(const Flow& flow);
    // Whose a GRUU is (RFC 5627); nothing: the URI is none.
    struct GruuOwner {
        int status = 200;                // 404: there never was such, or it is not good any more; 480: it is not registered now
        std::string aor, instance;
    };
    std::optional<GruuOwner> gruu(const Uri& uri) const;
    std::size_t bindings() const { return table_.bindings(); }
    // Puts back what the database keeps; once, after the first apply().
    void restore();
    // Called with the AOR's name whenever its contacts or their status change.
    std::function<void(std::string_view aor)> on_change;

  private:
    struct Qualification;
    void on_register(IncomingRequest& request, const EndpointSettings& endpoint);
    std::string gruu_parameters(const Message& request, const Binding& binding);
    ChallengeAnswers::FindUser users_for(std::string_view aor) const;
    void forget_flow(std::string_view aor, std::string_view key);
    void on_bound(const Binding& binding, bool refreshed) override;
    void on_unbound(const Binding& binding, Unbound why) override;
    void qualify(const std::string& aor, const std::string& key, const std::string& uri, const std::optional<Flow>& flow);
    const Qualification* qualification(std::string_view aor, std::string_view key) const;
    void status_changed(Qualification& qualification, Contact::Status status);

    UserAgent& agent_;
    LocationTable table_;
    Timer sweep_;
    TemporaryGruus temporary_;
    std::unordered_map<std::string, std::shared_ptr<Qualification>> qualifications_;  // by "aor\nkey"
    // Flows by connections: the other end, and whose.
    struct FlowOwner {
        std::string aor, key;
    };
    std::unordered_multimap<SocketAddress, FlowOwner, SocketAddressHash> flows_;
    TaskGroup fibers_{"SIP qualification"};
};

}  // namespace jackfield::sip
