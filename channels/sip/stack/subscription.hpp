// The notifier's half of one subscription (RFC 6665 section 4.2): how long it lasts, when a NOTIFY goes out, when it is
// over. Pure; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "channels/sip/stack/timers.hpp"

namespace jackfield::sip {

// Why a subscription ends; the reason of its last NOTIFY (RFC 6665 4.1.3).
enum class SubscriptionEnd : std::uint8_t { deactivated, probation, rejected, timeout, giveup, noresource, invariant };
std::string_view to_string(SubscriptionEnd reason);

// What a SUBSCRIBE may ask for.
struct SubscriptionTimes {
    std::chrono::seconds minimum{60};      // shorter ones are refused with 423
    std::chrono::seconds maximum{86400};   // longer ones are shortened
    std::chrono::seconds standard{3600};   // of a SUBSCRIBE without Expires: the package says
};
// The duration granted to an Expires value; zero is a fetch or an unsubscription. Nothing: 423 with Min-Expires.
std::optional<std::chrono::seconds> grant(std::optional<std::uint32_t> expires, const SubscriptionTimes& times);

// One NOTIFY is under way at a time, and those that change nothing any more are never sent: whatever happens meanwhile goes
// into the next one, whose body is made when it is sent.
class NotifierSubscription {
  public:
    class User {
      public:
        // Sends a NOTIFY with this Subscription-State value; then answered() or failed() tells how it went, in a later turn.
        virtual void send_notify(std::string_view subscription_state) = 0;
        // Nothing more is sent. Called last; the subscription may not be destroyed from here.
        virtual void on_subscription_over() = 0;

      protected:
        ~User() = default;
    };
    // `interval`: between two NOTIFYs about changes; those that answer a SUBSCRIBE or end the subscription don't wait.
    NotifierSubscription(User& user, StackTimers& timers, std::chrono::milliseconds interval)
        : user_(user), timers_(timers), interval_(interval) {}

    // After the 2xx to a SUBSCRIBE that grants `expires`: the state is told at once, with zero for the last time.
    void refresh(std::chrono::seconds expires);
    void changed();
    // Tells that it is over. With `retry_after` (probation, giveup) the subscriber may come again after that time.
    void terminate(SubscriptionEnd reason, std::chrono::seconds retry_after = {});
    // The final response to the NOTIFY that is under way. A refusal ends the subscription unless Retry-After came with it.
    void answered(int status, std::optional<std::chrono::seconds> retry_after = {});
    void failed();  // no response, or it could not be sent

    bool over() const { return state_ == State::over; }
    bool terminating() const { return state_ != State::active; }
    std::chrono::seconds remaining() const;  // rounded up; zero when it is terminating
    std::string_view state_name() const;     // "ACTIVE", "TERMINATED", as pjsip show subscriptions has it

  private:
    enum class State : std::uint8_t { active, terminating, over };
    void wait_for_expiry();
    void on_expiry();
    void on_pause_over();
    void send();
    void end();

    User& user_;
    StackTimers& timers_;
    std::chrono::milliseconds interval_;
    State state_ = State::active;
    bool under_way_ = false;  // a NOTIFY without final response
    bool wanted_ = false;     // another one has to follow it
    SubscriptionEnd reason_ = SubscriptionEnd::timeout;
    std::chrono::seconds retry_after_{0};
    Instant expires_{};
    StackTimer expiry_{this, StackTimer::calls<&NotifierSubscription::on_expiry>};
    StackTimer pause_{this, StackTimer::calls<&NotifierSubscription::on_pause_over>};
};

}  // namespace jackfield::sip
