// What is known of the media of SIP calls: pjsip show channelstats.
#pragma once

#include <string>

#include "core/module/module.hpp"
#include "modules/res_rtp/rtcp_report.hpp"

namespace jackfield::sip {

// What the far side has told in RTCP XR (RFC 3611), as name=value;...; what is not available is left out. Empty: nothing.
std::string describe_extended(const ExtendedReport& told);
Result<void> add_channel_statistics(Module& module);

}  // namespace jackfield::sip
