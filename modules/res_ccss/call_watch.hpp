// Sees calls that reach nobody, and offers their completion.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/channel/channel_events.hpp"
#include "core/channel/per_channel.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_ccss/completions.hpp"

namespace jackfield::ccss {

// Control thread. Calls whose caller may not ask for completion cost a look into two tables that are empty as a rule.
class CallWatch {
  public:
    using Offer = std::function<void(std::string caller, Place place, Parameters agent, std::vector<Monitored> called)>;
    CallWatch(const Settings& settings, Offer offer);

    // What CALLCOMPLETION shows and sets: until it is set, the device's.
    const Parameters& parameters(const Channel& channel);
    Parameters& own_parameters(const Channel& channel);
    // Offers what the channel's calls have left, now and not in a later turn. `for_good`: even if some go on.
    void settle(ChannelId caller, bool for_good = false);

  private:
    // The calls of one caller since somebody was reached or completion was offered.
    struct Attempt {
        std::string caller;
        Place place;
        Parameters agent;
        std::vector<Monitored> called;
        std::set<std::uint64_t> rang;  // numbers of channels
        bool answered = false;
    };
    static constexpr std::size_t most_called = 32;  // devices of one offer

    bool wanted(const Channel& caller);
    Attempt& attempt(Channel& caller);
    void rings(const DialStateChanged& event);
    void ended(const DialEnded& event);
    void settle_later(ChannelId caller, bool for_good);

    const Settings& settings_;
    Offer offer_;
    PerChannel<Parameters> own_;
    std::map<std::uint64_t, Attempt> attempts_;  // by the caller's number; for as long as it calls
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // jobs of a later turn ask whether there is still somebody to do them for
    std::vector<Subscription> subscriptions_;
};

}  // namespace jackfield::ccss
