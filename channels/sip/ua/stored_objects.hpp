// The objects of pjsip.conf as fields: what is in force is read, changes are written to the file.
#pragma once

#include "channels/sip/sip_objects.hpp"
#include "channels/sip/ua/user_agent.hpp"

namespace jackfield::sip {

// Control thread.
class StoredObjects final : public SipObjects {
  public:
    explicit StoredObjects(UserAgent& agent) : agent_(agent) {}

    bool knows(std::string_view config_class, std::string_view type) const override;
    Result<Fields> read(const SipObjectName& name) const override;
    Result<void> write(const SipObjectName& name, const Fields& fields, const std::string& author) override;
    Result<void> remove(const SipObjectName& name, const std::string& author) override;

  private:
    UserAgent& agent_;
};

}  // namespace jackfield::sip
