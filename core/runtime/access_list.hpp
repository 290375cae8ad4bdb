// Lists of addresses that may and may not (acl.conf), by name, for every interface that asks where somebody comes from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.hpp"
#include "core/base/strings.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"

namespace jackfield {

// Of the rules that have an address the last one decides; an address that none has may.
class AccessList {
  public:
    struct Rule {
        bool permit;
        Subnet network;
    };
    // `value`: networks separated by commas; "!" before one turns the rule round. Errors: invalid.
    Result<void> add(bool permit, std::string_view value);
    bool allows(const SocketAddress& address) const;
    const std::vector<Rule>& rules() const { return rules_; }

  private:
    std::vector<Rule> rules_;
};

// Control thread.
class AccessLists {
  public:
    using ByName = std::map<std::string, AccessList, std::less<>>;
    static AccessLists& instance();  // the daemon's
    void set(ByName lists) { lists_ = std::move(lists); }
    const ByName& all() const { return lists_; }
    const AccessList* find(std::string_view name) const;
    // True when each of the lists named lets the address in. One that there is not lets nobody in.
    bool allow(const std::vector<std::string>& names, const SocketAddress& address) const;

  private:
    ByName lists_;
};

// Reads acl.conf: a section for each list, with permit = and deny = in order. Pure.
AccessLists::ByName read_access_lists(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield
