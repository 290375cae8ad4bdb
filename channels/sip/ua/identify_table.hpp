// Which endpoint a request is from by its address or by one of its headers (type=identify).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "channels/sip/config/object_set.hpp"
#include "channels/sip/stack/message.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield::sip {

// Control thread. Destroying it waits for look-ups that are under way.
class IdentifyTable {
  public:
    // Addresses, networks and headers count at once. Host names are looked up by fibers (SRV first, unless srv_lookups = no);
    // what was found for them at the last reload counts until then, and stays when a look-up fails.
    void apply(std::shared_ptr<const ObjectSet> objects);
    // Names of endpoints; empty when nothing matches. The narrowest network wins.
    std::string_view by_address(const SocketAddress& from) const;
    std::string_view by_request_uri(const Message& request) const;
    std::string_view by_header(const Message& request) const;

  private:
    struct Search;
    using Addresses = std::vector<SocketAddress>;
    void build();
    void look_up(Search& search);

    std::shared_ptr<const ObjectSet> objects_;
    std::unordered_map<std::string, Addresses> found_;  // by host name, of this reload and those before
    std::unordered_map<SocketAddress, std::string, SocketAddressHash> hosts_;  // with port 0
    std::vector<std::pair<Subnet, std::string>> networks_;                     // narrowest first
    std::shared_ptr<Search> search_;
    TaskGroup fibers_{"SIP identify"};
};

}  // namespace jackfield::sip
