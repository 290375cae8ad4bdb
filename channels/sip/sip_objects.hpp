// The service interface of chan_sip: the objects of pjsip.conf one by one, as fields to be read and changed.
//
// Classes and types are those of Asterisk's sorcery: "res_pjsip" has endpoint, aor, auth, transport, global and system;
// "res_pjsip_endpoint_identifier_ip" identify; "res_pjsip_outbound_registration" registration; "res_pjsip_pubsub" resource_list and
// inbound-publication. Everything here is for the control thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

// Which object is meant.
struct SipObjectName {
    std::string config_class, type, id;
};

class SipObjects {
  public:
    static constexpr std::string_view service_name = "sip_objects";
    using Fields = std::vector<std::pair<std::string, std::string>>;
    virtual ~SipObjects() = default;

    virtual bool knows(std::string_view config_class, std::string_view type) const = 0;
    // Every field that the type has, with the value that is in force; lists are joined by commas. Never waits.
    // Errors: not_found.
    virtual Result<Fields> read(const SipObjectName& name) const = 0;
    // Makes the object, or changes these fields of it in its section of the file; several of one name are lines of their own. A
    // transaction: valid as a whole with all files or not made at all, in force at return, kept in the history. Waits.
    // Errors: not_found (no such type), refused (the section is outside of the configuration folder), invalid, those of the disk.
    virtual Result<void> write(const SipObjectName& name, const Fields& fields, const std::string& author) = 0;
    // The same for taking it out. Errors: also not_found for the object.
    virtual Result<void> remove(const SipObjectName& name, const std::string& author) = 0;
};

}  // namespace jackfield
