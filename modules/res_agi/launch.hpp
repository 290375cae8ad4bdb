// How AGI reaches its script: a program, a FastAGI server, a manager client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "modules/res_agi/session.hpp"

namespace jackfield::agi {

// Where agi://host[:port][/path] and hagi:// lead. Pure.
struct ServerAddress {
    std::string host;          // also an address; without brackets
    std::uint16_t port = 4573;
    std::string path;          // without its first slash
    bool by_srv = false;       // hagi://: the servers that DNS names for _agi._tcp
};
Result<ServerAddress> parse_server(std::string_view url);

// All wait until the script has ended. Errors: those that take the call away.
Result<Status> run_program(Channel& channel, const std::vector<std::string>& arguments, bool enhanced);
Result<Status> run_server(Channel& channel, const std::vector<std::string>& arguments);

}  // namespace jackfield::agi
