// The header that a front puts before a connection's bytes (PROXY protocol, versions 1 and 2): who connected to it. Pure; one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/address.hpp"

namespace jackfield::sip {

// Takes the header from a connection without a byte of what comes behind it, which may be TLS.
class ProxyHeaderReader {
  public:
    static constexpr std::size_t most_bytes = 16 + 2048;  // longer ones are refused; that of version 1 has 107 at most

    enum class State : std::uint8_t {
        incomplete,
        done,
        broken,  // no such header, or one that makes no sense: close the connection
    };
    // So many bytes may be read next; 0 once it is not incomplete.
    std::size_t wanted() const;
    // What was read: at most wanted() bytes.
    State append(std::string_view bytes);
    State state() const { return state_; }
    // Who connected to the front; invalid: the header names nobody (UNKNOWN, LOCAL, UNIX), so it is the front itself.
    const SocketAddress& source() const { return source_; }

  private:
    State read_line();
    State read_binary();

    State state_ = State::incomplete;
    std::string buffer_;
    SocketAddress source_;
};

}  // namespace jackfield::sip
