// rtp.conf.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/address.hpp"
#include "core/config/options.hpp"
#include "core/media/media_socket.hpp"
#include "core/module/module_config.hpp"
#include "core/runtime/access_list.hpp"

namespace jackfield::rtp {

enum class Strictness : std::uint8_t { off, on, sequence };

// [ice_host_candidates] of rtp.conf: the address told instead of, or beside, that of an interface.
struct HostCandidate {
    SocketAddress local, told;
    bool keep_local = false;
};

// A server of ours, by name, and what that was resolved to last.
struct NamedServer {
    std::string name;       // HOST[:PORT]; empty: none
    SocketAddress address;  // not of the file; invalid: not known yet
};

// Rules of the file itself, and lists of acl.conf by name, all of which must let an address in.
struct AddressRules {
    std::vector<std::string> lists;
    AccessList own;
    bool allow(const SocketAddress& address) const { return own.allows(address) && AccessLists::instance().allow(lists, address); }  // control thread
};

enum class TurnTransport : std::uint8_t { udp, tcp };

struct Settings {
    std::uint16_t first_port, last_port;
    Strictness strict;
    unsigned probation;  // packets in sequence before a source is believed
    std::chrono::milliseconds rtcp_interval;
    unsigned digit_timeout;  // timestamp units
    bool checksums;
    PacketTransport transport;
    bool ice, ice_lite;
    AddressRules ice_rules;   // addresses told as candidates
    AddressRules stun_rules;  // addresses from which the servers are asked
    NamedServer stun_server, turn_server;
    std::string turn_user, turn_password;
    TurnTransport turn_transport;
    std::vector<HostCandidate> ice_host_candidates;  // a section of its own
};
const Options<Settings>& settings_options();
// The file, with [general] and [ice_host_candidates]; `changed` runs when new settings hold.
ConfigFileSpec settings_of_rtp(Settings& settings, std::function<void()> changed);

}  // namespace jackfield::rtp
