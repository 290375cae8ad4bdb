// The event packages presence (RFC 3856) and dialog (RFC 4235): states of extensions with a hint.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "channels/sip/ua/driver.hpp"
#include "channels/sip/ua/event_package.hpp"
#include "core/channel/presence_state.hpp"
#include "core/runtime/event_bus.hpp"

namespace jackfield::sip {

class PresenceSource;
class DialogSource;

// `presence` as PIDF or XPIDF: the hint's devices, and what the person says of itself (the hint's CustomPresence).
class PresencePackage final : public EventPackage {
  public:
    PresencePackage();
    std::string_view name() const override { return "presence"; }
    std::vector<std::string_view> content_types() const override { return {"application/pidf+xml", "application/xpidf+xml"}; }
    Result<std::string> key(const Watcher& watcher) const override;
    std::unique_ptr<EventSource> open(const std::string& key, std::function<void()> changed) override;

  private:
    friend class PresenceSource;
    std::unordered_map<std::string, std::unordered_set<PresenceSource*>, CaseInsensitiveHash, CaseInsensitiveEqual> by_provider_;
    Subscription changes_;
};

// `dialog` as dialog-info: what the hint's devices do; while one of ours rings also who calls, and the dialog to pick up.
class DialogPackage final : public EventPackage {
  public:
    explicit DialogPackage(SipDriver& driver);
    ~DialogPackage() override;
    std::string_view name() const override { return "dialog"; }
    std::vector<std::string_view> content_types() const override { return {"application/dialog-info+xml"}; }
    Result<std::string> key(const Watcher& watcher) const override;
    std::unique_ptr<EventSource> open(const std::string& key, std::function<void()> changed) override;

  private:
    friend class DialogSource;
    SipDriver& driver_;
    std::unordered_map<std::string, std::unordered_set<DialogSource*>> by_endpoint_;
};

}  // namespace jackfield::sip
