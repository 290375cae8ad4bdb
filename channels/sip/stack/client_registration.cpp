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
constexpr std::chrono::seconds longest_recovery{1800};  // RFC 5626 4.5

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

std::chrono::milliseconds flow_recovery_time(std::uint32_t failures, std::chrono::milliseconds base, std::uint64_t random) {
    if (failures == 0) return 0ms;
    constexpr std::uint32_t most_doublings = 12;
    const auto longest = std::min<std::chrono::milliseconds>(longest_recovery, std::min<std::chrono::milliseconds>(base, longest_recovery) * (1 << std::min(failures, most_doublings)));
    return longest / 2 + std::chrono::milliseconds(random % (static_cast<std::uint64_t>(longest.count()) / 2 + 1));
}

std::chrono::milliseconds ClientRegistration::recovery_time(std::uint32_t failures, const FlowRecovery& recovery) const {
    const std::chrono::milliseconds unit(rules_.retry_interval);
    return flow_recovery_time(failures, recovery.others_work ? unit * 3 / 2 : unit / 2, recovery.random);
}

ClientRegistration::Step ClientRegistration::lost(std::chrono::seconds life, const FlowRecovery& recovery) {
    granted_ = 0s;
    Step step = start(recovery.random);
    if (rules_.flow_recovery) {
        brief_ = life < 2 * rules_.retry_interval ? brief_ + 1 : 0;
        if (brief_ == 0) return step;
        state_ = State::starting;
        return {.wait = recovery_time(brief_, recovery)};
    }
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

ClientRegistration::Step ClientRegistration::failed(std::chrono::milliseconds interval, std::optional<std::chrono::seconds> asked_to_wait) {
    granted_ = 0s;
    if (state_ == State::unregistering) {
        state_ = State::unregistered;  // the binding ends by itself
        return {};
    }
    if (interval <= 0ms || failures_ >= rules_.max_retries) {
        ++failures_;
        state_ = State::rejected;
        return {};
    }
    ++failures_;
    state_ = State::waiting;
    return {.wait = asked_to_wait ? std::chrono::milliseconds(std::clamp<std::chrono::seconds>(*asked_to_wait, 1s, longest_wait)) : interval};
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

ClientRegistration::Step ClientRegistration::unanswered(const FlowRecovery& recovery) {
    if (state_ != State::registering && state_ != State::unregistering) return {};
    last_status_ = 0;
    const bool recovers = rules_.flow_recovery && rules_.retry_interval > 0s;  // 0: never again
    return failed(recovers ? recovery_time(failures_ + 1, recovery) : std::chrono::milliseconds(rules_.retry_interval), {});
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

namespace {

// The Contact of a 2xx that is ours.
std::optional<ContactValue> granted_contact(const Message& response, std::string_view contact) {
    const auto mine = parse_uri(contact);
    for (Message::Values values(response, HeaderName::contact); values.next();) {
        const auto value = parse_contact(values.item);
        if (!value || value->wildcard) continue;
        if (value->address.uri.text == contact || (mine && equivalent(value->address.uri, *mine))) return *value;
    }
    return {};
}

}  // namespace

std::optional<std::chrono::seconds> granted_expiry(const Message& response, std::string_view contact) {
    const auto value = granted_contact(response, contact);
    if (!value) return {};
    if (value->expires) return std::chrono::seconds(*value->expires);
    if (const auto all = response.expires()) return std::chrono::seconds(*all);
    return {};
}

std::string granted_gruu(const Message& response, std::string_view contact) {
    const auto value = granted_contact(response, contact);
    if (!value) return {};
    std::string text = unquote(value->address.parameters.value("pub-gruu"));
    const auto uri = parse_uri(text);
    return uri && uri->is_sip() && uri->parameters.has("gr") ? text : std::string();
}

}  // namespace jackfield::sip
