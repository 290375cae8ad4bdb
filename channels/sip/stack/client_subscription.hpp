// The subscriber's half of one subscription of ours (RFC 6665 section 4.1): when to subscribe, refresh, again, and no more.
// Pure: what happened comes in by functions, what is to be done goes out as a Step; whoever owns it has the clock. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "channels/sip/stack/message.hpp"

namespace jackfield::sip {

struct SubscriptionRules {
    std::chrono::seconds expiration{3600};     // asked for
    std::chrono::seconds retry_interval{60};   // after no answer, refusals that may pass, and ends without a word when to come again

    bool operator==(const SubscriptionRules&) const = default;
};

class ClientSubscription {
  public:
    enum class State : std::uint8_t {
        idle,           // nothing was done yet
        subscribing,    // a SUBSCRIBE that makes a dialog is under way
        awaiting,       // it was granted, and the NOTIFY that has to follow has not come
        pending,        // the notifier has not decided yet whether we may
        active,
        waiting,        // refused, ended or unanswered; the next try is due some time
        rejected,       // refused for good, until start() is called
        unsubscribing,  // a SUBSCRIBE with Expires 0 is under way, or its last NOTIFY is awaited
        ended,
    };
    // What the owner is to do. A timer that runs is stopped or started anew by every step.
    struct Step {
        enum class Send : std::uint8_t {
            nothing,
            fresh,    // a SUBSCRIBE that makes a new dialog; look the server up first
            refresh,  // one within the dialog that there is
            repeat,   // the last one again, with what the response asked for
        } send = Send::nothing;
        std::chrono::seconds expires{0};               // of the SUBSCRIBE
        std::optional<std::chrono::milliseconds> wait; // call due() then
    };
    explicit ClientSubscription(const SubscriptionRules& rules) : rules_(rules), asked_(rules.expiration) {}

    Step start();
    Step end();       // Expires 0 where there is a dialog
    Step due();       // the time of Step::wait has passed
    // The final response to what was sent last. `authenticated`: to a 401 or 407, whether there are credentials that were not
    // refused before.
    Step responded(const Message& response, bool authenticated);
    Step unanswered();  // no server answered, could be sent to or found
    Step notified(std::string_view subscription_state);  // the header's value of a NOTIFY that was taken

    State state() const { return state_; }
    bool lives() const { return state_ == State::active || state_ == State::pending || state_ == State::awaiting; }
    int last_status() const { return last_status_; }           // of the last final response; 0: none, or no answer
    std::string_view reason() const { return reason_; }        // of the end that the notifier told; empty: it told none

    static constexpr std::chrono::seconds notify_wait{32};     // Timer N: for the NOTIFY after a 2xx, and the last one

  private:
    Step attempt(Step::Send send);
    Step accepted(const Message& response);
    Step again_soon();
    Step again_after(std::chrono::seconds interval);
    Step reject();
    Step renewal();

    SubscriptionRules rules_;
    State state_ = State::idle;
    std::chrono::seconds asked_;       // the expiration, or what a 423 made of it
    std::chrono::seconds granted_{0};
    bool under_way_ = false;           // a SUBSCRIBE without final response
    bool hurried_ = false;             // it began anew at once, and no refresh has shown since that it lasts
    std::uint8_t rounds_ = 0;          // requests of this attempt
    int last_status_ = 0;
    std::string_view reason_;          // one of the RFC's words
};

// "Active", "Pending", ... as the listings call the states.
std::string_view to_string(ClientSubscription::State state);

}  // namespace jackfield::sip
