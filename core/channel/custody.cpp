// Custody: tokens that move, and what happens to a channel when its last holder lets go.
#include "core/channel/custody.hpp"

#include "core/channel/channel.hpp"
#include "core/channel/channel_private.hpp"

namespace jackfield {

Custody& Custody::operator=(Custody&& other) noexcept {
    if (this != &other) {
        release();
        state_ = std::move(other.state_);
    }
    return *this;
}

Custody::~Custody() { release(); }

Custody Custody::take(Channel& channel, std::string holder) {
    auto state = std::make_shared<State>();
    state->channel = channel.share();
    state->holder = std::move(holder);
    if (channel.hung_up_) state->interrupter.interrupt(ErrorCode::hangup);
    if (!channel.ended_) {
        // The new holder stands before the old one hears of it: moves come first, wake-ups after.
        State* former = std::exchange(channel.custody_, state.get());
        channel.redirection_.reset();
        if (former) former->interrupter.interrupt(ErrorCode::taken);
        if (channel.keeper_) channel.keeper_->channel_taken();
    }
    return Custody(std::move(state));
}

bool Custody::holds() const { return state_ && state_->channel->custody_ == state_.get(); }
Channel& Custody::channel() const { return *state_->channel; }
Interrupter& Custody::interrupter() const { return state_->interrupter; }

void Custody::renew(std::string holder) {
    if (!holds()) return;
    state_->holder = std::move(holder);
    state_->interrupter.reset();
    if (state_->channel->hung_up_) state_->interrupter.interrupt(ErrorCode::hangup);
}

void Custody::release() {
    if (!state_) return;
    const auto state = std::move(state_);
    if (state->channel->custody_ == state.get()) state->channel->end();
}

std::string Channel::custodian() const { return custody_ ? custody_->holder : std::string(); }

}  // namespace jackfield
