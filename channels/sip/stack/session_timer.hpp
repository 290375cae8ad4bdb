// Session timers (RFC 4028): how long a call lives without a refresh, and who refreshes it. Pure: the call has the clock and
// sends. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "channels/sip/stack/headers.hpp"
#include "channels/sip/stack/message.hpp"
#include "channels/sip/stack/message_writer.hpp"

namespace jackfield::sip {

enum class SessionTimerMode : std::uint8_t {
    no,
    yes,       // when the far side can
    required,  // calls without are refused
    always,    // we refresh alone when the far side can't
};

struct SessionTimerRules {
    SessionTimerMode mode = SessionTimerMode::yes;
    std::chrono::seconds expires{1800};  // asked for
    std::chrono::seconds minimum{90};    // shorter ones are refused with 422
};

class SessionTimer {
  public:
    static constexpr std::chrono::seconds absolute_minimum{90};  // RFC 4028 section 4

    explicit SessionTimer(const SessionTimerRules& rules) : rules_(rules), asked_(std::max(rules.expires, rules.minimum)), minimum_(rules.minimum) {}
    bool offered() const { return rules_.mode != SessionTimerMode::no; }  // whether Supported names timer

    // --- requests of ours: INVITE, re-INVITE, UPDATE -----------------------------------------------------------------------
    // Session-Expires, Min-SE and Require, as the session stands.
    void write_request(MessageWriter& writer, bool initial_invite) const;
    // A 2xx to one of them.
    void accepted(const Message& response);
    // A 422: true when the request can go again with what it asks for.
    bool raise(const Message& response);

    // --- requests of theirs -------------------------------------------------------------------------------------------------
    // 0; or the status that refuses the request: 420 (timer is required of us, and switched off), 421 (required of them), 422.
    int judge(const Message& request) const;
    void write_refusal(MessageWriter& writer, int status) const;  // the headers that belong to that status
    void accept(const Message& request);
    void write_response(MessageWriter& writer) const;             // of the 2xx to it

    // --- the session ----------------------------------------------------------------------------------------------------------
    bool running() const { return interval_ > std::chrono::seconds(0); }
    std::chrono::seconds interval() const { return interval_; }
    bool refresher() const { return we_refresh_; }
    // From the last 2xx on: when we refresh (only the refresher), and when the session has run out and is ended by BYE.
    std::optional<std::chrono::seconds> refresh_after() const;
    std::optional<std::chrono::seconds> expires_after() const;

  private:
    SessionTimerRules rules_;
    std::chrono::seconds asked_, minimum_;  // raised by 422
    std::chrono::seconds interval_{0};      // 0: none agreed upon
    bool we_refresh_ = false;
    bool answer_names_it_ = false, answer_requires_it_ = false;
};

}  // namespace jackfield::sip
