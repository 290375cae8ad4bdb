// The last SIP messages, kept while somebody wants that: `pjsip set history on`, `channel show ladder`.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "channels/sip/sip_messages.hpp"
#include "core/base/clock.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield::sip {

// Control thread. Costs nothing while it is off.
class MessageHistory {
  public:
    static constexpr std::size_t most_bytes = 4 * 1024 * 1024;  // of messages; the oldest go first

    void set(bool on);
    bool on() const { return on_; }
    void clear();

    struct Entry {
        std::uint64_t number = 0;
        WallTime time{};
        bool sent = false;
        SocketAddress local, remote;
        std::string protocol, text;
        std::string_view first_line() const;
        std::string_view call_id() const { return call_id_of(text); }
    };
    const std::deque<Entry>& entries() const { return entries_; }
    const Entry* find(std::uint64_t number) const;
    void add(const SipMessageSeen& seen);

  private:
    bool on_ = false;
    std::deque<Entry> entries_;
    std::size_t bytes_ = 0;
    std::uint64_t last_ = 0;
    Subscription seen_;
};

}  // namespace jackfield::sip
