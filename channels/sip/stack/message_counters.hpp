// How many SIP messages went each way, by method and by status. Pure; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::sip {

class MessageCounters {
  public:
    // Counts a message by its first line; what is neither request nor response counts as "?".
    void count(bool sent, std::string_view message);

    struct Row {
        std::string name;  // "INVITE", "200", "?"
        std::uint64_t sent = 0, received = 0;
    };
    std::vector<Row> requests() const;   // those that there were, in the order of RFC 3261
    std::vector<Row> responses() const;  // by status

    static constexpr std::array<std::string_view, 15> methods{"INVITE", "ACK",   "BYE",    "CANCEL", "REGISTER", "OPTIONS", "PRACK", "UPDATE",
                                                              "INFO",   "REFER", "NOTIFY", "SUBSCRIBE", "PUBLISH", "MESSAGE", "?"};

  private:
    struct Pair {
        std::uint64_t sent = 0, received = 0;
    };
    std::array<Pair, methods.size()> requests_{};
    std::array<Pair, 600> responses_{};  // from 100
};

}  // namespace jackfield::sip
