// Session timers (RFC 4028): how long a call lives without a refresh, and who refreshes it.
#include "channels/sip/stack/session_timer.hpp"

#include <algorithm>

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds longest_session{7 * 86400};

std::chrono::seconds interval_of(const SessionExpires& said) { return std::clamp(said.interval, 1s, longest_session); }

std::uint32_t count_of_seconds(std::chrono::seconds time) { return static_cast<std::uint32_t>(time.count()); }

std::optional<std::chrono::seconds> minimum_of(const Message& message) {
    const auto said = parse_session_expires(message.header(HeaderName::min_se));
    if (!said) return {};
    return std::min(said->interval, longest_session);
}

}  // namespace

void SessionTimer::write_request(MessageWriter& writer, bool initial_invite) const {
    if (!offered()) return;
    const std::string_view refresher = !running() ? "" : we_refresh_ ? ";refresher=uac" : ";refresher=uas";
    const std::string expires = std::to_string(running() ? std::max(interval_, minimum_).count() : asked_.count());
    writer.header(HeaderName::session_expires, {expires, refresher});
    writer.header(HeaderName::min_se, count_of_seconds(minimum_));
    if (initial_invite && rules_.mode == SessionTimerMode::required) writer.header(HeaderName::require, "timer");
}

void SessionTimer::accepted(const Message& response) {
    if (!offered()) return;
    if (const auto said = parse_session_expires(response.header(HeaderName::session_expires))) {
        interval_ = interval_of(*said);
        we_refresh_ = said->refresher != Refresher::uas;
    } else {
        // Section 7.2: without the header there is no session timer, unless we want to know all the same.
        interval_ = rules_.mode == SessionTimerMode::always ? asked_ : 0s;
        we_refresh_ = true;
    }
}

bool SessionTimer::raise(const Message& response) {
    const auto least = minimum_of(response);
    if (!offered() || !least || *least <= minimum_) return false;
    minimum_ = *least;
    asked_ = std::max(asked_, minimum_);
    return true;
}

int SessionTimer::judge(const Message& request) const {
    const bool required = request.lists(HeaderName::require, "timer");
    const bool supported = required || request.lists(HeaderName::supported, "timer");
    if (!offered()) return required ? 420 : 0;
    if (!supported) return rules_.mode == SessionTimerMode::required ? 421 : 0;
    const auto said = parse_session_expires(request.header(HeaderName::session_expires));
    return said && said->interval < rules_.minimum ? 422 : 0;
}

void SessionTimer::write_refusal(MessageWriter& writer, int status) const {
    if (status == 420) writer.header(HeaderName::unsupported, "timer");
    if (status == 421) writer.header(HeaderName::require, "timer");
    if (status == 422) writer.header(HeaderName::min_se, count_of_seconds(rules_.minimum));
}

void SessionTimer::accept(const Message& request) {
    answer_names_it_ = answer_requires_it_ = false;
    if (!offered()) return;
    const bool supported = request.lists(HeaderName::supported, "timer") || request.lists(HeaderName::require, "timer");
    const auto said = parse_session_expires(request.header(HeaderName::session_expires));
    if (!supported && !said && rules_.mode != SessionTimerMode::always) {
        interval_ = 0s;
        return;
    }
    // Section 9: it may be shortened, but not below the least that anybody on the way wants.
    const std::chrono::seconds least = std::max(minimum_of(request).value_or(absolute_minimum), rules_.minimum);
    interval_ = std::max(said ? std::min(interval_of(*said), std::max(rules_.expires, rules_.minimum)) : asked_, least);
    if (said) interval_ = std::max(std::min(interval_, interval_of(*said)), 1s);
    // Table 2: who does not know of it can't refresh; who does, refreshes as it wishes, else the caller.
    we_refresh_ = !supported || (said && said->refresher == Refresher::uas);
    answer_names_it_ = supported || said;
    answer_requires_it_ = supported && !we_refresh_;
}

void SessionTimer::write_response(MessageWriter& writer) const {
    if (!running() || !answer_names_it_) return;
    const std::string expires = std::to_string(interval_.count());
    if (answer_requires_it_) writer.header(HeaderName::require, "timer");
    writer.header(HeaderName::session_expires, {expires, we_refresh_ ? ";refresher=uas" : ";refresher=uac"});
}

std::optional<std::chrono::seconds> SessionTimer::refresh_after() const {
    if (!running() || !we_refresh_) return {};
    return std::max(interval_ / 2, 1s);
}

std::optional<std::chrono::seconds> SessionTimer::expires_after() const {
    if (!running()) return {};
    return std::max(interval_ - std::min(32s, interval_ / 3), 1s);  // section 10
}

}  // namespace jackfield::sip
