// Unique ids that come from outside, so that who originates a call can name it before it is there.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace jackfield {

class Channel;

// Gives a channel that was just made another unique id, and the same linked id if it had its own. Before anybody has heard
// of the channel: in the turn in which it was made (DialLeg::start's `prepare`). Errors: exists (another channel has it),
// invalid (the channel is known already, or the id is empty or longer than 149 characters).
Result<void> assign_unique_id(Channel& channel, std::string id);

}  // namespace jackfield
