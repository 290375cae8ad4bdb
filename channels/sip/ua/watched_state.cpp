// Event sources by what is watched, and telling all who listen to one that it has changed.
#include "channels/sip/ua/watched_state.hpp"

#include <algorithm>

namespace jackfield::sip {

using namespace std::chrono_literals;

StateListener::~StateListener() {
    if (state_) state_->listeners_.remove(*this);
}

void StateListener::listen(std::shared_ptr<WatchedState> state) {
    if (state_) state_->listeners_.remove(*this);
    state_ = std::move(state);
    if (state_) state_->listeners_.add(*this);
}

WatchedStates::WatchedStates() : turn_([this] { tell(); }) {}
WatchedStates::~WatchedStates() = default;

std::shared_ptr<WatchedState> WatchedStates::find(EventPackage& package, const std::string& key) {
    auto& known = states_[{std::string(package.name()), key}];
    if (auto state = known.lock()) return state;
    auto state = std::make_shared<WatchedState>(*this, package, key);
    known = state;
    return state;
}

void WatchedStates::changed(WatchedState& state) {
    state.listeners_.restart();
    if (std::exchange(state.dirty_, true)) return;
    dirty_.push_back(&state);
    if (!turn_.running()) turn_.start(0ns);
}

void WatchedStates::forget(WatchedState& state) {
    std::erase(dirty_, &state);
    states_.erase({std::string(state.package_.name()), state.key_});
}

void WatchedStates::tell() {
    std::size_t allowance = slice;
    while (!dirty_.empty() && allowance > 0) {
        WatchedState* const state = dirty_.front();
        if (!state->tell(allowance)) break;
        if (dirty_.empty() || dirty_.front() != state) continue;  // it has gone with its last listener
        dirty_.erase(dirty_.begin());
        state->dirty_ = false;
    }
    if (!dirty_.empty()) turn_.start(1ms);
}

WatchedState::WatchedState(WatchedStates& owner, EventPackage& package, std::string key)
    : owner_(owner), package_(package), key_(std::move(key)), source_(package.open(key_, [this] { owner_.changed(*this); })) {}

WatchedState::~WatchedState() { owner_.forget(*this); }

bool WatchedState::tell(std::size_t& allowance) {
    const auto keep = listeners_.any() ? listeners_.any()->state_ : nullptr;  // while they end one after the other
    for (; allowance > 0 && !listeners_.done(); --allowance) listeners_.next()->on_state_changed();
    return listeners_.done();
}

}  // namespace jackfield::sip
