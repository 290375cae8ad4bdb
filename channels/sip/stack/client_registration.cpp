// One registration of ours at somebody else's registrar (RFC 3261 section 10.2).
#include "channels/sip/stack/client_registration.hpp"

#include <algorithm>
#include <array>

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

// Requests of one attempt: a 423, challenges of a registrar and of proxies before it, each once more when stale.
constexpr std::uint8_t most_rounds = 8;
constexpr std::chrono::seconds longest_expiry{7 * 86400};
constexpr std::chrono::seconds longest_wait{86400};  // that a Retry-After may ask for

bool may_pass(int status) {
    constexpr std::array<int, 8> passing{408, 480, 486, 500, 502, 503, 504, 600};
    return std::ranges::find(passing, status) != passing.end();
}

}  // namespace

ClientRegistration::Step ClientRegistration::start(std::uint64_t random) {
    failures_ = 0;
    state_ = State::starting;
    const auto spread = std::chrono::milliseconds(rules_.max_random_initial_delay);
    if (spread <= 0ms) return attempt(Step::Send::fresh);
    return {.wait = std::chrono::milliseconds(random % (static_cast<std::uint64_t>(spread.count()) + 1))};
}

ClientRegistration::Step ClientRegistration::start_now() {
    failures_ = 0;
    return attempt(Step::Send::fresh);
}

ClientRegistration::Step ClientRegistration::lost(std::chrono::seconds life, std::uint64_t random) {
    granted_ = 0s;
    Step step = start(random);
    if (life >= rules_.retry_interval) return step;
    state_ = State::starting;
    return {.wait = std::max<std::chrono::milliseconds>(step.wait.value_or(0ms), rules_.retry_interval)};
}

ClientRegistration::Step ClientRegistration::attempt(Step::Send send) {
    if (send == Step::Send::fresh) rounds_ = 0;
    ++rounds_;
    state_ = State::registering;
    return {send, asked_, {}};
}

ClientRegistration::Step ClientRegistration::unregister() {
    state_ = State::unregistering;
    failures_ = 0;
    rounds_ = 1;
    return {Step::Send::fresh, 0s, {}};
}

ClientRegistration::Step ClientRegistration::due() {
    switch (state_) {
        case State::registered:
        case State::starting:
        case State::waiting: return attempt(Step::Send::fresh);
        default: return {};
    }
}

std::chrono::milliseconds ClientRegistration::margin(std::chrono::seconds expiry) {
    return std::min<std::chrono::milliseconds>(std::chrono::milliseconds(expiry) / 10, 40s);
}

ClientRegistration::Step ClientRegistration::succeeded(std::optional<std::chrono::seconds> granted) {
    failures_ = 0;
    if (state_ == State::unregistering) {
        state_ = State::unregistered;
        granted_ = 0s;
        return {};
    }
    state_ = State::registered;
    // A registrar that grants nothing at all would be asked without end.
    granted_ = std::clamp<std::chrono::seconds>(granted.value_or(asked_), 1s, longest_expiry);
    return {.wait = granted_ - margin(granted_)};
}

ClientRegistration::Step ClientRegistration::failed(std::chrono::seconds interval, std::optional<std::chrono::seconds> asked_to_wait) {
    granted_ = 0s;
    if (state_ == State::unregistering) {
        state_ = State::unregistered;  // the binding ends by itself
        return {};
    }
    if (interval <= 0s || failures_ >= rules_.max_retries) {
        ++failures_;
        state_ = State::rejected;
        return {};
    }
    ++failures_;
    state_ = State::waiting;
    return {.wait = asked_to_wait ? std::clamp<std::chrono::seconds>(*asked_to_wait, 1s, longest_wait) : interval};
}

ClientRegistration::Step ClientRegistration::responded(const Message& response, std::optional<std::chrono::seconds> granted,
                                                       bool authenticated) {
    if (state_ != State::registering && state_ != State::unregistering) return {};
    const int status = last_status_ = response.status();
    if (status < 300) return succeeded(granted);
    const bool again = rounds_ < most_rounds;
    const auto repeat = [&]() -> Step {
        ++rounds_;
        return {Step::Send::repeat, state_ == State::unregistering ? 0s : asked_, {}};
    };
    if (status == 401 || status == 407) {
        if (authenticated && again) return repeat();
        return failed(rules_.auth_rejection_permanent ? 0s : rules_.retry_interval, {});
    }
    if (status == 423 && state_ == State::registering && again) {
        const auto least = parse_delta_seconds(response.header(HeaderName::min_expires));
        if (least && std::chrono::seconds(*least) > asked_ && std::chrono::seconds(*least) <= longest_expiry) {
            asked_ = std::chrono::seconds(*least);
            return repeat();
        }
    }
    const auto retry_after = parse_retry_after(response.header(HeaderName::retry_after));
    if (may_pass(status) || retry_after) return failed(rules_.retry_interval, retry_after);
    if (status == 403 && rules_.forbidden_retry_interval > 0s) return failed(rules_.forbidden_retry_interval, {});
    return failed(rules_.fatal_retry_interval, {});
}

ClientRegistration::Step ClientRegistration::unanswered() {
    if (state_ != State::registering && state_ != State::unregistering) return {};
    last_status_ = 0;
    return failed(rules_.retry_interval, {});
}

std::string_view to_string(ClientRegistration::State state) {
    using State = ClientRegistration::State;
    switch (state) {
        case State::registered: return "Registered";
        case State::rejected:
        case State::waiting: return "Rejected";
        case State::unregistered:
        case State::starting:
        case State::registering:
        case State::unregistering: break;
    }
    return "Unregistered";
}

std::optional<std::chrono::seconds> granted_expiry(const Message& response, std::string_view contact) {
    const auto mine = parse_uri(contact);
    for (Message::Values values(response, HeaderName::contact); values.next();) {
        const auto value = parse_contact(values.item);
        if (!value || value->wildcard) continue;
        if (value->address.uri.text != contact && !(mine && equivalent(value->address.uri, *mine))) continue;
        if (value->expires) return std::chrono::seconds(*value->expires);
        if (const auto all = response.expires()) return std::chrono::seconds(*all);
        return {};
    }
    return {};
}

}  // namespace jackfield::sip
