// Message waiting (RFC 3842): the event package message-summary, and phones that are told without a subscription.
#include "channels/sip/ua/mailboxes.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "channels/sip/sip_management.hpp"
#include "channels/sip/stack/event_bodies.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

MessageCounts counts_of(const std::vector<std::string>& mailboxes) {
    const MailboxCounts sum = sum_of_mailboxes(mailboxes);
    return {sum.fresh, sum.old, sum.urgent_fresh, sum.urgent_old};
}

// The extension to call for messages, as a URI; empty: none is configured.
std::string account_uri(const ObjectSet& objects, const EndpointSettings& endpoint, std::string_view aor, std::string_view host) {
    const auto own = objects.aor(aor);
    const std::string& extension = own && !own->voicemail_extension.empty()    ? own->voicemail_extension
                                   : !endpoint.voicemail_extension.empty()     ? endpoint.voicemail_extension
                                                                               : objects.global.default_voicemail_extension;
    return extension.empty() ? std::string() : fmt::format("sip:{}@{}", escape_user(extension), host);
}

bool overlap(const std::vector<std::string>& some, const std::vector<std::string>& others) {
    return std::ranges::any_of(some, [&](const std::string& one) {
        return std::ranges::any_of(others, [&](const std::string& other) { return full_mailbox_name(one) == full_mailbox_name(other); });
    });
}

}  // namespace

// --- subscriptions ---------------------------------------------------------------------------------------------------------------

class MailboxSource final : public EventSource {
  public:
    MailboxSource(MessageSummaryPackage& package, const std::string& key, std::function<void()> changed) : package_(package), changed_(std::move(changed)) {
        for (const std::string_view mailbox : split_list(key)) mailboxes_.emplace_back(mailbox);
        for (const std::string& mailbox : mailboxes_) package_.by_mailbox_[mailbox].insert(this);
    }
    ~MailboxSource() override {
        for (const std::string& mailbox : mailboxes_) {
            const auto found = package_.by_mailbox_.find(mailbox);
            found->second.erase(this);
            if (found->second.empty()) package_.by_mailbox_.erase(found);
        }
    }
    EventBody body(Watcher& watcher) const override {
        const auto objects = package_.agent_.objects();
        return {{}, message_summary_body(counts_of(mailboxes_), account_uri(*objects, *watcher.endpoint, watcher.resource, watcher.host))};
    }
    void tell() { changed_(); }

  private:
    MessageSummaryPackage& package_;
    std::function<void()> changed_;
    std::vector<std::string> mailboxes_;
};

MessageSummaryPackage::MessageSummaryPackage(UserAgent& agent) : agent_(agent) {
    changes_ = subscribe<MailboxChanged>([this](const MailboxChanged& change) {
        const auto found = by_mailbox_.find(change.mailbox);
        if (found == by_mailbox_.end()) return;
        for (MailboxSource* source : found->second) source->tell();
    });
}

Result<std::string> MessageSummaryPackage::key(const Watcher& watcher) const {
    const EndpointSettings& endpoint = *watcher.endpoint;
    const auto aor = agent_.objects()->aor(watcher.resource);
    std::vector<std::string> mailboxes;
    if (aor) mailboxes = aor->mailboxes;
    const bool own = watcher.resource.empty() || watcher.resource == endpoint.name || std::ranges::find(endpoint.aors, watcher.resource) != endpoint.aors.end();
    if (mailboxes.empty() && own) mailboxes = endpoint.mailboxes;
    if (mailboxes.empty()) return fail(ErrorCode::not_found, "it has no mailboxes; write mailboxes = box@context in its aor");
    if (!endpoint.mwi_subscribe_replaces_unsolicited && overlap(mailboxes, endpoint.mailboxes))
        return fail(ErrorCode::refused, "it is told of these mailboxes without a subscription; write mwi_subscribe_replaces_unsolicited = yes in the endpoint, or no mailboxes");
    std::set<std::string> names;
    for (const std::string& mailbox : mailboxes) names.insert(full_mailbox_name(mailbox));
    return fmt::format("{}", fmt::join(names, ","));
}

std::unique_ptr<EventSource> MessageSummaryPackage::open(const std::string& key, std::function<void()> changed) {
    return std::make_unique<MailboxSource>(*this, key, std::move(changed));
}

// --- from a provider -------------------------------------------------------------------------------------------------------------

void take_mailbox_notifies(UserAgent& agent) {
    agent.handle(Method::notify, [&agent](IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) {
        const Message& notify = request.request();
        const bool is_summary = parse_token_value(notify.header(HeaderName::event)).token == "message-summary";
        if (!is_summary || endpoint->incoming_mwi_mailbox.empty())
            return (void)request.send(489, agent.response(request, 489, {}, [](MessageWriter& writer) {
                writer.header(HeaderName::allow_events, "message-summary");
                writer.finish();
            }));
        const auto counts = parse_message_summary(notify.body());
        if (!counts && !notify.body().empty()) return (void)request.respond(400, "Message summary is wrong");
        (void)request.respond(200);
        if (!counts) return;
        if (auto set = set_mailbox_counts(endpoint->incoming_mwi_mailbox, {counts->fresh, counts->old, counts->urgent_fresh, counts->urgent_old}); !set)
            log_warning("Endpoint [{}]: {}", endpoint->name, set.error().text);
    });
}

// --- without a subscription ------------------------------------------------------------------------------------------------------

UnsolicitedMailboxes::UnsolicitedMailboxes(UserAgent& agent, Registrar& registrar, Notifier& notifier, ContactRequests& requests)
    : agent_(agent), registrar_(registrar), notifier_(notifier), requests_(requests), turn_([this] { tell(); }) {
    changes_ = subscribe<MailboxChanged>([this](const MailboxChanged& change) {
        const auto found = by_mailbox_.find(change.mailbox);
        if (found == by_mailbox_.end()) return;
        for (const std::string& endpoint : found->second) enqueue(endpoint, {});
    });
    contacts_ = subscribe<SipContactChanged>([this](const SipContactChanged& change) {
        if (change.status == "Created") contact_added(change.aor, change.uri);
    });
}

void UnsolicitedMailboxes::apply() {
    by_mailbox_.clear();
    by_aor_.clear();
    for (const auto& [name, endpoint] : agent_.objects()->endpoints) {
        if (endpoint->mailboxes.empty()) continue;
        for (const std::string& mailbox : endpoint->mailboxes) by_mailbox_[full_mailbox_name(mailbox)].push_back(name);
        for (const std::string& aor : endpoint->aors) by_aor_[aor].push_back(name);
    }
}

void UnsolicitedMailboxes::tell_all() {
    if (agent_.objects()->global.mwi_disable_initial_unsolicited) return;
    std::set<std::string> endpoints;
    for (const auto& [mailbox, names] : by_mailbox_) endpoints.insert(names.begin(), names.end());
    for (const std::string& endpoint : endpoints) enqueue(endpoint, {});
}

void UnsolicitedMailboxes::contact_added(std::string_view aor, std::string_view uri) {
    const auto found = by_aor_.find(std::string(aor));
    if (found == by_aor_.end()) return;
    for (const std::string& endpoint : found->second) enqueue(endpoint, std::string(uri));
}

void UnsolicitedMailboxes::enqueue(const std::string& endpoint, const std::string& uri) {
    if (queued_.contains(endpoint)) return;
    if (uri.empty()) queued_.insert(endpoint);
    queue_.emplace_back(endpoint, uri);
    if (!turn_.running()) turn_.start(1ms);
}

void UnsolicitedMailboxes::tell() {
    for (std::size_t allowance = WatchedStates::slice; allowance > 0 && !queue_.empty() && requests_.has_room(); --allowance) {
        const auto [endpoint, uri] = std::move(queue_.front());
        queue_.pop_front();
        if (uri.empty()) queued_.erase(endpoint);
        tell(endpoint, uri);
    }
    if (!queue_.empty()) turn_.start(requests_.has_room() ? 1ms : 20ms);
}

void UnsolicitedMailboxes::tell(const std::string& name, const std::string& uri) {
    const auto endpoint = agent_.objects()->endpoint(name);
    if (!endpoint || endpoint->mailboxes.empty()) return;
    if (endpoint->mwi_subscribe_replaces_unsolicited && notifier_.count(name, "message-summary") > 0) return;
    std::vector<std::vector<std::string>> groups;  // each told in one NOTIFY
    if (endpoint->aggregate_mwi) {
        groups.push_back(endpoint->mailboxes);
    } else {
        for (const std::string& mailbox : endpoint->mailboxes) groups.push_back({mailbox});
    }
    for (const Contact& contact : registrar_.contacts(*endpoint)) {
        if ((!uri.empty() && contact.uri != uri) || contact.status == Contact::Status::unreachable) continue;
        for (const auto& group : groups) {
            auto request = std::make_shared<ContactRequest>();
            request->from_user = endpoint->mwi_from_user;
            request->headers = {{"Event", "message-summary"}, {"Subscription-State", "terminated"}, {"Allow-Events", notifier_.allow_events()}};
            request->content_type = "application/simple-message-summary";
            request->write_body = [objects = agent_.objects(), endpoint, group, aor = contact.aor](const std::string& host) {
                return message_summary_body(counts_of(group), account_uri(*objects, *endpoint, aor, host));
            };
            if (!requests_.send(endpoint, contact, std::move(request)))
                return log_warning("Message waiting of [{}] is not told: too many NOTIFYs are unanswered", name);
        }
    }
}

}  // namespace jackfield::sip
