// The event package conference (RFC 4575): who is in a mixing bridge.
#include "channels/sip/ua/conference_package.hpp"

#include <algorithm>

#include "channels/sip/stack/event_bodies.hpp"
#include "channels/sip/stack/uri.hpp"
#include "channels/sip/ua/call.hpp"

namespace jackfield::sip {
namespace {

bool takes_part(const Bridge& bridge, std::string_view endpoint) {
    return std::ranges::any_of(bridge.members(), [&](Channel* channel) {
        const auto* call = dynamic_cast<SipCall*>(&channel->driver());
        return call && call->endpoint().name == endpoint;
    });
}

ConferenceUser user_of(Channel& channel, const std::string& host) {
    ConferenceUser user;
    user.id = channel.name();
    const auto* call = dynamic_cast<SipCall*>(&channel.driver());
    user.dialled_out = call && !call->dialled_in();
    const PartyId& id = channel.caller().id;
    const bool hidden = (static_cast<unsigned>(id.number.presentation) & 0x60u) != 0;
    if (!id.number.valid || id.number.text.empty() || hidden) {
        user.display_name = "Anonymous";
        user.uri = "sip:anonymous@anonymous.invalid";
    } else {
        user.display_name = id.name.valid ? id.name.text : std::string();
        user.uri = make_uri(UriScheme::sip, id.number.text, host);
    }
    return user;
}

}  // namespace

class ConferenceSource final : public EventSource {
  public:
    ConferenceSource(ConferencePackage& package, std::string bridge, std::function<void()> changed)
        : package_(package), bridge_(std::move(bridge)), changed_(std::move(changed)) {
        package_.by_bridge_[bridge_].insert(this);
    }
    ~ConferenceSource() override {
        const auto found = package_.by_bridge_.find(bridge_);
        found->second.erase(this);
        if (found->second.empty()) package_.by_bridge_.erase(found);
    }
    bool exists() const override { return !gone_ && Bridge::find(bridge_) != nullptr; }
    EventBody body(const Watcher& watcher) const override {
        ConferenceView view;
        view.entity = watcher.entity;
        view.version = watcher.version;
        if (const auto bridge = Bridge::find(bridge_)) {
            view.title = bridge->name();
            for (Channel* const member : bridge->members()) view.users.push_back(user_of(*member, watcher.host));
        }
        return {{}, conference_info_body(view)};
    }
    void tell() { changed_(); }
    void end() {
        gone_ = true;
        changed_();
    }

  private:
    ConferencePackage& package_;
    std::string bridge_;
    std::function<void()> changed_;
    bool gone_ = false;
};

ConferencePackage::ConferencePackage() {
    entered_ = subscribe<BridgeEntered>([this](const BridgeEntered& event) { tell(event.bridge); });
    left_ = subscribe<BridgeLeft>([this](const BridgeLeft& event) { tell(event.bridge); });
    merged_ = subscribe<BridgesMerged>([this](const BridgesMerged& event) { tell(event.to); });
    destroyed_ = subscribe<BridgeDestroyed>([this](const BridgeDestroyed& event) {
        const auto found = by_bridge_.find(event.bridge.id());
        if (found == by_bridge_.end()) return;
        for (ConferenceSource* source : found->second) source->end();
    });
}

void ConferencePackage::tell(const Bridge& bridge) {
    const auto found = by_bridge_.find(bridge.id());
    if (found == by_bridge_.end()) return;
    for (ConferenceSource* source : found->second) source->tell();
}

Result<std::string> ConferencePackage::key(const Watcher& watcher) const {
    for (const auto& bridge : Bridge::list()) {
        if (bridge->kind() != BridgeKind::mixing || (bridge->id() != watcher.resource && bridge->name() != watcher.resource)) continue;
        if (watcher.endpoint->watch_conferences || takes_part(*bridge, watcher.endpoint->name)) return bridge->id();
        return fail(ErrorCode::refused, "it has no call in that conference; write watch_conferences = yes in the endpoint");
    }
    return fail(ErrorCode::not_found, "no mixing bridge has that id or name");
}

std::unique_ptr<EventSource> ConferencePackage::open(const std::string& key, std::function<void()> changed) {
    return std::make_unique<ConferenceSource>(*this, key, std::move(changed));
}

}  // namespace jackfield::sip
