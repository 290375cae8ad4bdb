// Transactions (RFC 3261 section 17, RFC 6026): retransmission, matching, CANCEL. Pure: messages and time come in as
// arguments, messages go out through a FlowSender. One thread; nothing here waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "channels/sip/stack/flow.hpp"
#include "channels/sip/stack/message.hpp"
#include "channels/sip/stack/timers.hpp"

namespace jackfield::sip {

struct TransactionSettings {
    std::chrono::milliseconds t1{500};         // round-trip estimate
    std::chrono::milliseconds t2{4000};        // longest interval between retransmissions
    std::chrono::milliseconds t4{5000};        // how long a message stays in the network
    std::chrono::milliseconds timer_b{32000};  // time for an answer (timers B and F)
    std::chrono::milliseconds trying{200};     // an INVITE that nobody answered by then gets a 100
    std::size_t kept_bytes = 2 * 1024 * 1024;  // of the youngest final responses, for retransmitted requests
    // Timers D, H, J, L and M.
    std::chrono::milliseconds linger() const { return 64 * t1; }
};

class TransactionLayer;
class ClientTransaction;
class ServerTransaction;
class ClientHandle;
class ServerHandle;

enum class ClientFailure : std::uint8_t {
    timeout,    // no final response in time: treat as 408
    transport,  // could not be sent: treat as 503
};

// Who sent a request. Called from TransactionLayer::receive or StackTimers::advance, as the last thing done to the
// transaction: the handle may be destroyed or used again.
class ClientTransactionUser {
  public:
    // Provisional responses, then at most one final one; with the final one the handle is free again.
    virtual void on_response(ClientHandle& handle, const Message& response, const Flow& from) = 0;
    virtual void on_failure(ClientHandle& handle, ClientFailure failure) = 0;  // the handle is free again

  protected:
    ~ClientTransactionUser() = default;
};

// Belongs to the user, holds one running client transaction or none. When it goes first, responses are still absorbed
// (and ACKed), but nobody hears of them; an INVITE is cancelled, as nobody else would end it.
class ClientHandle {
  public:
    explicit ClientHandle(ClientTransactionUser& user) : user_(user) {}
    ~ClientHandle() { release(); }
    ClientHandle(const ClientHandle&) = delete;
    ClientHandle& operator=(const ClientHandle&) = delete;

    bool active() const { return transaction_ != nullptr; }
    // Gives an INVITE up (RFC 3261 9.1): CANCEL goes out as soon as a provisional response is there. The final response
    // (487, or a 2xx that crossed it) still comes, or a timeout. `reason`: a Reason header value or empty.
    void cancel(std::string_view reason = {});
    void release();

  private:
    friend class TransactionLayer;
    friend class ClientTransaction;
    ClientTransactionUser& user_;
    ClientTransaction* transaction_ = nullptr;
};

// Who answers a request.
class ServerTransactionUser {
  public:
    // A CANCEL came and was answered with 200; the INVITE is still unanswered: answer it with 487.
    virtual void on_cancel(ServerHandle& handle, const Message& cancel) = 0;

  protected:
    ~ServerTransactionUser() = default;
};

// Belongs to the user, holds one unanswered request or none. When it goes while the request has no final response, that
// is answered with 500: no request is ever left hanging.
class ServerHandle {
  public:
    explicit ServerHandle(ServerTransactionUser& user) : user_(user) {}
    ~ServerHandle() { release(); }
    ServerHandle(const ServerHandle&) = delete;
    ServerHandle& operator=(const ServerHandle&) = delete;

    bool active() const { return transaction_ != nullptr; }
    // While active.
    const Message& request() const;
    const Flow& flow() const;
    const std::string& local_tag() const;  // for the To header of responses, the same in all of them
    // Sends a whole response; a final one frees the handle and the request. Errors: those of FlowSender (a final
    // response counts as sent all the same: its retransmissions may get through).
    Result<void> send(int status, std::string_view response);
    // The same with a response that has no more than the necessary headers.
    Result<void> respond(int status, std::string_view reason = {});
    void release();

  private:
    friend class IncomingRequest;
    friend class ServerTransaction;
    ServerTransactionUser& user_;
    ServerTransaction* transaction_ = nullptr;
};

// A request that has just arrived, to be taken over by a handle or answered before on_request returns; else it is
// answered with 500.
class IncomingRequest {
  public:
    const Message& request() const;
    const Flow& flow() const;
    const std::string& local_tag() const;
    void take(ServerHandle& handle);
    Result<void> respond(int status, std::string_view reason = {});  // as ServerHandle does
    Result<void> send(int status, std::string_view response);

  private:
    friend class TransactionLayer;
    explicit IncomingRequest(ServerTransaction& transaction) : transaction_(&transaction) {}
    ServerTransaction* transaction_;  // null once answered or taken
};

// What lies above: the user agent's core.
class TransactionCore {
  public:
    // Whether a request without a To tag may begin a transaction; false: the layer answers 503 with Retry-After and keeps
    // nothing of it. Never asked about ACK, CANCEL, and repetitions of what is in progress.
    virtual bool admits(const Message& request) { return (void)request, true; }
    // A request that begins a transaction; never ACK, nor a CANCEL that the layer could match itself.
    virtual void on_request(IncomingRequest& request) = 0;
    // An ACK of a 2xx: it belongs to a dialog.
    virtual void on_ack(const Message& ack, const Flow& from) = 0;
    // A 2xx to an INVITE whose transaction has ended or whose handle has gone: the dialog repeats its ACK, or a fork is acknowledged and ended.
    virtual void on_late_success(const Message& response, const Flow& from) = 0;

  protected:
    ~TransactionCore() = default;
};

class TransactionLayer {
  public:
    // All three references must outlive the layer.
    TransactionLayer(FlowSender& sender, StackTimers& timers, TransactionCore& core, TransactionSettings settings = {});
    ~TransactionLayer();
    TransactionLayer(const TransactionLayer&) = delete;
    TransactionLayer& operator=(const TransactionLayer&) = delete;

    // Takes a message that the parser accepted.
    void receive(Message message, const Flow& from);
    // Sends `request`, whose top Via has `branch` (new_branch()), and watches over it. A send that fails at once is
    // reported by on_failure in the next turn of the timers. `handle` must be free.
    void start(ClientHandle& handle, Method method, std::string_view branch, std::string request, const Flow& to);
    // A message that the FlowSender took could not be sent after all: a request fails as if start() had found out.
    void unsent(std::string_view message);
    // Answers without a transaction; for what the parser rejected and for overload.
    void reply(const Message& request, const Flow& to, int status, std::string_view reason = {},
               std::string_view extra_headers = {});

    const TransactionSettings& settings() const;
    void set_settings(const TransactionSettings& settings);  // for transactions started from now on

    struct Counts {
        std::size_t clients = 0, servers = 0;  // unfinished ones
        std::size_t tombstones = 0;            // finished ones that still absorb retransmissions, 64 bytes each
    };
    Counts counts() const;

    struct Private;  // of the transactions, transaction_private.hpp
    Private& internals() { return *private_; }

  private:
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield::sip
