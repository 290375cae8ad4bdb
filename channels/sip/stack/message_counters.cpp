// How many SIP messages went each way, by method and by status.
#include "channels/sip/stack/message_counters.hpp"

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::sip {

void MessageCounters::count(bool sent, std::string_view message) {
    constexpr std::string_view version = "SIP/2.0 ";
    Pair* pair = &requests_.back();
    if (message.starts_with(version)) {
        const auto status = parse_number<unsigned>(message.substr(version.size(), 3));
        if (status && *status >= 100 && *status < 700) pair = &responses_[*status - 100];
    } else {
        const auto method = message.substr(0, message.find(' '));
        const auto found = std::ranges::find(methods, method);
        if (found != methods.end()) pair = &requests_[static_cast<std::size_t>(found - methods.begin())];
    }
    ++(sent ? pair->sent : pair->received);
}

std::vector<MessageCounters::Row> MessageCounters::requests() const {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < methods.size(); ++i)
        if (requests_[i].sent || requests_[i].received) rows.push_back({std::string(methods[i]), requests_[i].sent, requests_[i].received});
    return rows;
}

std::vector<MessageCounters::Row> MessageCounters::responses() const {
    std::vector<Row> rows;
    for (std::size_t i = 0; i < responses_.size(); ++i)
        if (responses_[i].sent || responses_[i].received) rows.push_back({std::to_string(i + 100), responses_[i].sent, responses_[i].received});
    return rows;
}

}  // namespace jackfield::sip
