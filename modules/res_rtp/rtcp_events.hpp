// RTCPSent and RTCPReceived of the manager interface.
#pragma once

#include <atomic>

#include "core/module/module.hpp"
#include "modules/res_rtp/rtcp_report.hpp"

namespace jackfield {
class ManagerFields;
}

namespace jackfield::rtp {

// Whether anybody wants to hear of reports: media threads ask before they keep one. Any thread.
extern std::atomic<bool> rtcp_wanted;

// The lines of an event behind the channel's.
void add_rtcp_fields(ManagerFields& fields, const RtcpReport& report, bool sent);
Result<void> add_rtcp_events(Module& module);

}  // namespace jackfield::rtp
