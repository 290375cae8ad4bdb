// A connection by AudioSocket: the port that a stream gets, and how it is made.
#pragma once

#include <memory>
#include <string_view>

#include "channels/audiosocket/message.hpp"
#include "core/media/port.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield::audiosocket {

constexpr std::uint32_t closed_event = 1;  // MediaStream::on_port_event: the other side ended it

// Connects to "host:port", sends the UUID, and gives the port of that connection, which ends it when it is destroyed. Waits,
// at most `timeout`. Errors: invalid (no host:port), not_found, timeout, failed.
Result<std::unique_ptr<Port>> connect(std::string_view host_and_port, const Uuid& uuid, const Codec* linear, Timeout timeout);

}  // namespace jackfield::audiosocket
