#include "apps/alarm_receiver/receiver.hpp"

#include <algorithm>

namespace jackfield::alarm {
namespace {

struct Protocol {
    std::string_view name, message_type;  // digits 5 and 6; empty: none, known by its length
    std::size_t length;
};
// In High Speed zone states stand where the others have their message type; none of them is 7 or 8.
constexpr Protocol protocols[]{
    {"ADEMCO_CONTACT_ID", "18", 16},    {"ADEMCO_CONTACT_ID", "98", 16},
    {"ADEMCO_EXPRESS_4_1", "17", 8},    {"ADEMCO_EXPRESS_4_2", "27", 9},
    {"ADEMCO_HIGH_SPEED", "", 14},
};

const Protocol& protocol_of(std::string_view keys) {
    for (const Protocol& protocol : protocols)
        if (protocol.message_type.empty() || keys.substr(4, 2) == protocol.message_type) return protocol;
    return protocols[std::size(protocols) - 1];
}

// 1 to 15; 0 is ten, for none of the digits may count nothing. Empty: D, which is not used.
std::optional<unsigned> value_of(char key) {
    constexpr std::string_view order = "1234567890*#ABC";
    const auto at = order.find(key);
    if (at == std::string_view::npos) return {};
    return static_cast<unsigned>(at) + 1;
}

}  // namespace

std::size_t message_length(std::string_view keys) {
    return keys.size() < 6 ? longest_message : protocol_of(keys).length;
}

Result<Report> read_report(std::string_view keys) {
    if (keys.size() < 6 || keys.size() != message_length(keys))
        return fail(ErrorCode::invalid, "'{}' is no message of a protocol that is known", keys);
    Report report{protocol_of(keys).name, {}};
    unsigned sum = 0;
    for (const char key : keys) {
        const auto value = value_of(key);
        if (!value) return fail(ErrorCode::invalid, "the key {} has no meaning", key);
        sum += *value;
        report.digits += *value <= 10 ? key : static_cast<char>('B' + (*value - 11));
    }
    if (sum % 15 != 0) return fail(ErrorCode::refused, "the checksum of {} is wrong", report.digits);
    return report;
}

Receiver::Receiver(Limits limits, Instant now) : limits_(limits) {
    if (limits_.call) end_ = now + *limits_.call;
}

Receiver::Step Receiver::step(Instant now) {
    if (end_ && now >= *end_) state_ = State::over;
    if (state_ == State::waiting) {
        if (!keys_.empty() && (keys_.size() >= message_length(keys_) || now >= deadline_)) judge(now);
        else if (now >= deadline_) {
            ++counts_.silences;
            fault_ = "no answer to the handshake";
            state_ = State::greeting;
        }
        if (state_ != State::accepting && limits_.retries && counts_.retries() >= *limits_.retries) state_ = State::over;
    }
    switch (state_) {
        case State::greeting: return Step::handshake;
        case State::waiting: return Step::listen;
        case State::accepting: return Step::accept;
        case State::over: break;
    }
    return Step::end;
}

Instant Receiver::until() const { return end_ ? std::min(*end_, deadline_) : deadline_; }

void Receiver::digit(char key, Instant now) {
    if (keys_.size() < longest_message) keys_ += key;
    deadline_ = now + limits_.next_digit;
}

void Receiver::sent(Instant now) {
    if (state_ == State::accepting) ++counts_.reports;
    wait_again(now);
    if (limits_.reports && counts_.reports >= *limits_.reports) state_ = State::over;
}

void Receiver::not_kept(Instant now) { wait_again(now); }

// A panel that hears no kiss-off repeats its message by itself, without a new handshake.
void Receiver::judge(Instant now) {
    auto report = read_report(keys_);
    if (!report) {
        ++(report.error().code == ErrorCode::refused ? counts_.wrong_checksums : counts_.wrong_formats);
        fault_ = std::move(report).error().text;
        return wait_again(now);
    }
    report_ = *std::move(report);
    keys_.clear();
    state_ = State::accepting;
}

void Receiver::wait_again(Instant now) {
    keys_.clear();
    state_ = State::waiting;
    deadline_ = now + limits_.first_digit;
}

}  // namespace jackfield::alarm
