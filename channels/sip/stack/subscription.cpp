// The notifier's half of one subscription (RFC 6665 section 4.2).
#include "channels/sip/stack/subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace jackfield::sip {

using namespace std::chrono_literals;

std::string_view to_string(SubscriptionEnd reason) {
    switch (reason) {
        case SubscriptionEnd::deactivated: return "deactivated";
        case SubscriptionEnd::probation: return "probation";
        case SubscriptionEnd::rejected: return "rejected";
        case SubscriptionEnd::timeout: return "timeout";
        case SubscriptionEnd::giveup: return "giveup";
        case SubscriptionEnd::noresource: return "noresource";
        case SubscriptionEnd::invariant: return "invariant";
    }
    return "timeout";
}

std::optional<std::chrono::seconds> grant(std::optional<std::uint32_t> expires, const SubscriptionTimes& times) {
    if (!expires) return std::clamp(times.standard, times.minimum, std::max(times.minimum, times.maximum));
    const std::chrono::seconds asked(*expires);
    if (asked == 0s) return asked;
    if (asked < times.minimum) return {};
    return std::min(asked, std::max(times.minimum, times.maximum));
}

void NotifierSubscription::refresh(std::chrono::seconds expires) {
    if (state_ != State::active) return;
    if (expires == 0s) return terminate(SubscriptionEnd::timeout);
    expires_ = timers_.now() + expires;
    wait_for_expiry();
    pause_.stop();
    if (under_way_)
        wanted_ = true;
    else
        send();
}

void NotifierSubscription::changed() {
    if (state_ != State::active) return;
    if (under_way_ || pause_.running())
        wanted_ = true;
    else
        send();
}

void NotifierSubscription::terminate(SubscriptionEnd reason, std::chrono::seconds retry_after) {
    if (state_ != State::active) return;
    state_ = State::terminating;
    reason_ = reason;
    retry_after_ = retry_after;
    expiry_.stop();
    pause_.stop();
    if (under_way_)
        wanted_ = true;
    else
        send();
}

void NotifierSubscription::answered(int status, std::optional<std::chrono::seconds> retry_after) {
    if (!std::exchange(under_way_, false) || state_ == State::over) return;
    // RFC 6665 4.2.2: a refusal ends it, a temporary one (with Retry-After) does not; 481 always does.
    if (status >= 300 && (status == 481 || !retry_after)) return end();
    if (state_ == State::terminating) return std::exchange(wanted_, false) ? send() : end();
    auto wait = interval_;
    if (status >= 300) {
        wanted_ = true;
        wait = std::clamp<std::chrono::milliseconds>(*retry_after, 1s, 32s);
    }
    if (wait > 0ms) return timers_.start(pause_, wait);
    on_pause_over();
}

void NotifierSubscription::failed() {
    if (std::exchange(under_way_, false) && state_ != State::over) end();
}

std::chrono::seconds NotifierSubscription::remaining() const {
    if (state_ != State::active) return 0s;
    return std::max(0s, std::chrono::ceil<std::chrono::seconds>(expires_ - timers_.now()));
}

std::string_view NotifierSubscription::state_name() const { return state_ == State::active ? "ACTIVE" : "TERMINATED"; }

// The timers want few different lengths, and subscribers ask for any: so it is waited in pieces of 1, 4, 16, ... seconds.
void NotifierSubscription::wait_for_expiry() {
    const auto left = remaining();
    std::chrono::seconds piece = 1s;
    while (piece * 4 <= left) piece *= 4;
    timers_.start(expiry_, piece);
}

void NotifierSubscription::on_expiry() {
    if (timers_.now() < expires_) return wait_for_expiry();
    terminate(SubscriptionEnd::timeout);
}

void NotifierSubscription::on_pause_over() {
    if (std::exchange(wanted_, false)) send();
}

void NotifierSubscription::send() {
    wanted_ = false;
    under_way_ = true;
    if (state_ == State::active) return user_.send_notify(fmt::format("active;expires={}", remaining().count()));
    std::string value = fmt::format("terminated;reason={}", to_string(reason_));
    if (retry_after_ > 0s) value += fmt::format(";retry-after={}", retry_after_.count());
    user_.send_notify(value);
}

void NotifierSubscription::end() {
    state_ = State::over;
    expiry_.stop();
    pause_.stop();
    user_.on_subscription_over();
}

}  // namespace jackfield::sip
