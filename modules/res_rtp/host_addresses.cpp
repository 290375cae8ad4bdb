// The addresses at which a media socket can be reached, as ICE describes them.
#include "modules/res_rtp/host_addresses.hpp"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>

namespace jackfield::rtp {
namespace {

constexpr std::size_t most_addresses = 8;

bool is_link_local(const SocketAddress& address) {
    static const Subnet v4 = Subnet::parse("169.254.0.0/16").value(), v6 = Subnet::parse("fe80::/10").value();
    return v4.contains(address) || v6.contains(address);
}

std::vector<SocketAddress> addresses_of_interfaces(int family) {
    std::vector<SocketAddress> found;
    ifaddrs* first = nullptr;
    if (getifaddrs(&first) != 0) return found;
    for (const ifaddrs* each = first; each; each = each->ifa_next) {
        if (!each->ifa_addr || each->ifa_addr->sa_family != family || !(each->ifa_flags & IFF_UP)) continue;
        const SocketAddress address(each->ifa_addr);
        if (!address.is_loopback() && !is_link_local(address)) found.push_back(address);
    }
    freeifaddrs(first);
    return found;
}

}  // namespace

std::vector<HostAddress> host_addresses(const SocketAddress& local, const Settings& settings) {
    std::vector<HostAddress> result;
    for (const SocketAddress& address : local.is_any() ? addresses_of_interfaces(local.family()) : std::vector{local}) {
        if (!settings.ice_rules.allow(address)) continue;
        const auto told = std::ranges::find_if(settings.ice_host_candidates, [&](const HostCandidate& each) { return each.local.same_host(address); });
        if (told == settings.ice_host_candidates.end() || told->keep_local) result.push_back({address, {}});
        if (told != settings.ice_host_candidates.end()) result.push_back({told->told, address});
    }
    if (result.size() > most_addresses) result.resize(most_addresses);
    return result;
}

}  // namespace jackfield::rtp
