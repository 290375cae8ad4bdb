// The subscriber's half of one subscription of ours (RFC 6665 section 4.1).
#include "channels/sip/stack/client_subscription.hpp"

#include <algorithm>
#include <array>

#include "channels/sip/stack/client_registration.hpp"
#include "channels/sip/stack/headers.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t most_attempts = 8;  // requests of one round: a 423, challenges
constexpr std::chrono::seconds longest_subscription{7 * 86400}, longest_retry_after{86400};

// Nothing that time heals: the server does not have the package, or does not know SUBSCRIBE.
bool for_good(int status) { return status == 405 || status == 489 || status == 501; }

constexpr std::array<std::string_view, 7> end_reasons{"deactivated", "probation", "rejected", "timeout", "giveup", "noresource", "invariant"};

}  // namespace

ClientSubscription::Step ClientSubscription::start() {
    hurried_ = false;
    reason_ = {};
    return attempt(Step::Send::fresh);
}

ClientSubscription::Step ClientSubscription::attempt(Step::Send send) {
    rounds_ = 1;
    under_way_ = true;
    if (send == Step::Send::fresh) state_ = State::subscribing;
    return {send, asked_, {}};
}

ClientSubscription::Step ClientSubscription::end() {
    if (!lives()) {
        state_ = State::ended;
        under_way_ = false;
        return {};
    }
    state_ = State::unsubscribing;
    rounds_ = 1;
    under_way_ = true;
    return {Step::Send::refresh, 0s, {}};
}

ClientSubscription::Step ClientSubscription::due() {
    switch (state_) {
        case State::active:
        case State::pending: return attempt(Step::Send::refresh);
        case State::awaiting: return again_after(rules_.retry_interval);  // granted, and never told
        case State::waiting: return attempt(Step::Send::fresh);
        case State::unsubscribing: state_ = State::ended; return {};
        default: return {};
    }
}

// Once; after that the interval keeps two servers which don't agree from talking without end.
ClientSubscription::Step ClientSubscription::again_soon() {
    if (std::exchange(hurried_, true)) return again_after(rules_.retry_interval);
    return attempt(Step::Send::fresh);
}

ClientSubscription::Step ClientSubscription::again_after(std::chrono::seconds interval) {
    state_ = State::waiting;
    under_way_ = false;
    return {.wait = std::clamp<std::chrono::seconds>(interval, 1s, longest_retry_after)};
}

ClientSubscription::Step ClientSubscription::reject() {
    state_ = State::rejected;
    under_way_ = false;
    return {};
}

ClientSubscription::Step ClientSubscription::renewal() { return {.wait = granted_ - ClientRegistration::margin(granted_)}; }

ClientSubscription::Step ClientSubscription::accepted(const Message& response) {
    if (state_ == State::unsubscribing) return {.wait = notify_wait};
    const auto expires = response.expires();
    // A server that grants nothing at all would be asked without end.
    granted_ = std::clamp<std::chrono::seconds>(std::chrono::seconds(expires.value_or(static_cast<std::uint32_t>(asked_.count()))), 1s, longest_subscription);
    if (state_ == State::subscribing) {
        state_ = State::awaiting;
        return {.wait = notify_wait};
    }
    if (rounds_ > 0) hurried_ = false;
    return renewal();
}

ClientSubscription::Step ClientSubscription::responded(const Message& response, bool authenticated) {
    if (!std::exchange(under_way_, false)) return {};
    const int status = last_status_ = response.status();
    if (status < 300) return accepted(response);
    const bool again = rounds_ < most_attempts;
    const auto repeat = [&]() -> Step {
        ++rounds_;
        under_way_ = true;
        return {Step::Send::repeat, state_ == State::unsubscribing ? 0s : asked_, {}};
    };
    if (status == 401 || status == 407) {
        if (authenticated && again) return repeat();
        if (state_ != State::unsubscribing) return reject();
    }
    if (state_ == State::unsubscribing) {
        state_ = State::ended;  // it ends by itself
        return {};
    }
    if (status == 423 && again) {
        const auto least = parse_delta_seconds(response.header(HeaderName::min_expires));
        if (least && std::chrono::seconds(*least) > asked_ && std::chrono::seconds(*least) <= longest_subscription) {
            asked_ = std::chrono::seconds(*least);
            return repeat();
        }
    }
    if (for_good(status)) return reject();
    if (status == 481 && lives()) return again_soon();
    return again_after(parse_retry_after(response.header(HeaderName::retry_after)).value_or(rules_.retry_interval));
}

ClientSubscription::Step ClientSubscription::unanswered() {
    if (!std::exchange(under_way_, false)) return {};
    last_status_ = 0;
    if (state_ == State::unsubscribing) {
        state_ = State::ended;
        return {};
    }
    return lives() ? again_soon() : again_after(rules_.retry_interval);
}

ClientSubscription::Step ClientSubscription::notified(std::string_view subscription_state) {
    const TokenValue value = parse_token_value(subscription_state);
    const bool terminated = grammar::same_word(value.token, "terminated");
    if (state_ == State::unsubscribing) {
        if (terminated && !under_way_) state_ = State::ended;
        return terminated ? Step{} : Step{.wait = notify_wait};
    }
    if (state_ != State::subscribing && !lives()) return {};
    if (!terminated) {
        const bool answered = state_ != State::subscribing;
        state_ = grammar::same_word(value.token, "pending") ? State::pending : State::active;
        reason_ = {};
        const auto expires = parse_delta_seconds(value.parameters.value("expires"));
        if (expires && *expires > 0) granted_ = std::min(std::chrono::seconds(*expires), longest_subscription);
        if (granted_ <= 0s) granted_ = asked_;
        return answered && !under_way_ ? renewal() : Step{};
    }
    under_way_ = false;
    const auto told = value.parameters.value("reason");
    const auto known = std::ranges::find_if(end_reasons, [&](std::string_view each) { return grammar::same_word(told, each); });
    reason_ = known == end_reasons.end() ? std::string_view() : *known;
    if (reason_ == "rejected" || reason_ == "noresource" || reason_ == "invariant") return reject();
    const auto retry_after = parse_delta_seconds(value.parameters.value("retry-after"));
    if (retry_after) return again_after(std::chrono::seconds(*retry_after));
    if (reason_ == "probation" || reason_ == "giveup") return again_after(rules_.retry_interval);
    return again_soon();
}

std::string_view to_string(ClientSubscription::State state) {
    using State = ClientSubscription::State;
    switch (state) {
        case State::idle: return "Idle";
        case State::subscribing:
        case State::awaiting: return "Subscribing";
        case State::pending: return "Pending";
        case State::active: return "Active";
        case State::waiting: return "Waiting";
        case State::rejected: return "Rejected";
        case State::unsubscribing: return "Unsubscribing";
        case State::ended: return "Ended";
    }
    return "Idle";
}

}  // namespace jackfield::sip
