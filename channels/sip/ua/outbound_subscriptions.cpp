// Our subscriptions to states at other servers (RFC 6665): type=outbound-subscription.
#include "channels/sip/ua/outbound_subscriptions.hpp"

#include <algorithm>
#include <utility>

#include "channels/sip/stack/event_bodies.hpp"
#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/ua/remote_state.hpp"
#include "channels/sip/ua/server_search.hpp"
#include "core/base/log.hpp"
#include "core/channel/mailbox_state.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;
using SubscribeStep = ClientSubscription::Step;
using SubscribeState = ClientSubscription::State;

constexpr auto last_notifies = 2s;  // for those that follow when all unsubscribe

std::string_view accepted_type(std::string_view event) {
    return event == "message-summary" ? "application/simple-message-summary" : event == "dialog" ? "application/dialog-info+xml" : "application/pidf+xml";
}

}  // namespace

struct OutboundSubscriptions::Entry final : ClientTransactionUser, DialogUser, std::enable_shared_from_this<Entry> {
    Entry(OutboundSubscriptions& which_owner, std::shared_ptr<const OutboundSubscriptionSettings> from)
        : owner(which_owner), settings(std::move(from)), machine(settings->rules()), timer([this] { perform(machine.due()); }) {}

    UserAgent& agent() const { return owner.agent_; }

    void perform(const SubscribeStep& step) {
        timer.stop();
        if (step.wait) timer.start(*step.wait);
        expires = step.expires;
        switch (step.send) {
            case SubscribeStep::Send::nothing: return settled();
            case SubscribeStep::Send::fresh: return look_up();
            case SubscribeStep::Send::repeat: return send();
            case SubscribeStep::Send::refresh: answers.begin(); return send();
        }
    }

    // Does nothing more.
    void rest() {
        timer.stop();
        handle.release();
        dialog.reset();
        servers.forget();
    }

    void look_up() {
        handle.release();
        dialog.reset();
        answers.begin();
        call_id = new_call_identifier();
        from_tag = new_tag();
        remote.begin_dialogs();
        servers.begin(agent(), owner.fibers_, {"Subscription [" + settings->name + "]", settings->server_uri, settings->transport, settings->outbound_proxy},
                      shared_from_this(), [this](bool found) { found ? send() : perform(machine.unanswered()); });
    }

    void send() {
        const auto write = [this](const Flow& flow, std::string_view uri) {
            return [this, flow, uri = std::string(uri)](MessageWriter& writer) {
                writer.header(HeaderName::contact, agent().contact(flow, settings->contact_user));
                writer.header(HeaderName::event, settings->event);
                writer.header(HeaderName::expires, static_cast<std::uint32_t>(expires.count()));
                writer.header(HeaderName::accept, accepted_type(settings->event));
                answers.write(writer, "SUBSCRIBE", uri);
                agent().add_agent(writer);
                writer.finish();
            };
        };
        if (dialog) return agent().start(handle, *dialog, Method::subscribe, dialog->next_cseq(), write(dialog->flow, dialog->remote_target()));
        UserAgent::NewRequest request{};
        request.method = Method::subscribe;
        request.uri = settings->server_uri;
        request.from = "<" + settings->from() + ">;tag=" + from_tag;
        request.to = "<" + settings->to() + ">";
        request.call_id = call_id;
        request.cseq = ++cseq;
        if (!settings->outbound_proxy.empty()) request.routes = {"<" + settings->outbound_proxy + ">"};
        agent().start(handle, request, servers.present(), write(servers.present(), settings->server_uri));
    }

    void on_response(ClientHandle&, const Message& response, const Flow& from) override {
        const int status = response.status();
        if (status < 200) return;
        if (status == 503 && !dialog && try_next()) return;
        if (status < 300) take_dialog(response, from);
        bool authenticated = false;
        if (status == 401 || status == 407) authenticated = answers.challenged(response, agent().users_of(settings->outbound_auth));
        perform(machine.responded(response, authenticated));
    }
    void on_failure(ClientHandle&, ClientFailure) override {
        if (!dialog && try_next()) return;
        perform(machine.unanswered());
    }
    bool try_next() {
        if (!servers.next()) return false;
        send();
        return true;
    }

    void take_dialog(const Message& response, const Flow& from) {
        if (dialog) return dialog->refresh_target(response);
        auto made = Dialog::from_response(response);
        if (!made) return log_notice("Subscription [{}]: the answer makes no dialog: {}", settings->name, made.error().text);
        begin_dialog(std::move(*made), from);
    }
    void begin_dialog(Dialog&& made, const Flow& from) {
        dialog = std::make_unique<UserDialog>(std::move(made), *this, from);
        dialog->confirm();
        dialog->resume_cseq(cseq);
        agent().dialogs().insert(*dialog);
    }
    // A NOTIFY that overtook the answer to our SUBSCRIBE makes the dialog (RFC 6665 4.4.1).
    bool take_early(IncomingRequest& request) {
        const Message& notify = request.request();
        if (dialog || machine.state() != SubscribeState::subscribing || notify.call_id() != call_id || notify.to_tag() != from_tag) return false;
        auto made = Dialog::from_request(notify, from_tag);
        if (!made) return false;
        begin_dialog(std::move(*made), request.flow());
        (void)dialog->accept_cseq(notify);
        on_dialog_request(*dialog, request);
        return true;
    }

    void on_dialog_request(UserDialog&, IncomingRequest& request) override {
        const Message& notify = request.request();
        if (notify.method() != Method::notify) return (void)request.respond(notify.method() == Method::options ? 200 : 405);
        if (!grammar::same_word(parse_token_value(notify.header(HeaderName::event)).token, settings->event)) return (void)request.respond(489);
        if (!notify.has(HeaderName::subscription_state)) return (void)request.respond(400, "Subscription-State is missing");
        if (!notify.body().empty() && !grammar::same_word(notify.content_type(), accepted_type(settings->event))) return (void)request.respond(415);
        const auto read = notify.body().empty() ? Result<void>() : read_body(notify.body());
        if (!read) log_notice("Subscription [{}]: the NOTIFY's body is wrong: {}", settings->name, read.error().text);
        dialog->refresh_target(notify);
        const std::string state(notify.header(HeaderName::subscription_state));  // the answer is the end of the request
        (void)request.respond(read ? 200 : 400);
        const auto keep = shared_from_this();
        perform(machine.notified(state));
    }
    void on_dialog_ack(UserDialog&, const Message&) override {}
    void on_repeated_success(UserDialog&, const Message&, const Flow&) override {}

    Result<void> read_body(std::string_view body) {
        if (settings->event == "message-summary") {
            const auto counts = parse_message_summary(body);
            if (!counts) return fail(ErrorCode::invalid, "it counts no messages");
            return set_mailbox_counts(settings->mailbox, {counts->fresh, counts->old, counts->urgent_fresh, counts->urgent_old});
        }
        return settings->event == "dialog" ? remote.read_dialog_info(body) : remote.read_pidf(body);
    }

    // After each step that leaves it at rest for a while: tells what has changed.
    void settled() {
        const SubscribeState state = machine.state();
        if (state == SubscribeState::waiting || state == SubscribeState::rejected || state == SubscribeState::ended) {
            remote.forget();
            dialog.reset();
        }
        if (state == SubscribeState::ended) finished.set();
        if (std::exchange(told_state, state) != state) log_state(state);
        if (settings->event == "message-summary") return;
        if (std::exchange(told_device, remote.device) != remote.device)
            device_state_changed(fmt::format("{}:{}", provider, settings->name));
        if (told_presence == remote.presence) return;
        told_presence = remote.presence;
        publish(PresenceStateChange{fmt::format("{}:{}", provider, settings->name), remote.presence});
    }
    void log_state(SubscribeState state) {
        const std::string why = !machine.reason().empty() ? "ended it (" + std::string(machine.reason()) + ")"
                                : machine.last_status()   ? fmt::format("answered {} {}", machine.last_status(), reason_phrase(machine.last_status()))
                                                          : std::string("does not answer");
        if (state == SubscribeState::active) log_verbose(2, "Subscription [{}]: subscribed to {} of {}", settings->name, settings->event, settings->server_uri);
        if (state == SubscribeState::waiting)
            log_warning("Subscription [{}]: {} {}; again in {} s", settings->name, settings->server_uri, why,
                        std::chrono::ceil<std::chrono::seconds>(timer.expires() - Clock::now()).count());
        if (state == SubscribeState::rejected)
            log_error("Subscription [{}]: {} {}; it is not tried again until a reload", settings->name, settings->server_uri, why);
    }

    OutboundSubscriptions& owner;
    std::shared_ptr<const OutboundSubscriptionSettings> settings;
    ClientSubscription machine;
    ChallengeAnswers answers;
    RemoteState remote;
    ServerSearch servers;
    std::string call_id, from_tag;
    std::uint32_t cseq = 0;
    std::chrono::seconds expires{0};
    std::unique_ptr<UserDialog> dialog;
    SubscribeState told_state = SubscribeState::idle;
    DeviceState told_device = DeviceState::unavailable;
    PresenceState told_presence;
    Latch finished;               // ended
    Timer timer;
    ClientHandle handle{*this};
};

OutboundSubscriptions::OutboundSubscriptions(UserAgent& agent) : agent_(agent) {
    agent_.notifies_before_dialogs([this](IncomingRequest& request) { return early_notify(request); });
}

OutboundSubscriptions::~OutboundSubscriptions() {
    agent_.notifies_before_dialogs({});
    fibers_.cancel();
    (void)fibers_.join();
}

bool OutboundSubscriptions::early_notify(IncomingRequest& request) {
    for (const auto& [name, entry] : entries_) {
        const auto keep = entry;
        if (keep->take_early(request)) return true;
    }
    return false;
}

void OutboundSubscriptions::apply() {
    const auto objects = agent_.objects();
    std::erase_if(leaving_, [](const auto& entry) { return entry->finished.is_set(); });
    for (auto place = entries_.begin(); place != entries_.end();) {
        const auto now = objects->outbound_subscriptions.find(place->first);
        Entry& entry = *place->second;
        const bool stays = now != objects->outbound_subscriptions.end() && *entry.settings == *now->second && entry.machine.state() != SubscribeState::rejected;
        if (stays) {
            entry.settings = now->second;
            ++place;
            continue;
        }
        const auto gone = place->second;
        place = entries_.erase(place);
        if (!gone->machine.lives()) gone->servers.forget(), gone->handle.release();
        leaving_.push_back(gone);
        gone->perform(gone->machine.end());
    }
    for (const auto& [name, settings] : objects->outbound_subscriptions) {
        if (entries_.contains(name)) continue;
        const auto entry = entries_[name] = std::make_shared<Entry>(*this, settings);
        entry->perform(entry->machine.start());
    }
}

void OutboundSubscriptions::end_all() {
    std::vector<std::shared_ptr<Entry>> all = std::exchange(leaving_, {});
    for (const auto& [name, entry] : std::exchange(entries_, {})) all.push_back(entry);
    for (const auto& entry : all)
        if (entry->machine.state() != SubscribeState::unsubscribing) entry->perform(entry->machine.end());
    const Instant end = Clock::now() + last_notifies;
    const Shield shield;
    for (const auto& entry : all) {
        (void)entry->finished.wait(std::max<Clock::duration>(end - Clock::now(), 0ns));
        entry->rest();
    }
}

std::vector<SipSubscription> OutboundSubscriptions::list() const {
    std::vector<SipSubscription> all;
    for (const auto& [name, entry] : entries_) {
        SipSubscription& each = all.emplace_back();
        each.endpoint = name;
        each.resource = entry->settings->server_uri;
        each.package = entry->settings->event;
        each.call_id = entry->call_id;
        each.subscriber = entry->settings->from();
        each.state = to_upper(to_string(entry->machine.state()));
        if (entry->timer.running()) each.remaining = std::max(0s, std::chrono::ceil<std::chrono::seconds>(entry->timer.expires() - Clock::now()));
    }
    std::ranges::sort(all, {}, &SipSubscription::endpoint);
    return all;
}

DeviceState OutboundSubscriptions::device(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? DeviceState::invalid : found->second->remote.device;
}

PresenceState OutboundSubscriptions::presence(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? PresenceState() : found->second->remote.presence;
}

}  // namespace jackfield::sip
