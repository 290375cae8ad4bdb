// Dialing: several destinations at once, each a leg with events of its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"

namespace jackfield {

// One destination that is being called.
class DialLeg {
  public:
    enum class State : unsigned char { calling, proceeding, ringing, progress, answered, failed };
    // Makes the channel (Channel::request) and calls it. Waits. Errors: the driver's; `cause` says why.
    static Result<std::unique_ptr<DialLeg>> start(DialRequest request, HangupCause& cause,
                                                  const std::function<void(Channel&)>& prepare = {});
    ~DialLeg();  // hangs up what was not answered and taken, with `cancel_cause`

    State state() const { return state_; }
    Channel& channel() const { return custody_.channel(); }
    Waitable& events() { return custody_->events(); }           // ready: call next_event()
    // Takes the next event and moves the state; empty when there is none.
    std::optional<ChannelEvent> next_event();
    // Custody of the answered channel; `holder` names who has it from now on. channel() must not be called after it.
    Custody take(std::string holder = "dialled");
    // Another call answers in this one's place (pickup): the two exchange drivers and names, the leg reads as answered,
    // and the device that rang is hung up with answered_elsewhere. Never waits. Errors: those of answering.
    Result<void> substitute(Custody picking);
    HangupCause cause() const { return cause_; }                 // why it failed
    const std::string& dial_string() const { return dial_string_; }
    ChannelId caller() const { return caller_; }                 // whom the call is for; none: nobody
    HangupCause cancel_cause = HangupCause::normal_clearing;     // answered_elsewhere when another leg won
    bool ignore_forward = false;

  private:
    DialLeg();
    void leave_list();
    friend DialLeg* dial_leg_of(const Channel&);
    friend void for_each_dial_leg(const std::function<void(DialLeg&)>&);
    void finish(State state, std::string_view status);           // publishes DialEnded, once
    std::string dial_string_;
    Custody custody_;
    ChannelId caller_;
    State state_ = State::calling;
    HangupCause cause_ = HangupCause::not_defined;
    bool told_end_ = false, listed_ = false;
    DialLeg *previous_ = nullptr, *next_ = nullptr;              // in the list of those that have not been taken
};

// The leg by which that channel is being called; null when it is not, or not any more. Gone after a wait.
DialLeg* dial_leg_of(const Channel& channel);
// All legs that have not been taken; `visit` must not start or end one.
void for_each_dial_leg(const std::function<void(DialLeg&)>& visit);

// "PJSIP/6001&SIP/trunk/555" to its parts; technology and destination split. Errors: invalid naming the part.
Result<std::vector<DialRequest>> parse_dial_string(std::string_view text);
// One request for each contact that the drivers make of the parts' destinations (ChannelDriver::expand).
std::vector<DialRequest> expand_contacts(const std::vector<DialRequest>& requests);

enum class DialOutcome : unsigned char { answer, busy, no_answer, congestion, chan_unavail, cancel, invalid_args, dont_call, torture };
std::string_view to_string(DialOutcome outcome);                 // DIALSTATUS: "ANSWER", "NOANSWER", "CHANUNAVAIL", ...
DialOutcome outcome_of(HangupCause cause);

// Calls `destination` and returns the channel once it has answered; for Originate and click to dial. Waits.
Result<Custody> originate(DialRequest request, std::chrono::milliseconds timeout, DialOutcome& outcome,
                          const std::function<void(Channel&)>& prepare = {});

}  // namespace jackfield
