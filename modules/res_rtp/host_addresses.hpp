// The addresses at which a media socket can be reached, as ICE describes them (rtp.conf: ice_acl, ice_deny, ice_permit, ice_host_candidates).
#pragma once

#include <vector>

#include "core/base/address.hpp"
#include "modules/res_rtp/rtp_settings.hpp"

namespace jackfield::rtp {

struct HostAddress {
    SocketAddress address;  // its port does not count
    SocketAddress base;     // of one that is told instead of or beside ours: ours; else invalid
};
// Of a socket bound to `local`; at most 8. One that is bound to every address has those of all interfaces that are up, loopback
// and link-local ones apart. Control thread.
std::vector<HostAddress> host_addresses(const SocketAddress& local, const Settings& settings);

}  // namespace jackfield::rtp
