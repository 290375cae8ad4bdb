// One registration of ours at somebody else's registrar (RFC 3261 section 10.2): when to register, again, and no more. Pure:
// what happened comes in by functions, what is to be done goes out as a Step; whoever owns it has the clock. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "channels/sip/stack/headers.hpp"
#include "channels/sip/stack/message.hpp"

namespace jackfield::sip {

// When to try again after a failure; as the options of type=registration say.
struct RegistrationRules {
    std::chrono::seconds expiration{3600};             // asked for
    std::chrono::seconds retry_interval{60};           // after no answer and 408, 480, 486, 500, 502, 503, 504, 600; 0: never
    std::chrono::seconds forbidden_retry_interval{0};  // after 403; 0: as after others
    std::chrono::seconds fatal_retry_interval{0};      // after all others; 0: never
    std::uint32_t max_retries = 10;                    // failures in a row after the first that are tried again
    std::chrono::seconds max_random_initial_delay{10};
    bool auth_rejection_permanent = true;              // wrong credentials are not tried again
    bool flow_recovery = false;                        // a flow that failed is tried again as RFC 5626 section 4.5 has it

    bool operator==(const RegistrationRules&) const = default;
};

// How long to wait before a flow is tried again (RFC 5626 section 4.5): `base` doubled by each failure in a row, at most 30
// minutes; 50 to 100 % of that by chance. Not at all before the first. `random`: any number.
std::chrono::milliseconds flow_recovery_time(std::uint32_t failures, std::chrono::milliseconds base, std::uint64_t random);

// What decides, with flow_recovery, when a failed flow is tried again: the RFC's 30 s (half of retry_interval) are doubled, or
// its 90 s when others work.
struct FlowRecovery {
    bool others_work = false;  // other flows of that address of record are registered
    std::uint64_t random = 0;  // any number
};

class ClientRegistration {
  public:
    enum class State : std::uint8_t {
        unregistered,   // nothing was done yet, or it was undone
        starting,       // the first try is put off by chance
        registering,    // a REGISTER is under way
        registered,
        waiting,        // refused or unanswered; the next try is due some time
        rejected,       // refused for good, until start() is called
        unregistering,  // a REGISTER with Expires 0 is under way
    };
    // What the owner is to do. A timer that runs is stopped or started anew by every step.
    struct Step {
        enum class Send : std::uint8_t {
            nothing,
            fresh,   // a new REGISTER; look the server up first
            repeat,  // the same at the same server, with what the response asked for
        } send = Send::nothing;
        std::chrono::seconds expires{0};               // of the REGISTER
        std::optional<std::chrono::milliseconds> wait; // call due() then
    };
    explicit ClientRegistration(const RegistrationRules& rules) : rules_(rules), asked_(rules.expiration) {}

    // `random`: any number; it spreads the first tries of many registrations over max_random_initial_delay.
    Step start(std::uint64_t random);
    Step start_now();    // by command: at once
    // The connection by which it is registered has ended: as start(). After less than retry_interval of life not before that
    // time, so that a server which closes every connection is not asked without end; with flow_recovery, one that lived less than
    // twice that counts as a failure.
    Step lost(std::chrono::seconds life, const FlowRecovery& recovery);
    Step unregister();   // also when nothing is registered: the server may have a binding of an earlier life
    Step due();          // the time of Step::wait has passed
    // The final response to what was sent last. `granted`: expiry of our contact in a 2xx; nothing: it names none.
    // `authenticated`: to a 401 or 407, whether there are credentials that were not refused before.
    Step responded(const Message& response, std::optional<std::chrono::seconds> granted, bool authenticated);
    Step unanswered(const FlowRecovery& recovery = {});  // no server answered, could be sent to or found

    State state() const { return state_; }
    std::uint32_t failures() const { return failures_; }       // in a row
    int last_status() const { return last_status_; }           // of the last final response; 0: none, or no answer
    std::chrono::seconds granted() const { return granted_; }  // while registered

    // How long before its end a registration of this length is renewed: a tenth of it, at most 40 s, so that a registrar which
    // does not answer (32 s) can be asked once more.
    static std::chrono::milliseconds margin(std::chrono::seconds expiry);

  private:
    Step attempt(Step::Send send);
    Step succeeded(std::optional<std::chrono::seconds> granted);
    std::chrono::milliseconds recovery_time(std::uint32_t failures, const FlowRecovery& recovery) const;
    Step failed(std::chrono::milliseconds interval, std::optional<std::chrono::seconds> asked_to_wait);

    RegistrationRules rules_;
    State state_ = State::unregistered;
    std::chrono::seconds asked_;      // the expiration, or what a 423 made of it
    std::chrono::seconds granted_{0};
    std::uint32_t failures_ = 0;
    std::uint32_t brief_ = 0;         // connections in a row that lived too short
    std::uint8_t rounds_ = 0;         // requests of this attempt
    int last_status_ = 0;
};

// "Registered", "Unregistered", "Rejected": as CLI and management call the states.
std::string_view to_string(ClientRegistration::State state);

// The expiry that a 2xx to a REGISTER gives `contact` (its URI, compared as RFC 3261 19.1.4 says, or as written): that of
// its Contact, else the Expires header. Nothing when the response does not name the contact.
std::optional<std::chrono::seconds> granted_expiry(const Message& response, std::string_view contact);
// The public GRUU that it gives that contact (RFC 5627 section 4.2); empty: none, or no SIP URI with gr.
std::string granted_gruu(const Message& response, std::string_view contact);

}  // namespace jackfield::sip
