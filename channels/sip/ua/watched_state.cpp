// Event sources by what is watched, and telling all who listen to one that it has changed.
#include "channels/sip/ua/watched_state.hpp"

#include <algorithm>

namespace jackfield::sip {

using namespace std::chrono_literals;

StateListener::~StateListener() {
    if (state_) state_->remove(*this);
}

void StateListener::listen(std::shared_ptr<WatchedState> state) {
    if (state_) state_->remove(*this);
    state_ = std::move(state);
    if (state_) state_->add(*this);
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
    state.told_ = 0;
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

void WatchedState::add(StateListener& listener) {
    listener.place_ = listeners_.size();
    listeners_.push_back(&listener);
}

// Its place is filled by one of the same kind, told or not told; the gap that that leaves by the last one.
void WatchedState::remove(StateListener& listener) {
    const auto fill = [&](std::size_t gap, std::size_t from) {
        listeners_[gap] = listeners_[from];
        listeners_[gap]->place_ = gap;
        return from;
    };
    std::size_t gap = listener.place_;
    if (gap < told_) gap = fill(gap, --told_);
    fill(gap, listeners_.size() - 1);
    listeners_.pop_back();
}

bool WatchedState::tell(std::size_t& allowance) {
    const auto keep = listeners_.empty() ? nullptr : listeners_.front()->state_;  // while they end one after the other
    while (told_ < listeners_.size() && allowance > 0) {
        --allowance;
        listeners_[told_++]->on_state_changed();
    }
    return told_ >= listeners_.size();
}

}  // namespace jackfield::sip
