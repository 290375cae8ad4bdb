#include "channels/sip/ua/server_search.hpp"

#include <utility>

#include "channels/sip/ua/user_agent.hpp"
#include "core/base/log.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::sip {

void ServerSearch::begin(UserAgent& agent, TaskGroup& fibers, Wanted wanted, std::shared_ptr<void> owner, std::move_only_function<void(bool found)> then) {
    object_ = wanted.object;
    // What follows may need `then` here, if there is no fiber.
    const auto shared = std::make_shared<std::move_only_function<void(bool found)>>(std::move(then));
    const std::uint64_t mine = ++searches_;
    const auto spawned = fibers.spawn(object_, [this, &agent, mine, wanted = std::move(wanted), owner = std::move(owner), shared] {
        const std::string& next = wanted.outbound_proxy.empty() ? wanted.uri : wanted.outbound_proxy;
        auto found = agent.targets(next, wanted.transport, wanted.uri);
        if (searches_ != mine) return;
        flows_ = found ? std::move(*found) : std::vector<Flow>();
        place_ = 0;
        if (!found) {
            if (ends_application(found.error().code)) return;
            log_warning("{}: {} can't be found: {}", object_, next, found.error().text);
        }
        (*shared)(this->found());
    });
    if (spawned) return;
    log_warning("{}: {}", object_, spawned.error().text);
    (*shared)(false);
}

void ServerSearch::forget() {
    ++searches_;
    flows_.clear();
    place_ = 0;
}

bool ServerSearch::next() {
    if (place_ + 1 >= flows_.size()) return false;
    log_notice("{}: {} does not answer, trying {}", object_, flows_[place_].remote.to_string(), flows_[place_ + 1].remote.to_string());
    ++place_;
    return true;
}

}  // namespace jackfield::sip
