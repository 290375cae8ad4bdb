// Call pickup: somebody answers a call that rings elsewhere.
#include "core/channel/pickup.hpp"

#include <cstdint>

#include "core/base/strings.hpp"
#include "core/channel/dial.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield {
namespace {

constexpr unsigned most_groups = 64;

// "1,3-5" as bits; what is no number from 0 to 63 counts for nothing.
std::uint64_t numbered_groups(std::string_view text) {
    std::uint64_t groups = 0;
    for (const auto part : split_list(text)) {
        const Halves range = split_once(part, '-');
        const auto first = parse_number<unsigned>(trim(range.first));
        const auto last = range.found ? parse_number<unsigned>(trim(range.second)) : first;
        if (!first || !last) continue;
        for (unsigned group = *first; group <= *last && group < most_groups; ++group) groups |= std::uint64_t(1) << group;
    }
    return groups;
}

bool share_a_name(std::string_view some, std::string_view others) {
    if (some.empty() || others.empty()) return false;
    for (const auto one : split_list(some))
        for (const auto other : split_list(others))
            if (equals_ignoring_case(one, other)) return true;
    return false;
}

bool waits_for(const DialLeg& leg, const Channel& picker) {
    const Channel& ringing = leg.channel();
    return &ringing != &picker && !ringing.hung_up() && !ringing.bridge() && leg.state() != DialLeg::State::answered &&
           leg.state() != DialLeg::State::failed && leg.caller() != picker.id();
}

}  // namespace

bool shares_pickup_group(const Channel& ringing, const Channel& picker) {
    const auto& called = ringing.attributes();
    const auto& picking = picker.attributes();
    return (numbered_groups(called.call_groups) & numbered_groups(picking.pickup_groups)) != 0 ||
           share_a_name(called.named_call_groups, picking.named_pickup_groups);
}

bool can_pick_up(const Channel& ringing, const Channel& picker) {
    const DialLeg* leg = dial_leg_of(ringing);
    return leg && waits_for(*leg, picker);
}

Channel* find_ringing(const Channel& picker, const std::function<bool(const Channel&)>& matches) {
    Channel* oldest = nullptr;
    for_each_dial_leg([&](DialLeg& leg) {
        Channel& ringing = leg.channel();
        if (!waits_for(leg, picker) || !matches(ringing)) return;
        if (!oldest || ringing.id().number < oldest->id().number) oldest = &ringing;
    });
    return oldest;
}

Result<void> pick_up(Channel& ringing, Custody picker) {
    if (!can_pick_up(ringing, picker.channel())) return fail(ErrorCode::not_found, "{} rings no longer", ringing.name());
    log_verbose(3, "{} picks up the call to {}", picker->name(), ringing.name());
    publish(CallPickedUp{picker.channel(), ringing});
    return dial_leg_of(ringing)->substitute(std::move(picker));
}

}  // namespace jackfield
