// One subscription of somebody's to our events, to one resource or to a list (RFC 6665, RFC 4662).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "channels/sip/stack/subscription.hpp"
#include "channels/sip/ua/event_package.hpp"
#include "channels/sip/ua/user_agent.hpp"
#include "channels/sip/ua/watched_state.hpp"

namespace jackfield::sip {

class Notifier;
class SubscriptionDialog;

struct EventName {  // Event: package;id=...
    std::string package, id;
    static EventName of(const Message& request);
    bool operator==(const EventName&) const = default;
};

// Control thread; owned by its dialog.
class InboundSubscription final : public ClientTransactionUser, private NotifierSubscription::User {
  public:
    // `list`: null for a single resource. Members come by add_member(), then begin().
    InboundSubscription(Notifier& notifier, EventPackage& package, EventName event, Watcher watcher, std::shared_ptr<const ResourceListSettings> list);
    ~InboundSubscription();
    // `state`: null for a resource of a list that can't be watched.
    void add_member(Watcher watcher, std::string display_name, std::shared_ptr<WatchedState> state);
    void begin(SubscriptionDialog& dialog);
    // After a SUBSCRIBE was accepted: all of the state is told.
    void refresh(std::chrono::seconds granted);

    const EventName& event() const { return event_; }
    EventPackage& package() const { return package_; }
    const Watcher& watcher() const { return watcher_; }
    bool is_list() const { return list_ != nullptr; }
    NotifierSubscription& machine() { return machine_; }
    const NotifierSubscription& machine() const { return machine_; }
    // After a restart: versions of bodies go on from that number.
    void resume(std::uint32_t version);
    std::uint32_t version() const { return list_ ? list_version_ : members_.front()->watcher.version; }
    const std::string& saved_key() const { return saved_key_; }
    void set_endpoint(const std::shared_ptr<const EndpointSettings>& endpoint);

    void on_response(ClientHandle& handle, const Message& response, const Flow& from) override;
    void on_failure(ClientHandle& handle, ClientFailure failure) override;

  private:
    class Member final : public StateListener {
      public:
        Member(InboundSubscription& owner, Watcher watcher, std::string display_name, std::shared_ptr<WatchedState> state)
            : watcher(std::move(watcher)), display_name(std::move(display_name)), owner_(owner) {
            listen(std::move(state));
        }
        bool exists() const { return state() && state()->source().exists(); }
        EventBody body() {
            EventBody made = state()->source().body(watcher);
            ++watcher.version;
            watcher.full = false;
            if (made.content_type.empty()) made.content_type = watcher.content_type;
            return made;
        }
        void on_state_changed() override {
            changed = true;
            owner_.member_changed(*this);
        }
        Watcher watcher;
        std::string display_name;
        bool changed = true;

      private:
        InboundSubscription& owner_;
    };

    void tell_all();  // with the next NOTIFY
    void member_changed(const Member& member);
    void on_batch_over() { machine_.changed(); }
    EventBody list_body();
    void send_notify(std::string_view subscription_state) override;
    void on_subscription_over() override;
    void send();

    Notifier& notifier_;
    EventPackage& package_;
    EventName event_;
    Watcher watcher_;
    std::shared_ptr<const ResourceListSettings> list_;
    std::vector<std::unique_ptr<Member>> members_;
    bool full_ = true;                // the next NOTIFY tells of all members
    std::uint32_t list_version_ = 0;
    SubscriptionDialog* dialog_ = nullptr;
    std::string saved_key_;           // in the database
    std::string state_value_;         // of the NOTIFY that is under way
    EventBody body_;
    ChallengeAnswers answers_;
    ClientHandle notify_{*this};
    NotifierSubscription machine_;
    StackTimer batch_{this, StackTimer::calls<&InboundSubscription::on_batch_over>};
};

}  // namespace jackfield::sip
