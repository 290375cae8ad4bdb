// One publication of ours at somebody else's server (RFC 3903 section 4).
#include "channels/sip/stack/client_publication.hpp"

#include <algorithm>
#include <utility>

#include "channels/sip/stack/client_registration.hpp"
#include "channels/sip/stack/headers.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds longest_publication{7 * 86400}, longest_pause{86400};

}  // namespace

std::optional<ClientPublication::Step> ClientPublication::changed() {
    switch (state_) {
        case State::idle:
        case State::published: return send_state();
        case State::publishing: wanted_ = true; return {};
        default: return {};
    }
}

ClientPublication::Step ClientPublication::send_state() {
    state_ = State::publishing;
    wanted_ = lost_ = false;
    rounds_ = 0;
    return {Step::Send::state, asked_, {}};
}

ClientPublication::Step ClientPublication::due() {
    if (state_ == State::waiting) return send_state();
    if (state_ != State::published) return {};
    state_ = State::publishing;
    rounds_ = 0;
    return {Step::Send::refresh, asked_, {}};
}

ClientPublication::Step ClientPublication::remove() {
    if (state_ == State::publishing) {
        leaving_ = true;
        return {};
    }
    const bool there = !entity_tag_.empty() && state_ != State::removing;
    state_ = there ? State::removing : State::removed;
    rounds_ = 0;
    return there ? Step{Step::Send::remove, 0s, {}} : Step{};
}

ClientPublication::Step ClientPublication::again_after(std::chrono::seconds interval) {
    state_ = State::waiting;
    return {.wait = std::clamp<std::chrono::seconds>(interval, 1s, longest_pause)};
}

ClientPublication::Step ClientPublication::reject() {
    state_ = State::rejected;
    entity_tag_.clear();
    return {};
}

ClientPublication::Step ClientPublication::responded(const Message& response, bool authenticated) {
    if (state_ != State::publishing && state_ != State::removing) return {};
    const int status = last_status_ = response.status();
    const bool removing = state_ == State::removing;
    const auto repeat = [&]() -> Step { return {Step::Send::repeat, removing ? 0s : asked_, {}}; };
    if ((status == 401 || status == 407) && authenticated && rounds_++ < rules_.max_auth_attempts) return repeat();
    if (removing) {
        state_ = State::removed;  // else it ends by itself
        return {};
    }
    if (leaving_) {
        if (status < 300) entity_tag_ = response.header(HeaderName::sip_etag);
        if (status == 412) entity_tag_.clear();
        state_ = State::published;
        return remove();
    }
    if (status < 300) {
        entity_tag_ = response.header(HeaderName::sip_etag);
        state_ = State::published;
        lost_ = false;
        granted_ = std::clamp<std::chrono::seconds>(std::chrono::seconds(response.expires().value_or(static_cast<std::uint32_t>(asked_.count()))), 1s, longest_publication);
        if (wanted_) return send_state();
        return {.wait = granted_ - ClientRegistration::margin(granted_)};
    }
    if (status == 412) {  // RFC 3903 4.1: it is not known any more, so the whole state begins anew
        entity_tag_.clear();
        if (std::exchange(lost_, true)) return again_after(rules_.retry_interval);
        Step step = send_state();
        lost_ = true;
        return step;
    }
    if (status == 423 && rounds_++ < rules_.max_auth_attempts) {
        const auto least = parse_delta_seconds(response.header(HeaderName::min_expires));
        if (least && std::chrono::seconds(*least) > asked_ && std::chrono::seconds(*least) <= longest_publication) {
            asked_ = std::chrono::seconds(*least);
            return repeat();
        }
    }
    if (status == 401 || status == 407 || status == 405 || status == 489 || status == 501) return reject();
    return again_after(parse_retry_after(response.header(HeaderName::retry_after)).value_or(rules_.retry_interval));
}

ClientPublication::Step ClientPublication::unanswered() {
    if (state_ != State::publishing && state_ != State::removing) return {};
    last_status_ = 0;
    if (state_ == State::publishing && !leaving_) return again_after(rules_.retry_interval);
    state_ = State::removed;
    return {};
}

}  // namespace jackfield::sip
