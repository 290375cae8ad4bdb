// One subscription of somebody's to our events, to one resource or to a list (RFC 6665, RFC 4662).
#include "channels/sip/ua/inbound_subscription.hpp"

#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/stack/resource_list_body.hpp"
#include "channels/sip/ua/notifier.hpp"
#include "channels/sip/ua/saved_subscriptions.hpp"
#include "channels/sip/ua/subscription_dialog.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr auto notify_interval = 50ms;

}  // namespace

EventName EventName::of(const Message& request) {
    const TokenValue event = parse_token_value(request.header(HeaderName::event));
    return {std::string(event.token), std::string(event.parameters.value("id"))};
}

InboundSubscription::InboundSubscription(Notifier& notifier, EventPackage& package, EventName event, Watcher watcher,
                                         std::shared_ptr<const ResourceListSettings> list)
    : notifier_(notifier),
      package_(package),
      event_(std::move(event)),
      watcher_(std::move(watcher)),
      list_(std::move(list)),
      machine_(*this, notifier.agent().timers(), notify_interval) {
    notifier_.counted(*this, 1);
}

InboundSubscription::~InboundSubscription() { notifier_.counted(*this, -1); }

void InboundSubscription::add_member(Watcher watcher, std::string display_name, std::shared_ptr<WatchedState> state) {
    members_.push_back(std::make_unique<Member>(*this, std::move(watcher), std::move(display_name), std::move(state)));
}

void InboundSubscription::begin(SubscriptionDialog& dialog) {
    dialog_ = &dialog;
    saved_key_ = saved_subscription_key(dialog.dialog().call_id(), dialog.dialog().local_tag(), event_.package, event_.id);
}

void InboundSubscription::resume(std::uint32_t version) {
    list_version_ = version;
    for (const auto& member : members_) member->watcher.version = version;
}

void InboundSubscription::tell_all() {
    full_ = true;
    for (const auto& member : members_) member->watcher.full = true;
}

void InboundSubscription::refresh(std::chrono::seconds granted) {
    tell_all();
    machine_.refresh(granted);
}

void InboundSubscription::set_endpoint(const std::shared_ptr<const EndpointSettings>& endpoint) {
    watcher_.endpoint = endpoint;
    for (const auto& member : members_) member->watcher.endpoint = endpoint;
}

void InboundSubscription::member_changed(const Member& member) {
    if (!list_ && !member.exists()) return machine_.terminate(SubscriptionEnd::noresource);
    if (!list_ || list_->notification_batch_interval == 0ms) return machine_.changed();
    if (!batch_.running()) notifier_.agent().timers().start(batch_, list_->notification_batch_interval);
}

EventBody InboundSubscription::list_body() {
    const bool full = std::exchange(full_, false) || list_->full_state;
    std::vector<ListedResource> resources;
    for (const auto& member : members_) {
        if (!std::exchange(member->changed, false) && !full) continue;
        ListedResource& each = resources.emplace_back();
        each.uri = member->watcher.entity;
        each.name = member->display_name;
        each.active = member->exists();
        if (!each.active) continue;
        EventBody body = member->body();
        each.content_type = std::move(body.content_type);
        each.body = std::move(body.text);
    }
    MultipartBody made = resource_list_body(watcher_.entity, {}, list_version_++, full, resources, new_tag());
    return {std::move(made.content_type), std::move(made.text)};
}

void InboundSubscription::send_notify(std::string_view subscription_state) {
    state_value_ = subscription_state;
    answers_.begin();
    batch_.stop();
    body_ = list_ ? list_body() : members_.front()->exists() ? members_.front()->body() : EventBody();
    send();
}

void InboundSubscription::send() {
    UserAgent& agent = notifier_.agent();
    UserDialog& dialog = dialog_->dialog();
    agent.start(notify_, dialog, Method::notify, dialog.next_cseq(), [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, agent.contact(dialog.flow, watcher_.endpoint->contact_user));
        writer.header(HeaderName::event, event_.id.empty() ? event_.package : fmt::format("{};id={}", event_.package, event_.id));
        writer.header(HeaderName::subscription_state, state_value_);
        writer.header(HeaderName::allow_events, notifier_.allow_events());
        if (list_) writer.header(HeaderName::require, "eventlist");
        answers_.write(writer, "NOTIFY", dialog.remote_target());
        agent.add_agent(writer);
        if (body_.text.empty()) return writer.finish();
        writer.finish(body_.content_type, body_.text);
    });
}

void InboundSubscription::on_response(ClientHandle&, const Message& response, const Flow&) {
    if (response.status() < 200) return;
    if ((response.status() == 401 || response.status() == 407) && answers_.challenged(response, notifier_.agent().users_of(watcher_.endpoint->outbound_auth)))
        return send();
    if (response.status() >= 300) tell_all();  // should it go on after all
    machine_.answered(response.status(), parse_retry_after(response.header(HeaderName::retry_after)));
}

void InboundSubscription::on_failure(ClientHandle&, ClientFailure) { machine_.failed(); }

void InboundSubscription::on_subscription_over() {
    forget_subscription(saved_key_);
    notifier_.ended(*dialog_);
}

}  // namespace jackfield::sip
