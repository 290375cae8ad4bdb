#include "modules/res_ccss/call_watch.hpp"

#include <utility>

#include "core/channel/dial.hpp"
#include "core/runtime/control.hpp"

namespace jackfield::ccss {

CallWatch::CallWatch(const Settings& settings, Offer offer) : settings_(settings), offer_(std::move(offer)) {
    subscriptions_.push_back(subscribe<DialStateChanged>([this](const DialStateChanged& event) { rings(event); }));
    subscriptions_.push_back(subscribe<DialEnded>([this](const DialEnded& event) { ended(event); }));
    subscriptions_.push_back(subscribe<ChannelHungUp>([this](const ChannelHungUp& event) {
        if (attempts_.contains(event.channel.id().number)) settle_later(event.channel.id(), true);
    }));
}

const Parameters& CallWatch::parameters(const Channel& channel) {
    const Parameters* own = own_.find(channel);
    return own ? *own : settings_.of(device_of(channel.name()));
}

Parameters& CallWatch::own_parameters(const Channel& channel) {
    if (Parameters* own = own_.find(channel)) return *own;
    return own_.of(channel) = settings_.of(device_of(channel.name()));
}

bool CallWatch::wanted(const Channel& caller) {
    if (own_.begin() == own_.end() && settings_.devices.empty()) return false;
    return parameters(caller).agent != AgentPolicy::never;
}

CallWatch::Attempt& CallWatch::attempt(Channel& caller) {
    const auto [place, fresh] = attempts_.try_emplace(caller.id().number);
    if (fresh) place->second = {std::string(device_of(caller.name())), caller.place(), parameters(caller), {}, {}, false};
    return place->second;
}

void CallWatch::rings(const DialStateChanged& event) {
    if (!event.caller || event.status != "RINGING" || !wanted(*event.caller)) return;
    attempt(*event.caller).rang.insert(event.called.id().number);
}

void CallWatch::ended(const DialEnded& event) {
    if (!event.caller || !wanted(*event.caller)) return;
    Attempt& calls = attempt(*event.caller);
    const bool rang = calls.rang.erase(event.called.id().number) != 0;
    const bool busy = event.status == "BUSY", no_reply = rang && (event.status == "NOANSWER" || event.status == "CANCEL");
    if (event.status == "ANSWER") calls.answered = true;
    if ((busy || no_reply) && calls.called.size() < most_called) {
        const Parameters& called = parameters(event.called);
        if (called.monitor == MonitorPolicy::generic || called.monitor == MonitorPolicy::always)
            calls.called.push_back({std::string(device_of(event.called.name())), busy ? CompletionService::busy : CompletionService::no_reply, called, false, nullptr});
    }
    settle_later(event.caller->id(), false);
}

void CallWatch::settle_later(ChannelId caller, bool for_good) {
    post([this, caller, for_good, alive = std::weak_ptr(alive_)] {
        if (alive.lock()) settle(caller, for_good);
    });
}

void CallWatch::settle(ChannelId caller, bool for_good) {
    const auto found = attempts_.find(caller.number);
    if (found == attempts_.end()) return;
    bool calls = false;
    for_each_dial_leg([&](DialLeg& leg) { calls |= leg.caller() == caller; });
    if (calls && !for_good) return;  // the end of the last one comes here again
    Attempt done = std::move(attempts_.extract(found).mapped());
    if (!done.answered && !done.called.empty())
        offer_(std::move(done.caller), std::move(done.place), std::move(done.agent), std::move(done.called));
}

}  // namespace jackfield::ccss
