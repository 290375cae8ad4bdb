// AsyncAGI: a manager client (or the console) sends the commands of a call.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/channel/channel.hpp"
#include "core/runtime/wait.hpp"
#include "modules/res_agi/session.hpp"

namespace jackfield::agi {

struct AsyncCommand {
    std::string line, id;
};

// The channels that are in AGI(agi:async). Control thread.
class AsyncCalls {
  public:
    // Errors: not_found (the channel is not in AsyncAGI), limit (too many wait already).
    Result<void> add(const Channel& channel, AsyncCommand command);
    // Serves the channel until ASYNCAGI BREAK or its end. Waits. Errors: those that take the call away.
    Result<Status> serve(Channel& channel, const std::vector<std::string>& arguments);

  private:
    Result<Status> converse(Channel& channel, Queue<AsyncCommand>& commands);
    static constexpr std::size_t most_waiting = 256;
    std::map<std::uint64_t, Queue<AsyncCommand>*> calls_;  // by number of the channel; the queue is the serving fiber's
};

}  // namespace jackfield::agi
