// The event package conference (RFC 4575): who is in a mixing bridge.
#include "channels/sip/ua/conference_package.hpp"

#include <algorithm>
#include <map>

#include "channels/sip/stack/event_bodies.hpp"
#include "channels/sip/stack/uri.hpp"
#include "channels/sip/ua/call.hpp"
#include "core/channel/channel_events.hpp"

namespace jackfield::sip {
namespace {

bool takes_part(const Bridge& bridge, std::string_view endpoint) {
    return std::ranges::any_of(bridge.members(), [&](Channel* channel) {
        const auto* call = dynamic_cast<SipCall*>(&channel->driver());
        return call && call->endpoint().name == endpoint;
    });
}

// RFC 4575 5.6: who is not to be known is a user nevertheless, with a URI of its own.
ConferenceUser user_of(Channel& channel, const std::string& host) {
    const PartyId& id = channel.caller().id;
    const bool hidden = (static_cast<unsigned>(id.number.presentation) & 0x60u) != 0;
    if (!id.number.valid || id.number.text.empty() || hidden) return {fmt::format("sip:anonymous{}@anonymous.invalid", channel.id().number), "Anonymous", {}};
    return {make_uri(UriScheme::sip, id.number.text, host), id.name.valid ? id.name.text : std::string(), {}};
}

// In order of their URIs; several calls of one URI are one user.
std::vector<ConferenceUser> users_of(const Bridge& bridge, const std::string& host) {
    std::map<std::string, ConferenceUser> users;
    for (Channel* const member : bridge.members()) {
        ConferenceUser user = user_of(*member, host);
        const auto* call = dynamic_cast<SipCall*>(&member->driver());
        std::string uri = user.uri;
        users.try_emplace(std::move(uri), std::move(user)).first->second.endpoints.push_back({member->name(), call && !call->dialled_in()});
    }
    std::vector<ConferenceUser> sorted;
    sorted.reserve(users.size());
    for (auto& [uri, user] : users) sorted.push_back(std::move(user));
    return sorted;
}

struct ToldConference final : ToldState {
    std::string host;
    std::vector<ConferenceUser> users;
};

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
    EventBody body(Watcher& watcher) const override {
        ConferenceView view;
        view.entity = watcher.entity;
        view.version = watcher.version;
        const auto bridge = Bridge::find(bridge_);
        if (bridge) view.title = bridge->name();
        if (!now_ || now_->host != watcher.host) {  // else all who watch have it in common
            auto now = std::make_shared<ToldConference>();
            now->host = watcher.host;
            if (bridge) now->users = users_of(*bridge, watcher.host);
            now_ = std::move(now);
        }
        view.users = now_->users;
        const auto* const told = dynamic_cast<const ToldConference*>(watcher.told.get());
        std::string text = conference_info_body(view, watcher.full || !told ? nullptr : &told->users);
        watcher.told = now_;
        return {{}, std::move(text)};
    }
    void tell() {
        now_ = nullptr;
        changed_();
    }
    void end() {
        now_ = nullptr;
        gone_ = true;
        changed_();
    }

  private:
    ConferencePackage& package_;
    std::string bridge_;
    std::function<void()> changed_;
    bool gone_ = false;
    mutable std::shared_ptr<const ToldConference> now_;  // made for the first who asks after a change
};

ConferencePackage::ConferencePackage() {
    entered_ = subscribe<BridgeEntered>([this](const BridgeEntered& event) { tell(event.bridge); });
    left_ = subscribe<BridgeLeft>([this](const BridgeLeft& event) { tell(event.bridge); });
    merged_ = subscribe<BridgesMerged>([this](const BridgesMerged& event) { tell(event.to); });
    renamed_ = subscribe<ChannelIdentityChanged>([this](const ChannelIdentityChanged& event) {
        if (const Bridge* const bridge = event.channel.bridge()) tell(*bridge);
    });
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
