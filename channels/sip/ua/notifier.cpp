// The notifier: takes SUBSCRIBE, keeps subscriptions and sends NOTIFY (RFC 6665).
#include "channels/sip/ua/notifier.hpp"

#include <algorithm>
#include <tuple>

#include "channels/sip/stack/parser.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr unsigned deepest_list = 8;  // a list may name lists

bool accepts(std::string_view range, std::string_view type) {
    if (range == "*/*" || grammar::same_word(range, type)) return true;
    return range.ends_with("/*") && grammar::same_word(range.substr(0, range.size() - 1), type.substr(0, range.size() - 1));
}

// The package's type that the SUBSCRIBE wants most; empty: none that it can read.
std::string chosen_type(const Message& request, const EventPackage& package) {
    const auto types = package.content_types();
    if (!request.has(HeaderName::accept)) return std::string(types.front());
    for (Message::Values accepted(request, HeaderName::accept); accepted.next();)
        for (const std::string_view type : types)
            if (accepts(parse_token_value(accepted.item).token, type)) return std::string(type);
    return {};
}

std::string count_key(std::string_view endpoint, std::string_view package) { return fmt::format("{}\n{}", endpoint, package); }

}  // namespace

Notifier::Notifier(UserAgent& agent) : agent_(agent), sweep_([this] { sweep(); }), restoring_([this] { restore_some(); }) {
    agent_.handle(Method::subscribe, [this](IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) {
        on_subscribe(request, std::move(endpoint));
    });
}

Notifier::~Notifier() { dialogs_.clear(); }

void Notifier::add(EventPackage& package) {
    packages_.push_back(&package);
    allow_events_.clear();
    for (const EventPackage* each : packages_) allow_events_.append(each->name()).append(", ");
    allow_events_ += "refer";
}

EventPackage* Notifier::package(std::string_view name) const {
    const auto found = std::ranges::find_if(packages_, [&](const EventPackage* each) { return each->name() == name; });
    return found == packages_.end() ? nullptr : *found;
}

// --- a SUBSCRIBE that comes -----------------------------------------------------------------------------------------------------

std::optional<std::chrono::seconds> Notifier::granted_to(IncomingRequest& request, const EndpointSettings& endpoint, const EventPackage& package) {
    SubscriptionTimes times;
    times.minimum = endpoint.sub_min_expiry;
    times.standard = package.expiry();
    const auto granted = grant(request.request().expires(), times);
    if (!granted)
        (void)request.send(423, agent_.response(request, 423, {}, [&](MessageWriter& writer) {
            writer.header(HeaderName::min_expires, static_cast<std::uint32_t>(times.minimum.count()));
            writer.finish();
        }));
    return granted;
}

bool Notifier::has_room(const EndpointSettings& endpoint) const {
    const auto own = counts_.find(endpoint.name);
    const std::size_t has = own == counts_.end() ? 0 : own->second;
    if (count_ < most && has < endpoint.max_subscriptions) return true;
    log_warning("Endpoint [{}] has {} subscriptions and gets no more (max_subscriptions)", endpoint.name, has);
    return false;
}

std::expected<std::unique_ptr<InboundSubscription>, Notifier::Refusal> Notifier::make(const Message& message, std::shared_ptr<const EndpointSettings> endpoint) {
    EventName event = EventName::of(message);
    EventPackage* const wanted = package(event.package);
    if (!wanted) return std::unexpected(Refusal{489, {}, HeaderName::allow_events, allow_events_});
    if (!endpoint->allow_subscribe) return std::unexpected(Refusal{603});
    Watcher watcher;
    watcher.endpoint = endpoint;
    watcher.resource = message.request_uri().decoded_user();
    watcher.host = message.request_uri().host;
    watcher.entity = make_uri(UriScheme::sip, watcher.resource, message.request_uri().bare_host());
    watcher.content_type = chosen_type(message, *wanted);
    if (watcher.content_type.empty()) return std::unexpected(Refusal{406});
    auto list = agent_.objects()->resource_list(watcher.resource);
    const bool reads_lists = message.lists(HeaderName::supported, "eventlist") || message.lists(HeaderName::require, "eventlist");
    if (list && (list->event != wanted->name() || !reads_lists)) list = nullptr;
    auto key = list ? Result<std::string>(std::string()) : wanted->key(watcher);
    if (!key) {
        log_notice("Endpoint [{}] can't subscribe to {} of '{}': {}", endpoint->name, wanted->name(), watcher.resource, key.error().text);
        return std::unexpected(Refusal{key.error().code == ErrorCode::refused ? 403 : 404});
    }
    if (!has_room(*endpoint)) return std::unexpected(Refusal{503, "Too many subscriptions"});
    auto made = std::make_unique<InboundSubscription>(*this, *wanted, std::move(event), watcher, list);
    std::size_t members = 0;
    if (list) {
        add_members(*made, *list, 0, members);
    } else {
        made->add_member(std::move(watcher), {}, states_.find(*wanted, *key));
    }
    return made;
}

std::unique_ptr<InboundSubscription> Notifier::examine(IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint,
                                                       std::chrono::seconds& granted) {
    auto made = make(request.request(), endpoint);
    if (!made) {
        const Refusal& refusal = made.error();
        (void)request.send(refusal.status, agent_.response(request, refusal.status, refusal.reason, [&](MessageWriter& writer) {
            if (!refusal.value.empty()) writer.header(refusal.header, refusal.value);
            writer.finish();
        }));
        return nullptr;
    }
    const auto accepted = granted_to(request, *endpoint, (*made)->package());
    if (!accepted) return nullptr;
    granted = *accepted;
    return std::move(*made);
}

void Notifier::add_members(InboundSubscription& subscription, const ResourceListSettings& list, unsigned depth, std::size_t& count) {
    for (const std::string& item : list.items) {
        const auto inner = agent_.objects()->resource_list(item);
        if (inner && inner->event == list.event && depth < deepest_list) {
            add_members(subscription, *inner, depth + 1, count);
            continue;
        }
        if (++count > most_members) return log_warning("resource_list [{}] has more than {} members: the others are left out", list.name, most_members);
        Watcher watcher = subscription.watcher();
        watcher.resource = item;
        watcher.entity = fmt::format("sip:{}@{}", escape_user(item), watcher.host);
        const auto key = subscription.package().key(watcher);
        subscription.add_member(std::move(watcher), list.resource_display_name ? item : std::string(), key ? states_.find(subscription.package(), *key) : nullptr);
    }
}

void Notifier::on_subscribe(IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) {
    std::chrono::seconds granted{};
    auto subscription = examine(request, std::move(endpoint), granted);
    if (!subscription) return;
    auto made = Dialog::from_request(request.request(), request.local_tag());
    if (!made) return (void)request.respond(400, "Contact or Record-Route is missing or wrong");
    auto dialog = std::make_unique<SubscriptionDialog>(*this, std::move(*made), request.flow(), std::string(request.request().from().uri.text));
    SubscriptionDialog& kept = *dialog;
    dialogs_.emplace(&kept, std::move(dialog));
    kept.add(request, std::move(subscription), granted);
}

// --- after a restart -----------------------------------------------------------------------------------------------------------

void Notifier::restore() {
    saved_ = load_subscriptions();
    restore_some();
}

void Notifier::restore_some() {
    for (std::size_t left = WatchedStates::slice; left > 0 && !saved_.empty(); --left) {
        const SavedSubscription saved = std::move(saved_.back());
        saved_.pop_back();
        if (!restore(saved)) forget_subscription(saved.key);
    }
    if (!saved_.empty()) restoring_.start(1ms);
}

// False: it has expired, or is no more possible.
bool Notifier::restore(const SavedSubscription& saved) {
    const auto endpoint = agent_.objects()->endpoint(saved.endpoint);
    const auto remote = SocketAddress::parse(saved.remote);
    const bool browser = saved.protocol.starts_with("ws");  // which can't be connected to
    if (!endpoint || !remote || browser || saved.expires <= wall_now()) return false;
    const ParseResult parsed = parse_message(saved.subscribe);
    if (parsed.verdict != Verdict::accept || parsed.message.method() != Method::subscribe) return false;
    const Message& message = parsed.message;
    auto flow = agent_.transports().flow_to(*remote, protocol_named(saved.protocol));
    if (!flow) return false;
    auto made = make(message, endpoint);
    if (!made) return false;
    if (auto* known = static_cast<UserDialog*>(agent_.dialogs().find(message.call_id(), saved.local_tag, message.from_tag()))) {
        auto* dialog = dynamic_cast<SubscriptionDialog*>(known->user);
        if (dialog) dialog->restore(std::move(*made), saved);
        return dialog != nullptr;
    }
    auto dialog = Dialog::from_request(message, saved.local_tag);
    if (!dialog) return false;
    auto kept = std::make_unique<SubscriptionDialog>(*this, std::move(*dialog), *flow, std::string(message.from().uri.text));
    SubscriptionDialog& restored = *dialogs_.emplace(kept.get(), std::move(kept)).first->second;
    restored.restore(std::move(*made), saved);
    return true;
}

// --- all of them ----------------------------------------------------------------------------------------------------------------

void Notifier::counted(const InboundSubscription& subscription, int difference) {
    count_ += static_cast<std::size_t>(difference);
    const auto count = [&](const std::string& key) {
        auto& number = counts_[key];
        number += static_cast<std::size_t>(difference);
        if (number == 0) counts_.erase(key);
    };
    count(subscription.watcher().endpoint->name);
    count(count_key(subscription.watcher().endpoint->name, subscription.package().name()));
}

std::size_t Notifier::count(std::string_view endpoint, std::string_view package) const {
    const auto found = counts_.find(count_key(endpoint, package));
    return found == counts_.end() ? 0 : found->second;
}

void Notifier::ended(SubscriptionDialog& dialog) {
    if (std::exchange(dialog.sweeping, true)) return;
    swept_.push_back(&dialog);
    if (!sweep_.running()) sweep_.start(0ns);
}

void Notifier::sweep() {
    for (SubscriptionDialog* const dialog : std::exchange(swept_, {})) {
        dialog->sweeping = false;
        if (dialog->drop_ended()) dialogs_.erase(dialog);
    }
}

void Notifier::apply() {
    const auto objects = agent_.objects();
    for (const auto& [key, dialog] : dialogs_)
        for (const auto& subscription : dialog->subscriptions()) {
            const auto endpoint = objects->endpoint(subscription->watcher().endpoint->name);
            if (endpoint && endpoint->allow_subscribe) {
                subscription->set_endpoint(endpoint);
            } else {
                subscription->machine().terminate(endpoint ? SubscriptionEnd::rejected : SubscriptionEnd::noresource);
            }
        }
}

std::vector<SipSubscription> Notifier::list() const {
    std::vector<SipSubscription> all;
    for (const auto& [key, dialog] : dialogs_)
        for (const auto& each : dialog->subscriptions()) {
            if (each->machine().over()) continue;
            const Watcher& watcher = each->watcher();
            all.push_back({watcher.endpoint->name, watcher.resource, std::string(each->package().name()), dialog->dialog().call_id(),
                           dialog->subscriber(), std::string(each->machine().state_name()), each->is_list(), each->machine().remaining()});
        }
    std::ranges::sort(all, {}, [](const SipSubscription& each) { return std::tie(each.endpoint, each.resource, each.package, each.call_id); });
    return all;
}

}  // namespace jackfield::sip
