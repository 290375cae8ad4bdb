// What an INVITE adds to a dialog: 2xx until its ACK, reliable provisional responses (RFC 3262), and whose turn it is
// to offer (RFC 3261 section 14, RFC 3311, RFC 6337). Pure; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "channels/sip/stack/flow.hpp"
#include "channels/sip/stack/timers.hpp"
#include "channels/sip/stack/transaction.hpp"

namespace jackfield::sip {

// Repeats a 2xx to an INVITE until its ACK comes (RFC 3261 13.3.1.4), also over TCP, as a proxy may change transports.
class SuccessRepeater {
  public:
    class User {
      public:
        virtual void on_unacknowledged() = 0;  // no ACK within 64 T1: send BYE

      protected:
        ~User() = default;
    };
    SuccessRepeater(User& user, FlowSender& sender, StackTimers& timers)
        : user_(user), sender_(sender), timers_(timers) {}

    // After the 2xx was sent for the first time.
    void start(std::string response, std::uint32_t cseq, const Flow& to, const TransactionSettings& settings);
    // True when the ACK is the one that was waited for.
    bool acknowledge(const Message& ack);
    bool waiting() const { return timeout_.running(); }
    void stop();

  private:
    void repeat();
    void give_up();

    User& user_;
    FlowSender& sender_;
    StackTimers& timers_;
    std::string response_;
    std::uint32_t cseq_ = 0;
    Flow to_;
    std::chrono::milliseconds interval_{}, longest_{};
    StackTimer repeat_{this, StackTimer::calls<&SuccessRepeater::repeat>};
    StackTimer timeout_{this, StackTimer::calls<&SuccessRepeater::give_up>};
};

// Sends provisional responses reliably: one at a time, each until its PRACK.
class ReliableProvisionals {
  public:
    class User {
      public:
        virtual void on_unacknowledged_provisional() = 0;  // no PRACK within 64 T1: answer the INVITE with 504

      protected:
        ~User() = default;
    };
    // `handle` is the INVITE's and must outlive this.
    ReliableProvisionals(User& user, ServerHandle& handle, StackTimers& timers, const TransactionSettings& settings);

    // The RSeq of the next response; count on from a random start (RFC 3262 section 3).
    std::uint32_t next_number() { return ++number_; }
    // Sends a response with that RSeq (and Require: 100rel) now, or after those before it are acknowledged. Errors:
    // limit (16 wait already).
    Result<void> send(std::uint32_t number, int status, std::string response);
    // Whether the PRACK is for the response that waits; else it is answered with 481.
    bool awaits(const RAck& rack) const;
    // Takes that one off, after the PRACK was answered, and sends the next. False: it was for another.
    bool acknowledge(const RAck& rack);
    bool waiting() const { return !queue_.empty(); }  // a 2xx with an answer in it must wait for the PRACK (RFC 3262 3)
    void stop();                                      // the final response ends them

  private:
    struct Response {
        std::uint32_t number;
        int status;
        std::string text;
    };
    void transmit();
    void repeat();
    void give_up();

    User& user_;
    ServerHandle& handle_;
    StackTimers& timers_;
    std::chrono::milliseconds t1_, linger_, interval_{};
    std::uint32_t number_;
    std::uint32_t cseq_ = 0;      // of the INVITE
    std::deque<Response> queue_;  // the first is on its way
    StackTimer repeat_{this, StackTimer::calls<&ReliableProvisionals::repeat>};
    StackTimer timeout_{this, StackTimer::calls<&ReliableProvisionals::give_up>};
};

// The receiving side of it, one for each early dialog.
class ReliableReceiver {
  public:
    enum class Verdict : std::uint8_t {
        fresh,   // PRACK it and look at it
        repeat,  // came before: the PRACK's transaction takes care
        early,   // one before it is missing: ignore, it will come again
    };
    Verdict receive(std::uint32_t rseq);

  private:
    std::optional<std::uint32_t> last_;
};

// Whose turn it is. One for each dialog with a session.
class NegotiationState {
  public:
    enum class Admission : std::uint8_t {
        yes,
        glare,      // 491: the own offer or INVITE is under way
        too_early,  // 500 with Retry-After: the last one is not answered yet
    };
    // For a re-INVITE, or an UPDATE or PRACK with an offer (`is_invite` false), that was received.
    Admission admit(bool is_invite) const;
    // Whether one may be sent now.
    bool may_invite() const { return !local_invite_ && !remote_invite_ && !local_offer_ && !remote_offer_; }
    bool may_offer() const { return !local_offer_ && !remote_offer_; }

    void invite_sent() { local_invite_ = true; }
    void invite_received() { remote_invite_ = true; }
    void invite_done() { local_invite_ = remote_invite_ = false; }  // final response sent or received (and ACKed)
    void offer_sent() { local_offer_ = true; }
    void offer_received() { remote_offer_ = true; }
    void offer_settled() { local_offer_ = remote_offer_ = false; }  // answered, or its request failed
    bool local_offer() const { return local_offer_; }
    bool remote_offer() const { return remote_offer_; }

    // How long to wait after a 491 before trying again (RFC 3261 14.1): 2.1 to 4 s for the side that made the Call-ID,
    // 0 to 2 s for the other, in steps of 10 ms. `random` is any number.
    static std::chrono::milliseconds retry_delay(bool made_call_id, std::uint64_t random);

  private:
    bool local_invite_ = false, remote_invite_ = false, local_offer_ = false, remote_offer_ = false;
};

}  // namespace jackfield::sip
