// A client of RADIUS accounting servers (RFC 2866): retransmission, the next server when one does not answer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "modules/res_cdr/radius_packet.hpp"

namespace jackfield::radius {

struct ClientSettings {
    struct Server {
        std::string host, port, secret;
    };
    std::vector<Server> servers;  // in their order
    std::string bind_address;     // empty: any
    std::chrono::seconds timeout{10};
    unsigned retries = 3;         // beyond the first try, for each server
};
// radiusclient.conf, as FreeRADIUS's and radcli's client libraries have it: acctserver, servers, radius_timeout, radius_retries,
// bindaddr; the other options are of no concern here. Blocks. Errors: failed, with file and line.
Result<ClientSettings> read_client_settings(const std::string& path);

// One thread at a time, which it blocks.
class Client {
  public:
    explicit Client(ClientSettings settings) : settings_(std::move(settings)) {}
    // Returns when a server has confirmed it. Errors: timeout (none did), cancelled (`stopping`).
    Result<void> send(const AccountingRequest& request, const std::atomic<bool>& stopping);

  private:
    Result<void> ask(const ClientSettings::Server& server, const AccountingRequest& request, const std::atomic<bool>& stopping);
    ClientSettings settings_;
    std::size_t current_ = 0;  // the server that answered last
    std::uint8_t identifier_ = 0;
};

}  // namespace jackfield::radius
