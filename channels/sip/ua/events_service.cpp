// What chan_sip offers other modules of events.
#include "channels/sip/ua/events_service.hpp"

#include <algorithm>

#include "channels/sip/ua/call.hpp"

namespace jackfield::sip {

std::vector<SipResourceList> EventsService::resource_lists() const {
    std::vector<SipResourceList> all;
    for (const auto& [name, list] : agent_.objects()->resource_lists)
        all.push_back({name, list->event, join(list->items, ","), list->full_state, list->resource_display_name, list->notification_batch_interval});
    std::ranges::sort(all, {}, &SipResourceList::name);
    return all;
}

std::vector<std::string> EventsService::endpoints() const {
    std::vector<std::string> all;
    for (const auto& [name, endpoint] : agent_.objects()->endpoints) all.push_back(name);
    std::ranges::sort(all);
    return all;
}

Result<void> EventsService::notify_endpoint(std::string_view name, const Notify& notify) {
    const auto endpoint = agent_.objects()->endpoint(name);
    if (!endpoint) return fail(ErrorCode::not_found, "Unable to retrieve endpoint {}", name);
    const auto contacts = registrar_.contacts(*endpoint);
    if (contacts.empty()) return fail(ErrorCode::not_found, "Endpoint {} is not registered and has no contact", name);
    auto request = std::make_shared<ContactRequest>();
    request->headers = notify.headers;
    request->content_type = notify.content_type;
    request->body = notify.body;
    for (const Contact& contact : contacts)
        if (!requests_.send(endpoint, contact, request)) return fail(ErrorCode::limit, "too many NOTIFYs are unanswered; try again later");
    return {};
}

Result<void> EventsService::notify_channel(std::string_view name, const Notify& notify) {
    const auto channel = find_channel(name);
    if (!channel) return fail(ErrorCode::not_found, "No channel is called {}", name);
    auto* call = dynamic_cast<SipCall*>(&channel->driver());
    UserDialog* dialog = call ? call->dialog() : nullptr;
    if (!dialog) return fail(ErrorCode::invalid, "{} is no SIP channel with a dialog", name);
    agent_.send_and_forget(*dialog, Method::notify, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, agent_.contact(dialog->flow, call->endpoint().contact_user));
        for (const auto& [header, value] : notify.headers) writer.header(header, value);
        writer.finish(notify.body.empty() ? std::string_view() : std::string_view(notify.content_type), notify.body);
    });
    return {};
}

}  // namespace jackfield::sip
