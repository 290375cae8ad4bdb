// Call pickup: somebody answers a call that rings elsewhere.
#pragma once

#include <functional>
#include <string_view>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"

namespace jackfield {

// Published before the two exchange their devices.
struct CallPickedUp {
    static constexpr std::string_view topic = "call.pickup";
    Channel& picker;
    Channel& ringing;
};

// Whether a call to `ringing` waits for an answer and is not `picker`'s own.
bool can_pick_up(const Channel& ringing, const Channel& picker);
// Whether `picker` is in one of the pickup groups that the call groups of `ringing` name, numbered (0-63, "1,3-5") or named.
bool shares_pickup_group(const Channel& ringing, const Channel& picker);
// The call ringing longest that can be picked up and that `matches`; null: none.
Channel* find_ringing(const Channel& picker, const std::function<bool(const Channel&)>& matches);
// `picker` answers in the place of the device that rings, which is hung up with answered_elsewhere. Afterwards `picker` stands for
// that device and has ended. Never waits. Errors: not_found (it rings no longer), those of answering.
Result<void> pick_up(Channel& ringing, Custody picker);

}  // namespace jackfield
