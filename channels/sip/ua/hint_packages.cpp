// The event packages presence (RFC 3856) and dialog (RFC 4235): states of extensions with a hint.
#include "channels/sip/ua/hint_packages.hpp"

#include "channels/sip/stack/event_bodies.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/hints.hpp"

namespace jackfield::sip {
namespace {

// Watched under "extension@context".
Result<std::string> hint_key(const Watcher& watcher) {
    const EndpointSettings& endpoint = *watcher.endpoint;
    const std::string& context = endpoint.subscribe_context.empty() ? endpoint.context : endpoint.subscribe_context;
    if (!current_dialplan()->hint(context, watcher.resource))
        return fail(ErrorCode::not_found, "context '{}' has no hint for it; write exten => {},hint,PJSIP/...", context, watcher.resource);
    return fmt::format("{}@{}", watcher.resource, context);
}

struct HintName {
    std::string extension, context;
};
HintName hint_name_of(const std::string& key) {
    const auto at = key.rfind('@');
    return {key.substr(0, at), key.substr(at + 1)};
}

// The devices of a hint's text before the comma, what people say of themselves behind it.
std::string_view devices_part(std::string_view text) { return text.substr(0, text.find_first_of(",(")); }
std::string_view provider_part(std::string_view text) {
    const Halves halves = split_once(text, ',');
    return trim(halves.second.substr(0, halves.second.find('(')));
}

PresenceStatus presence_status(ExtensionState state) {
    switch (state) {
        case ExtensionState::ringing: return PresenceStatus::ringing;
        case ExtensionState::in_use_ringing:
        case ExtensionState::in_use: return PresenceStatus::on_the_phone;
        case ExtensionState::busy: return PresenceStatus::busy;
        case ExtensionState::on_hold:
        case ExtensionState::in_use_on_hold: return PresenceStatus::on_hold;
        case ExtensionState::unavailable:
        case ExtensionState::removed:
        case ExtensionState::deactivated: return PresenceStatus::closed;
        case ExtensionState::not_in_use: break;
    }
    return PresenceStatus::open;
}

// An unavailable phone lights the lamp, as it always did with Asterisk.
DialogView::State dialog_state(ExtensionState state, bool early_in_use) {
    switch (state) {
        case ExtensionState::ringing: return DialogView::State::early;
        case ExtensionState::in_use_ringing: return early_in_use ? DialogView::State::early : DialogView::State::confirmed;
        case ExtensionState::in_use:
        case ExtensionState::busy:
        case ExtensionState::on_hold:
        case ExtensionState::in_use_on_hold:
        case ExtensionState::unavailable: return DialogView::State::confirmed;
        case ExtensionState::not_in_use:
        case ExtensionState::removed:
        case ExtensionState::deactivated: break;
    }
    return DialogView::State::terminated;
}

DialogParty party_of(const PartyId& id, const std::string& host) {
    if (!id.number.valid || id.number.text.empty() || (static_cast<unsigned>(id.number.presentation) & 0x60u) != 0)
        return {"Anonymous", "sip:anonymous@anonymous.invalid"};
    return {id.name.valid ? id.name.text : std::string(), "sip:" + escape_user(id.number.text) + "@" + host};
}

}  // namespace

// --- presence --------------------------------------------------------------------------------------------------------------------

class PresenceSource final : public EventSource {
  public:
    PresenceSource(PresencePackage& package, HintName name, std::function<void()> changed)
        : package_(package), changed_(std::move(changed)), watch_(name.context, name.extension, [this](ExtensionState, DeviceState) { tell(); }) {
        follow();
    }
    ~PresenceSource() override { unfollow(); }
    bool exists() const override { return watch_.state() != ExtensionState::removed; }
    EventBody body(Watcher& watcher) const override {
        PresenceView view;
        view.entity = watcher.entity;
        view.id = watcher.resource;
        view.status = presence_status(watch_.state());
        if (!provider_.empty()) {
            const PresenceState says = presence_state(provider_);
            view.note = says.message.empty() ? says.subtype : says.message;
            view.away = says.state == "away" || says.state == "xa";
            view.do_not_disturb = says.state == "dnd";
            if (says.state == "unavailable") view.status = PresenceStatus::closed;
        }
        return {{}, watcher.content_type == "application/xpidf+xml" ? xpidf_body(view) : pidf_body(view)};
    }
    void tell() {
        if (provider_part(watch_.text()) != provider_) {
            unfollow();
            follow();
        }
        changed_();
    }

  private:
    void follow() {
        provider_ = provider_part(watch_.text());
        if (!provider_.empty()) package_.by_provider_[provider_].insert(this);
    }
    void unfollow() {
        const auto found = package_.by_provider_.find(provider_);
        if (found == package_.by_provider_.end()) return;
        found->second.erase(this);
        if (found->second.empty()) package_.by_provider_.erase(found);
    }

    PresencePackage& package_;
    std::function<void()> changed_;
    HintWatch watch_;
    std::string provider_;
};

PresencePackage::PresencePackage() {
    changes_ = subscribe<PresenceStateChange>([this](const PresenceStateChange& change) {
        const auto found = by_provider_.find(change.provider);
        if (found == by_provider_.end()) return;
        for (PresenceSource* source : found->second) source->tell();
    });
}

Result<std::string> PresencePackage::key(const Watcher& watcher) const { return hint_key(watcher); }

std::unique_ptr<EventSource> PresencePackage::open(const std::string& key, std::function<void()> changed) {
    return std::make_unique<PresenceSource>(*this, hint_name_of(key), std::move(changed));
}

// --- dialog ------------------------------------------------------------------------------------------------------------------------

class DialogSource final : public EventSource {
  public:
    DialogSource(DialogPackage& package, HintName name, std::function<void()> changed)
        : package_(package), changed_(std::move(changed)), watch_(name.context, name.extension, [this](ExtensionState, DeviceState) { tell(); }) {
        follow();
    }
    ~DialogSource() override { unfollow(); }
    bool exists() const override { return watch_.state() != ExtensionState::removed; }
    EventBody body(Watcher& watcher) const override {
        DialogView view;
        view.id = watcher.resource;
        const ExtensionState state = watch_.state();
        view.state = dialog_state(state, watcher.endpoint->notify_early_inuse_ringing);
        view.on_hold = state == ExtensionState::on_hold;
        if ((static_cast<int>(state) & static_cast<int>(ExtensionState::ringing)) != 0) describe_ringing(view, watcher);
        return {{}, dialog_info_body(watcher.entity, watcher.version, {&view, 1})};
    }
    void tell() {
        if (watch_.text() != text_) {
            unfollow();
            follow();
        }
        changed_();
    }

  private:
    // Of the call that rings: the phone's own view of it, so that what it sends as Replaces means our dialog.
    void describe_ringing(DialogView& view, const Watcher& watcher) const {
        view.direction = DialogView::Direction::recipient;
        for (const std::string& endpoint : endpoints_)
            if (const auto& calls = package_.driver_.ringing(endpoint); !calls.empty()) return describe(*calls.front(), view, watcher);
    }
    static void describe(SipCall& call, DialogView& view, const Watcher& watcher) {
        if (const UserDialog* dialog = call.dialog()) {
            view.call_id = dialog->call_id();
            view.local_tag = dialog->remote_tag();
            view.remote_tag = dialog->local_tag();
        }
        view.remote = party_of(call.calling_party(), watcher.host);
        view.local = {{}, watcher.entity};
    }
    void follow() {
        text_ = watch_.text();
        for (const std::string_view device : split_list(devices_part(text_), '&')) {
            const Halves halves = split_once(device, '/');
            if (equals_ignoring_case(halves.first, "PJSIP") || equals_ignoring_case(halves.first, "SIP")) endpoints_.emplace_back(halves.second);
        }
        for (const std::string& endpoint : endpoints_) package_.by_endpoint_[endpoint].insert(this);
    }
    void unfollow() {
        for (const std::string& endpoint : std::exchange(endpoints_, {})) {
            const auto found = package_.by_endpoint_.find(endpoint);
            if (found == package_.by_endpoint_.end()) continue;
            found->second.erase(this);
            if (found->second.empty()) package_.by_endpoint_.erase(found);
        }
    }

    DialogPackage& package_;
    std::function<void()> changed_;
    HintWatch watch_;
    std::string text_;
    std::vector<std::string> endpoints_;
};

DialogPackage::DialogPackage(SipDriver& driver) : driver_(driver) {
    driver_.on_ringing = [this](const std::string& endpoint) {
        const auto found = by_endpoint_.find(endpoint);
        if (found == by_endpoint_.end()) return;
        for (DialogSource* source : found->second) source->tell();
    };
}

DialogPackage::~DialogPackage() { driver_.on_ringing = nullptr; }

Result<std::string> DialogPackage::key(const Watcher& watcher) const { return hint_key(watcher); }

std::unique_ptr<EventSource> DialogPackage::open(const std::string& key, std::function<void()> changed) {
    return std::make_unique<DialogSource>(*this, hint_name_of(key), std::move(changed));
}

}  // namespace jackfield::sip
