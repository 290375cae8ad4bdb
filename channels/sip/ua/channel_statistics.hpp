// What is known of the media of SIP calls: pjsip show channelstats.
#pragma once

#include "core/module/module.hpp"

namespace jackfield::sip {

Result<void> add_channel_statistics(Module& module);

}  // namespace jackfield::sip
