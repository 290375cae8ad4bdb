// The last SIP messages, kept while somebody wants that.
#include "channels/sip/ua/message_history.hpp"

#include "core/base/strings.hpp"

namespace jackfield::sip {

void MessageHistory::set(bool on) {
    on_ = on;
    seen_ = {};
    if (on) seen_ = subscribe<SipMessageSeen>([this](const SipMessageSeen& event) { add(event); });
}

void MessageHistory::clear() {
    entries_.clear();
    bytes_ = 0;
}

void MessageHistory::add(const SipMessageSeen& seen) {
    if (seen.message.size() > most_bytes) return;
    bytes_ += seen.message.size();
    while (bytes_ > most_bytes) {
        bytes_ -= entries_.front().text.size();
        entries_.pop_front();
    }
    entries_.push_back({++last_, wall_now(), seen.sent, seen.local, seen.remote, std::string(seen.protocol), std::string(seen.message)});
}

const MessageHistory::Entry* MessageHistory::find(std::uint64_t number) const {
    if (entries_.empty() || number < entries_.front().number || number > entries_.back().number) return nullptr;
    return &entries_[number - entries_.front().number];
}

std::string_view MessageHistory::Entry::first_line() const { return trim(std::string_view(text).substr(0, text.find('\n'))); }

}  // namespace jackfield::sip
