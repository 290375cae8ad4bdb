// Hang-up causes and SIP statuses (RFC 3398 sections 7.2.4.1 and 8.2.6.1, RFC 6432).
#pragma once

#include <string>

#include "channels/sip/stack/message.hpp"
#include "core/channel/cause.hpp"

namespace jackfield::sip {

int status_of(HangupCause cause);             // final status that refuses a call
HangupCause cause_of(int status);             // of a final status that refused ours
HangupCause cause_of(const Message& message); // its Reason header's Q.850 cause, else of its status (16 for a BYE)
std::string reason_header(HangupCause cause); // "Q.850;cause=16;text=\"Normal Clearing\""

}  // namespace jackfield::sip
