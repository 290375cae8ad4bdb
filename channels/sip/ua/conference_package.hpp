// The event package conference (RFC 4575): who is in a mixing bridge.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "channels/sip/ua/event_package.hpp"
#include "core/bridge/bridge.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield::sip {

class ConferenceSource;

// A bridge is watched by its id or name: by endpoints that have a call in it, and by those with watch_conferences. The first NOTIFY
// and those after a SUBSCRIBE tell the full state, the others who has come, gone or changed. Control thread.
class ConferencePackage final : public EventPackage {
  public:
    ConferencePackage();
    std::string_view name() const override { return "conference"; }
    std::vector<std::string_view> content_types() const override { return {"application/conference-info+xml"}; }
    Result<std::string> key(const Watcher& watcher) const override;  // the bridge's id
    std::unique_ptr<EventSource> open(const std::string& key, std::function<void()> changed) override;

  private:
    friend class ConferenceSource;
    void tell(const Bridge& bridge);

    std::unordered_map<std::string, std::unordered_set<ConferenceSource*>> by_bridge_;
    Subscription entered_, left_, destroyed_, merged_, renamed_;
};

}  // namespace jackfield::sip
