// A dialog that a SUBSCRIBE made; it lasts as long as there are subscriptions in it (RFC 6665 section 4.4.1).
#include "channels/sip/ua/subscription_dialog.hpp"

#include "channels/sip/ua/notifier.hpp"
#include "core/base/clock.hpp"

namespace jackfield::sip {

SubscriptionDialog::SubscriptionDialog(Notifier& notifier, Dialog&& dialog, Flow flow, std::string subscriber)
    : notifier_(notifier), subscriber_(std::move(subscriber)), dialog_(std::move(dialog), *this, std::move(flow)) {
    dialog_.confirm();
    notifier_.agent().dialogs().insert(dialog_);
}

void SubscriptionDialog::on_dialog_request(UserDialog&, IncomingRequest& request) {
    const Method method = request.request().method();
    if (method == Method::subscribe) return on_subscribe(request);
    const int status = method == Method::options ? 200 : method == Method::notify || method == Method::bye ? 481 : 405;
    (void)request.send(status, notifier_.agent().response(request, status, {}, [](MessageWriter& writer) {
        writer.header(HeaderName::allow, allowed_methods);
        writer.finish();
    }));
}

void SubscriptionDialog::add(IncomingRequest& request, std::unique_ptr<InboundSubscription> subscription, std::chrono::seconds granted) {
    const std::string request_text(request.request().text());
    InboundSubscription& added = *subscriptions_.emplace_back(std::move(subscription));
    added.begin(*this);
    accept(request, added, granted);
    if (granted > std::chrono::seconds(0)) {
        SavedSubscription record = saved(added, granted);
        record.subscribe = request_text;
        save_subscription(record);
    }
    added.refresh(granted);
}

void SubscriptionDialog::restore(std::unique_ptr<InboundSubscription> subscription, const SavedSubscription& saved) {
    const auto now = wall_now();
    const std::uint32_t numbers = saved.numbers_since(now);
    InboundSubscription& added = *subscriptions_.emplace_back(std::move(subscription));
    dialog_.resume_cseq(std::max(dialog_.local_cseq(), saved.cseq + numbers));
    added.begin(*this);
    added.resume(saved.version + numbers);
    added.refresh(std::chrono::ceil<std::chrono::seconds>(saved.expires - now));
}

SavedSubscription SubscriptionDialog::saved(const InboundSubscription& subscription, std::chrono::seconds granted) const {
    SavedSubscription record;
    record.key = subscription.saved_key();
    record.endpoint = subscription.watcher().endpoint->name;
    record.local_tag = dialog_.local_tag();
    record.remote = dialog_.flow.remote.to_string();
    record.protocol = to_lower(notifier_.agent().transports().protocol(dialog_.flow));
    record.saved = wall_now();
    record.expires = record.saved + granted;
    record.cseq = dialog_.local_cseq();
    record.version = subscription.version();
    return record;
}

void SubscriptionDialog::accept(IncomingRequest& request, const InboundSubscription& subscription, std::chrono::seconds granted) {
    UserAgent& agent = notifier_.agent();
    (void)request.send(200, agent.response(request, 200, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, agent.contact(dialog_.flow, subscription.watcher().endpoint->contact_user));
        writer.header(HeaderName::expires, static_cast<std::uint32_t>(granted.count()));
        writer.header(HeaderName::allow_events, notifier_.allow_events());
        if (subscription.is_list()) writer.header(HeaderName::require, "eventlist");
        writer.finish();
    }));
}

bool SubscriptionDialog::drop_ended() {
    std::erase_if(subscriptions_, [](const auto& each) { return each->machine().over(); });
    return subscriptions_.empty();
}

void SubscriptionDialog::on_subscribe(IncomingRequest& request) {
    const Message& message = request.request();
    const EventName event = EventName::of(message);
    const auto lasting = [](const auto& each) { return !each->machine().terminating(); };
    const auto same = std::ranges::find_if(subscriptions_, [&](const auto& each) { return each->event() == event && lasting(each); });
    if (same != subscriptions_.end()) {
        InboundSubscription& subscription = **same;
        const auto granted = notifier_.granted_to(request, *subscription.watcher().endpoint, subscription.package());
        if (!granted) return;
        dialog_.refresh_target(message);
        accept(request, subscription, *granted);
        if (*granted > std::chrono::seconds(0)) save_refreshed(saved(subscription, *granted));
        return subscription.refresh(*granted);
    }
    if (std::ranges::none_of(subscriptions_, lasting)) return (void)request.respond(481);
    if (subscriptions_.size() >= most_subscriptions) return (void)request.respond(403, "Too many subscriptions in one dialog");
    std::chrono::seconds granted{};
    if (auto subscription = notifier_.examine(request, subscriptions_.front()->watcher().endpoint, granted)) add(request, std::move(subscription), granted);
}

}  // namespace jackfield::sip
