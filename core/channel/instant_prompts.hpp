// Prompts without their time, for tests of a dialplan.
#pragma once

#include <functional>
#include <string_view>

#include "core/channel/channel.hpp"

namespace jackfield {

// From now on everything that is played to the channel has ended as soon as it began. Prompts are opened as ever, so that
// a missing one fails; each that can be opened is told to `heard`, on the channel's fiber, where it may not wait.
// Control thread.
void make_prompts_instant(Channel& channel, std::function<void(std::string_view prompt)> heard);

}  // namespace jackfield
