#include "modules/res_ccss/completions.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"

namespace jackfield::ccss {
namespace {

bool is_free(DeviceState state) { return state == DeviceState::not_in_use || state == DeviceState::unknown; }

bool was_requested(const Completion& completion) { return completion.state >= State::requested; }

bool same(std::string_view one, std::string_view other) { return equals_ignoring_case(one, other); }

}  // namespace

std::string_view to_string(CompletionService service) { return service == CompletionService::busy ? "CCBS" : "CCNR"; }

const Completion* Completions::find(unsigned id) const {
    const auto found = std::ranges::find(all_, id, [](const auto& each) { return each->id; });
    return found == all_.end() ? nullptr : found->get();
}
Completion* Completions::entry(unsigned id) { return const_cast<Completion*>(find(id)); }

Completion* Completions::newest(std::string_view caller, bool offered_only) {
    for (auto each = all_.rbegin(); each != all_.rend(); ++each)
        if (same((*each)->caller, caller) && (!offered_only || (*each)->state == State::offered)) return each->get();
    return nullptr;
}

std::size_t Completions::requested(std::string_view caller) const {
    return static_cast<std::size_t>(std::ranges::count_if(all_, [&](const auto& each) {
        return was_requested(*each) && (caller.empty() || same(each->caller, caller));
    }));
}

std::size_t Completions::watched(std::string_view device) const {
    return static_cast<std::size_t>(std::ranges::count_if(all_, [&](const auto& each) {
        return was_requested(*each) && std::ranges::any_of(each->called, [&](const Monitored& one) { return same(one.device, device); });
    }));
}

void Completions::enter(Completion& completion, State state) {
    log_verbose(3, "Call completion {} of {}: {}", completion.id, completion.caller, describe(state));
    completion.state = state;
    surroundings_.state_changed(completion.caller);
}

void Completions::end(unsigned id, State state) {
    const auto found = std::ranges::find(all_, id, [](const auto& each) { return each->id; });
    if (found == all_.end()) return;
    const std::unique_ptr<Completion> ended = std::move(*found);
    all_.erase(found);
    enter(*ended, state);
    for (const Monitored& one : ended->called) serve(one.device, true);
}

unsigned Completions::offer(std::string caller, Place place, Parameters agent, std::vector<Monitored> called) {
    const auto old = std::ranges::find_if(all_, [&](const auto& each) {
        return each->state == State::offered && same(each->caller, caller) && each->place.context == place.context &&
               each->place.extension == place.extension;
    });
    if (old != all_.end()) all_.erase(old);
    if (all_.size() - requested({}) >= most_offers) {
        log_warning("No call completion is offered to {}: {} offers are open", caller, most_offers);
        return 0;
    }
    auto made = std::make_unique<Completion>();
    Completion& completion = *made;
    completion.id = ++last_id_;
    completion.caller = std::move(caller);
    completion.place = std::move(place);
    completion.agent = std::move(agent);
    completion.called = std::move(called);
    all_.push_back(std::move(made));
    for (const Monitored& one : completion.called) surroundings_.tell("CCAvailable", completion, one.device, to_string(one.service));
    enter(completion, State::offered);
    completion.offer = std::make_unique<Timer>([this, id = completion.id] { failed(id, "The caller did not ask for it in time"); });
    completion.offer->start(completion.agent.offer_timer);
    surroundings_.tell("CCOfferTimerStart", completion, {}, std::to_string(completion.agent.offer_timer.count()));
    return completion.id;
}

Completions::Refusal Completions::request(std::string_view caller, unsigned most_requests) {
    Completion* completion = newest(caller, true);
    if (!completion) return Refusal::no_core_instance;
    if (completion->agent.agent != AgentPolicy::generic) return Refusal::not_generic;
    if (requested({}) >= most_requests || requested(caller) >= completion->agent.max_agents) return Refusal::too_many_requests;
    std::erase_if(completion->called, [&](const Monitored& one) { return watched(one.device) >= one.parameters.max_monitors; });
    if (completion->called.empty()) {
        failed(completion->id, "Too many wait for the same devices");
        return Refusal::too_many_requests;
    }
    completion->offer.reset();
    enter(*completion, State::requested);
    std::string devices;
    for (const Monitored& one : completion->called) devices += (devices.empty() ? "" : "&") + one.device;
    surroundings_.tell("CCRequested", *completion, devices);
    for (Monitored& one : completion->called) {
        one.ready = one.service == CompletionService::busy || !is_free(surroundings_.state_of(one.device));
        one.available = std::make_unique<Timer>([this, id = completion->id, device = one.device] { watch_ended(id, device); });
        one.available->start(one.service == CompletionService::busy ? one.parameters.busy_timer : one.parameters.no_reply_timer);
    }
    completion->glance = std::make_unique<Timer>([this, id = completion->id] { look_again(id); });
    enter(*completion, State::active);
    surroundings_.tell("CCRequestAcknowledged", *completion);
    serve_all(*completion, true);
    return Refusal::none;
}

Completions::Refusal Completions::cancel(std::string_view caller) {
    const Completion* completion = newest(caller, false);
    if (!completion) return Refusal::no_core_instance;
    if (completion->agent.agent != AgentPolicy::generic) return Refusal::not_generic;
    failed(completion->id, "The caller no longer wants it");
    return Refusal::none;
}

bool Completions::cancel(unsigned id) {
    if (!find(id)) return false;
    failed(id, "Cancelled by the administrator");
    return true;
}

void Completions::failed(unsigned id, std::string_view reason) {
    const Completion* completion = find(id);
    if (!completion) return;
    surroundings_.tell("CCFailure", *completion, {}, reason);
    end(id, State::failed);
}

void Completions::recalled(unsigned id) {
    const Completion* completion = find(id);
    if (!completion) return;
    surroundings_.tell("CCRecallComplete", *completion);
    end(id, State::complete);
}

void Completions::watch_ended(unsigned id, std::string device) {
    Completion* completion = entry(id);
    if (!completion || completion->state == State::recalling) return;
    surroundings_.tell("CCMonitorFailed", *completion, device);
    std::erase_if(completion->called, [&](const Monitored& one) { return same(one.device, device); });
    if (completion->called.empty()) failed(id, "None of the devices became free in time");
}

void Completions::look_again(unsigned id) {
    Completion* completion = entry(id);
    if (!completion) return;
    if (completion->state == State::active) serve_all(*completion, false);
    else if (completion->state == State::caller_busy && is_free(surroundings_.state_of(completion->caller))) caller_is_free(*completion);
}

void Completions::caller_is_free(Completion& completion) {
    surroundings_.tell("CCCallerStopMonitoring", completion);
    enter(completion, State::active);
    serve_all(completion, true);
}

void Completions::serve_all(const Completion& completion, bool again) {
    std::vector<std::string> devices;  // what is called may end the completion
    for (const Monitored& one : completion.called) devices.push_back(one.device);
    for (const std::string& device : devices) serve(device, again);
}

void Completions::serve(const std::string& device, bool again) {
    const auto watches = [&](const Completion& completion, bool ready_only) {
        return std::ranges::any_of(completion.called, [&](const Monitored& one) {
            return same(one.device, device) && (one.ready || !ready_only);
        });
    };
    // One at a time: the others would find it busy again.
    if (std::ranges::any_of(all_, [&](const auto& each) { return each->state == State::recalling && watches(*each, false); })) return;
    constexpr auto glance_after = std::chrono::milliseconds(100);
    if (!is_free(surroundings_.state_of(device))) {
        for (const auto& each : all_)
            if (again && each->state == State::active && watches(*each, true)) each->glance->start(glance_after);
        return;
    }
    for (const auto& each : all_) {
        if (each->state != State::active || !watches(*each, true)) continue;
        enter(*each, State::callee_ready);
        if (!is_free(surroundings_.state_of(each->caller))) {
            enter(*each, State::caller_busy);
            surroundings_.tell("CCCallerStartMonitoring", *each);
            each->glance->start(glance_after);
            continue;
        }
        enter(*each, State::recalling);
        surroundings_.tell("CCCallerRecalling", *each);
        return surroundings_.recall(*each);  // `all_` may be another then
    }
}

void Completions::device_changed(std::string_view changed, DeviceState state) {
    bool watched_here = false;
    for (const auto& each : all_) {
        if (!was_requested(*each)) continue;
        for (Monitored& one : each->called) {
            if (!same(one.device, changed)) continue;
            watched_here = true;
            one.ready |= !is_free(state);
        }
    }
    if (!is_free(state)) return;
    if (watched_here) serve(std::string(changed), true);
    std::vector<unsigned> waiting;
    for (const auto& each : all_)
        if (each->state == State::caller_busy && same(each->caller, changed)) waiting.push_back(each->id);
    for (const unsigned id : waiting) {
        Completion* completion = entry(id);
        if (!completion || completion->state != State::caller_busy) continue;
        caller_is_free(*completion);
    }
}

State Completions::state_of(std::string_view caller, bool& any) const {
    any = false;
    State state = State::available;
    for (const auto& each : all_) {
        if (!same(each->caller, caller)) continue;
        any = true;
        state = each->state;
    }
    return state;
}

}  // namespace jackfield::ccss
