// The state machines of transactions and where they are kept. Private to transaction*.cpp and their test.
#pragma once

#include <vector>

#include "channels/sip/stack/identity_table.hpp"
#include "channels/sip/stack/message_ring.hpp"
#include "channels/sip/stack/transaction.hpp"

namespace jackfield::sip {

// What stands in the table of transactions.
struct TransactionNode : IdentityNode {
    enum class Kind : std::uint8_t {
        client,
        server,
        // Finished ones. The letter is the timer that ends them.
        client_done,       // K: absorbs responses
        client_failed,     // D: repeats the ACK
        client_accepted,   // M: hands each 2xx to the core
        server_done,       // J: repeats the response
        server_accepted,   // L: absorbs the INVITE
        server_confirmed,  // I: absorbs ACKs
    };
    explicit TransactionNode(Kind what) : kind(what) {}
    Kind kind;
};

// A finished transaction. With the allocator's word it takes 64 bytes (DESIGN section 8).
struct Tombstone : TransactionNode {
    using TransactionNode::TransactionNode;
    std::uint32_t message_size = 0;  // of its bytes in the ring
    std::uint64_t message_position = 0;
    Tombstone* younger = nullptr;  // in its graveyard
    std::uint32_t expires = 0;     // milliseconds on the layer's clock
};
static_assert(sizeof(Tombstone) <= 56);

class ClientTransaction : public TransactionNode {
  public:
    ClientTransaction(TransactionLayer::Private& layer, Method method, std::string request, const Flow& to);

    void begin();
    void unsent();
    void receive(const Message& response, const Flow& from);
    void cancel(std::string_view reason);
    void abandon();  // the handle has gone

    ClientHandle* handle = nullptr;
    const Method method;

  private:
    enum class State : std::uint8_t { calling, proceeding };  // "trying" is the calling of other methods
    bool is_invite() const { return method == Method::invite; }
    void retransmit();  // timers A and E
    void give_up();     // timers B and F
    void send_cancel();
    void fail(ClientFailure failure);

    TransactionLayer::Private& layer_;
    State state_ = State::calling;
    bool cancelled_ = false;
    bool unsendable_ = false;
    std::string request_;
    std::string cancel_reason_;
    Flow to_;
    std::chrono::milliseconds interval_;
    StackTimer retransmission_{this, StackTimer::calls<&ClientTransaction::retransmit>};
    StackTimer timeout_{this, StackTimer::calls<&ClientTransaction::give_up>};
};

class ServerTransaction : public TransactionNode {
  public:
    ServerTransaction(TransactionLayer::Private& layer, Message request, const Flow& from);

    void begin();
    void receive_again(const Flow& from);  // the same request
    void receive_ack();
    void receive_cancel(const Message& cancel);
    Result<void> send(int status, std::string_view response);
    // A response with nothing but the necessary headers; while there is no final one. Until the layer writes the next one.
    std::string_view plain_response(int status, std::string_view reason) const;
    // For a CANCEL: its message outlives its transaction.
    Message take_request_and_respond(int status);
    void forget_handle();
    void set_local_tag(const std::string& tag) { local_tag_ = tag; }

    ServerHandle* handle = nullptr;
    const Message& request() const { return request_; }
    const Flow& flow() const { return flow_; }
    const std::string& local_tag() const { return local_tag_; }

  private:
    enum class State : std::uint8_t { trying, proceeding, completed };
    void tick();     // the 100 of an INVITE, then timer G
    void give_up();  // timer H

    TransactionLayer::Private& layer_;
    State state_ = State::trying;
    bool invite_;
    bool cancelled_ = false;
    Message request_;  // until the final response
    Flow flow_;
    std::string local_tag_;
    std::string response_;  // the last one sent
    std::chrono::milliseconds interval_{};
    StackTimer tick_{this, StackTimer::calls<&ServerTransaction::tick>};
    StackTimer timeout_{this, StackTimer::calls<&ServerTransaction::give_up>};
};

// Finished transactions that live equally long, oldest first.
struct Graveyard {
    std::chrono::milliseconds life{};
    Tombstone* oldest = nullptr;
    Tombstone** end = &oldest;
};

struct TransactionLayer::Private {
    Private(FlowSender& sends, StackTimers& clock, TransactionCore& above, const TransactionSettings& how);
    ~Private();

    // Identities (RFC 3261 17.1.3 and 17.2.3).
    Identity client_identity(std::string_view branch, std::string_view method);
    Identity server_identity(const Message& request, std::string_view method);

    void receive_request(Message message, const Flow& from);
    void receive_response(const Message& message, const Flow& from);
    void receive_cancel(ServerTransaction& cancel);
    void reply(const Message& request, const Flow& to, int status, std::string_view reason, std::string_view extra_headers);
    bool may_run_again(const Message& request, const Tombstone& tombstone) const;
    void meet_tombstone(Tombstone& tombstone, const Message& message, const Flow& from);
    void offer_to_core(ServerTransaction& transaction);

    // Puts a client transaction into the table and sends its request.
    void adopt(ClientTransaction& transaction);
    // Takes an unfinished transaction out of the table and destroys it.
    void destroy(ClientTransaction& transaction);
    void destroy(ServerTransaction& transaction);
    // Puts a tombstone in its place that lives for `life`; none when that is zero.
    void bury(const Identity& identity, TransactionNode::Kind kind, std::chrono::milliseconds life,
              MessageRing::Place message);
    void clear_graves();
    std::uint32_t milliseconds() const;

    FlowSender& sender;
    StackTimers& timers;
    TransactionCore& core;
    TransactionSettings settings;
    KeyedHash hash;
    IdentityTable<TransactionNode> table;
    MessageRing ring;
    std::vector<std::unique_ptr<Graveyard>> graves;  // one for each life that the settings ever gave
    TransactionLayer::Counts counts;
    std::string scratch;   // identities
    std::string response;  // that is being written and sent
    Instant start;
    StackTimer grave_timer;
};

}  // namespace jackfield::sip
