// One run of Dial: calls the destinations, waits for the first answer, passes early media and identities on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/dial/dial_options.hpp"
#include "core/channel/dial.hpp"

namespace jackfield::dial {

// Option d: the plan goes on at that extension of EXITCONTEXT or of the caller's context; false: there is none.
bool leave_by_digit(Channel& caller, char digit);

// Lives on the caller's fiber while the destinations ring.
class DialCall {
  public:
    DialCall(Channel& caller, const DialOptions& options) : caller_(caller), options_(options) {}
    ~DialCall();

    // Starts a leg for each destination. Those that fail at once count towards the outcome. Waits.
    Result<void> start(std::string_view destinations);
    // Waits until one has answered (its channel is returned) or none can any more (empty; see outcome()).
    // Errors: hangup and its like.
    Result<Custody> wait();

    DialOutcome outcome() const { return outcome_; }
    HangupCause cause() const { return cause_; }
    const std::string& answered_dial_string() const { return answered_; }

  private:
    Result<void> start_leg(DialRequest request);
    void prepare(Channel& called);
    Result<bool> handle_events(std::size_t place);   // true: that leg has answered
    Result<void> forward(std::size_t place, const std::string& destination);
    void early_media(DialLeg& leg);
    void note_failure(HangupCause cause);
    void drop(std::size_t place);
    Result<bool> caller_digit();                     // true: the call is to be ended (d, H)
    void end_others(DialLeg* winner);

    Channel& caller_;
    const DialOptions& options_;
    std::vector<std::unique_ptr<DialLeg>> legs_;
    ChannelId early_;                                // whose early media the caller hears
    bool rang_ = false, saw_busy_ = false, saw_congestion_ = false, saw_no_answer_ = false;
    unsigned forwards_ = 0;
    DialOutcome outcome_ = DialOutcome::chan_unavail;
    HangupCause cause_ = HangupCause::not_defined;
    std::string answered_;
};

}  // namespace jackfield::dial
