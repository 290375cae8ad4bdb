// DNS that never blocks (c-ares): addresses, SRV (RFC 2782), NAPTR (RFC 3403), TXT.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/result.hpp"

namespace jackfield {

struct SrvRecord {
    std::uint16_t priority, weight, port;
    std::string target;
};
struct NaptrRecord {
    std::uint16_t order, preference;
    std::string flags, service, regexp, replacement;
};

// All wait. Numeric addresses and /etc/hosts are answered without asking anybody; answers are cached by their TTL.
// Errors: not_found (the name does not exist), timeout, failed (the server's answer), interruption.
Result<std::vector<SocketAddress>> resolve_address(std::string name, int family = AF_UNSPEC);
Result<std::vector<SrvRecord>> resolve_srv(std::string name);  // sorted by priority, then by RFC 2782's weighted draw
Result<std::vector<NaptrRecord>> resolve_naptr(std::string name);
Result<std::vector<std::string>> resolve_txt(std::string name);

// Servers instead of /etc/resolv.conf's ("192.0.2.53:5353"); for tests and `nameserver` options.
Result<void> set_name_servers(const std::vector<std::string>& servers);

}  // namespace jackfield
