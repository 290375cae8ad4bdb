// One publication of ours at somebody else's server (RFC 3903 section 4): when to publish, refresh, again, and no more. Pure:
// what happened comes in by functions, what is to be done goes out as a Step; whoever owns it has the clock. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "channels/sip/stack/message.hpp"

namespace jackfield::sip {

struct PublicationRules {
    std::chrono::seconds expiration{3600};     // asked for
    std::chrono::seconds retry_interval{60};   // after no answer and refusals that may pass
    unsigned max_auth_attempts = 5;            // challenges of one PUBLISH that are answered

    bool operator==(const PublicationRules&) const = default;
};

class ClientPublication {
  public:
    enum class State : std::uint8_t {
        idle,        // nothing was done yet
        publishing,  // a PUBLISH is under way
        published,
        waiting,     // refused or unanswered; the next try is due some time
        rejected,    // refused for good
        removing,    // a PUBLISH with Expires 0 is under way
        removed,
    };
    struct Step {
        enum class Send : std::uint8_t {
            nothing,
            state,    // with the present body; SIP-If-Match when there is an entity-tag
            refresh,  // without a body
            remove,   // Expires 0, without a body
            repeat,   // the last one again, with what the response asked for
        } send = Send::nothing;
        std::chrono::seconds expires{0};
        std::optional<std::chrono::milliseconds> wait; // call due() then
    };
    explicit ClientPublication(const PublicationRules& rules) : rules_(rules), asked_(rules.expiration) {}

    // There is another body than the one sent last; the first one begins the publication. Nothing: it goes on as it is, and what
    // is sent next will have it.
    std::optional<Step> changed();
    Step due();
    Step responded(const Message& response, bool authenticated);
    Step unanswered();
    // Ends it at the server. Of a PUBLISH that is under way the answer is waited for: it tells what there is to remove.
    Step remove();

    State state() const { return state_; }
    int last_status() const { return last_status_; }                 // of the last final response; 0: none, or no answer
    const std::string& entity_tag() const { return entity_tag_; }   // for SIP-If-Match; empty: nothing is published

  private:
    Step send_state();
    Step again_after(std::chrono::seconds interval);
    Step reject();

    PublicationRules rules_;
    State state_ = State::idle;
    std::chrono::seconds asked_, granted_{0};
    std::string entity_tag_;
    bool wanted_ = false;    // the body has changed since it was sent
    bool leaving_ = false;   // removed as soon as the PUBLISH under way is answered
    bool lost_ = false;      // a 412 was answered by the whole state, which may be done once
    unsigned rounds_ = 0;    // challenges and 423 of this PUBLISH
    int last_status_ = 0;
};

}  // namespace jackfield::sip
