// The SIP user agent: takes requests in, finds whose they are, authenticates them, and hands them on (RFC 3261 section 8).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "channels/sip/config/object_set.hpp"
#include "channels/sip/stack/challenge_answers.hpp"
#include "channels/sip/stack/dialog.hpp"
#include "channels/sip/stack/digest.hpp"
#include "channels/sip/stack/invite_usage.hpp"
#include "channels/sip/stack/overload.hpp"
#include "channels/sip/stack/transaction.hpp"
#include "channels/sip/transport/transports.hpp"
#include "channels/sip/ua/identify_table.hpp"
#include "core/runtime/security_event.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {

class UserDialog;
class UserAgent;

// That an INVITE which begins a call is being served; until this is destroyed the same one by another way (a fork whose branches met
// again) is known, to be answered 482 (RFC 3261 8.2.2.2, RFC 5393).
class ServedInvite final : public IdentityNode {
  public:
    ServedInvite() = default;
    ~ServedInvite();
    ServedInvite(const ServedInvite&) = delete;
    ServedInvite& operator=(const ServedInvite&) = delete;
    // False: it is being served already. The agent must outlive this.
    [[nodiscard]] bool begin(UserAgent& agent, const Message& invite);

  private:
    UserAgent* agent_ = nullptr;
};

// Who uses a dialog: a call; later a subscription.
class DialogUser {
  public:
    virtual void on_dialog_request(UserDialog& dialog, IncomingRequest& request) = 0;
    virtual void on_dialog_ack(UserDialog& dialog, const Message& ack) = 0;
    virtual void on_repeated_success(UserDialog& dialog, const Message& response, const Flow& from) = 0;  // a 2xx again

  protected:
    ~DialogUser() = default;
};

// A dialog with its user and the flow that its last message came by. What DialogTable finds is always one of these.
class UserDialog final : public Dialog {
  public:
    UserDialog(Dialog&& dialog, DialogUser& user, Flow flow) : Dialog(std::move(dialog)), user(&user), flow(std::move(flow)) {}
    DialogUser* user;
    Flow flow;
    ReliableReceiver reliable;     // provisional responses that came within it while it was early
    bool updates = false;          // the far side's Allow names UPDATE
    std::uint32_t acknowledged = 0;  // CSeq of the last 2xx to an INVITE that an ACK went out for,
    std::string ack_branch;        // and that ACK's branch: for a 2xx that comes again it is the same one (RFC 3261 13.2.2.4)
    void note_allowed(const Message& message) {
        if (message.has(HeaderName::allow)) updates = message.lists(HeaderName::allow, "UPDATE");
    }
};

// Handles requests outside of dialogs of one method; false: not mine.
using RequestHandler = std::function<void(IncomingRequest&, std::shared_ptr<const EndpointSettings>)>;

// Control thread.
class UserAgent final : public TransportUser, public TransactionCore, private StackClock {
  public:
    UserAgent();
    ~UserAgent();
    UserAgent(const UserAgent&) = delete;
    UserAgent& operator=(const UserAgent&) = delete;

    void apply(std::shared_ptr<const ObjectSet> objects);
    const std::shared_ptr<const ObjectSet>& objects() const { return objects_; }
    Transports& transports() { return transports_; }
    TransactionLayer& transactions() { return layer_; }
    DialogTable& dialogs() { return dialogs_; }
    StackTimers& timers() { return timers_; }

    // Of requests that begin something: INVITE, REGISTER, SUBSCRIBE, MESSAGE, ... One handler a method.
    void handle(Method method, RequestHandler handler);
    // Finds where to send to, best first, each worth a try when those before it fail: NAPTR, SRV and address look-ups (RFC 3263).
    // `request_uri`, when `uri` is a Route or proxy on the way to it: one of sips goes by TLS only (RFC 3261 26.2.2), as one of
    // `uri` itself does. Waits, unless the host is an address. Errors: not_found, timeout, invalid, refused (not by TLS).
    Result<std::vector<Flow>> targets(std::string_view uri, std::string_view transport_name = {}, std::string_view request_uri = {});
    // The first of them.
    Result<Flow> resolve(std::string_view uri, std::string_view transport_name = {}, std::string_view request_uri = {});
    // Sends a request outside of a dialog; `write` adds headers after the necessary ones and finishes it.
    struct NewRequest {
        Method method;
        std::string uri, from, to, call_id;    // from with its tag
        std::uint32_t cseq = 1;
        std::vector<std::string> routes;
    };
    void start(ClientHandle& handle, const NewRequest& request, const Flow& flow, const std::function<void(MessageWriter&)>& write);
    // Sends a request within a dialog in the same way.
    void start(ClientHandle& handle, UserDialog& dialog, Method method, std::uint32_t cseq, const std::function<void(MessageWriter&)>& write);
    // The same for requests whose answer changes nothing (BYE, NOTIFY, MESSAGE); they may outlive their call.
    void send_and_forget(UserDialog& dialog, Method method, const std::function<void(MessageWriter&)>& write);
    // Sends the ACK of a 2xx; again whenever that is repeated.
    void send_ack(UserDialog& dialog, std::uint32_t cseq);
    // A final or provisional response with headers of the caller's; valid until the next message is written.
    std::string_view response(const ServerHandle& handle, int status, std::string_view reason, const std::function<void(MessageWriter&)>& write);
    std::string_view response(const IncomingRequest& request, int status, std::string_view reason, const std::function<void(MessageWriter&)>& write);

    std::string via(const Flow& flow, std::string_view branch) const;
    // "<sip:user@host:port>", or the GRUU that the flow's registrar gave us; `secure`: sips, as RFC 3261 8.1.1.8 and 12.1.1 want it when the request's URI has it.
    std::string contact(const Flow& flow, std::string_view user, bool secure = false) const;
    void add_agent(MessageWriter& writer, bool reliable = false, bool timer = false, bool trickle = false) const;  // User-Agent, Allow, Supported

    // Who we are for challenges, by these auth objects: those of the realm, else those without one.
    ChallengeAnswers::FindUser users_of(std::vector<std::string> auths) const;
    // Asked before all other ways of identifying: the name of the endpoint that a request is from; empty: not known.
    void identify_first(std::function<std::string_view(const Message&)> by) { identify_first_ = std::move(by); }
    // Asked of each NOTIFY whose dialog is not known: true when it has been answered.
    void notifies_before_dialogs(std::function<bool(IncomingRequest&)> ask) { early_notify_ = std::move(ask); }
    // `who` is told of each TCP, TLS or WebSocket connection that has ended; {}: no more.
    void on_connection_closed(const void* who, std::function<void(const Flow&)> tell) {
        std::erase_if(tell_closed_, [&](const auto& each) { return each.first == who; });
        if (tell) tell_closed_.emplace_back(who, std::move(tell));
    }
    // Flows by which a registrar keeps us registered. As RFC 5626 has it, our Contacts say so there (";ob"); one that gave us a
    // GRUU (RFC 5627) is told that in our Contacts.
    struct OutboundFlow {
        Flow flow;
        bool outbound = false;
        std::string gruu;
    };
    void set_outbound_flows(std::vector<OutboundFlow> flows) { outbound_flows_ = std::move(flows); }
    // Finds the endpoint that a request is from; null: nobody's.
    std::shared_ptr<const EndpointSettings> identify(const Message& request, const Flow& from) const;
    // Whether type=acl, and of an endpoint that is not null its own lists, let requests come from there or contacts be there.
    bool admits_source(const SocketAddress& address, const EndpointSettings* endpoint) const;
    bool admits_contact(std::string_view uri, const EndpointSettings& endpoint) const;
    // A security event about that request.
    void report(const Message& request, const Flow& flow, std::string_view event, const std::string& account, bool error,
                SecurityEvent::Fields details = {}) const;
    // True when the request satisfies the endpoint's auth objects; else it has been answered (401, 400, 403) and false.
    bool authenticate(IncomingRequest& request, const EndpointSettings& endpoint);

    // --- called by the layers below ---
    void on_message(ParseResult result, const Flow& from, std::chrono::nanoseconds age) override;
    void on_unsent(std::string_view message) override { layer_.unsent(message); }
    void on_closed(const Flow& flow) override {
        for (const auto& [who, tell] : tell_closed_) tell(flow);
    }
    void on_request(IncomingRequest& request) override;
    void on_ack(const Message& ack, const Flow& from) override;
    bool admits(const Message& request) override;
    void on_late_success(const Message& response, const Flow& from) override;

  private:
    friend class ServedInvite;
    class Forgotten;
    void advance();
    Instant now() override { return Clock::now(); }
    void timer_started(Instant due) override;
    bool passes_rules(const ParseResult& result, const Flow& from);
    bool extensions_known(IncomingRequest& request);
    bool came_securely(IncomingRequest& request);
    void note_source(const UserDialog& dialog, const IncomingRequest& request);
    void begin_new(IncomingRequest& request);
    void answer_options(IncomingRequest& request);

    std::shared_ptr<const ObjectSet> objects_;
    IdentifyTable identified_;
    Transports transports_;
    StackTimers timers_;
    TransactionLayer layer_;
    DialogTable dialogs_;
    KeyedHash served_hash_{KeyedHash::random_key()};
    IdentityTable<ServedInvite> served_;
    NonceIssuer nonces_;
    Timer tick_;
    std::unordered_map<Method, RequestHandler> handlers_;
    std::function<std::string_view(const Message&)> identify_first_;
    std::vector<std::pair<const void*, std::function<void(const Flow&)>>> tell_closed_;
    std::vector<OutboundFlow> outbound_flows_;
    std::function<bool(IncomingRequest&)> early_notify_;
    std::unordered_map<const Forgotten*, std::unique_ptr<Forgotten>> forgotten_;
    OverloadGate overload_;
    std::chrono::nanoseconds age_{};  // of the message that is being taken in: how long it lay in the socket's queue
    KeyedRateLimit unknown_{std::chrono::seconds(1)};
    std::string buffer_;              // of the message that is being written
};

// The methods that this agent understands, as Allow has them.
inline constexpr std::string_view allowed_methods = "INVITE, ACK, CANCEL, BYE, PRACK, OPTIONS, REGISTER, INFO, UPDATE, REFER, SUBSCRIBE, NOTIFY, PUBLISH, MESSAGE";

}  // namespace jackfield::sip
