// States of our hints published at other servers (RFC 3903): type=outbound-publish.
#include "channels/sip/ua/outbound_publications.hpp"

#include <algorithm>
#include <set>

#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/ua/server_search.hpp"
#include "core/base/log.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/expression_regex.hpp"
#include "core/dialplan/hints.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;
using PublishStep = ClientPublication::Step;
using PublishState = ClientPublication::State;

constexpr auto last_removals = 2s;
constexpr auto between_slices = 10ms;

bool matches(const std::string& expression, const std::string& text) {
    if (expression.empty()) return true;
    const auto found = match_posix(text, expression, false);
    return found && found->matched;
}

// The URI with another user part.
std::string with_user(const std::string& uri, std::string_view user) {
    const auto parsed = parse_uri(uri);
    if (!parsed) return uri;
    return make_uri(parsed->scheme, user, parsed->bare_host(), parsed->port);
}

}  // namespace

class OutboundPublications::Entry final : public ClientTransactionUser, public StateListener, public std::enable_shared_from_this<Entry> {
  public:
    Entry(OutboundPublications& owner, std::shared_ptr<const OutboundPublicationSettings> from, EventPackage& package, HintSummary hint)
        : settings(std::move(from)), hint(std::move(hint)), machine(settings->rules()), owner_(owner), package_(package), timer_([this] { perform(machine.due()); }) {
        auto endpoint = std::make_shared<EndpointSettings>();
        endpoint->subscribe_context = this->hint.context;
        watcher_.endpoint = std::move(endpoint);
        watcher_.resource = this->hint.extension;
        uri_ = settings->multi_user ? with_user(settings->server_uri, this->hint.extension) : settings->server_uri;
        watcher_.entity = from_ = address(settings->from_uri);
        if (const auto parsed = parse_uri(uri_)) watcher_.host = parsed->host;
        watcher_.content_type = settings->body.empty() ? std::string(package.content_types().front()) : settings->body;
    }

    void begin() {
        const auto key = package_.key(watcher_);
        if (!key) return;
        listen(owner_.notifier_.watched(package_, *key));
        on_state_changed();
    }
    void on_state_changed() override {
        if (!state()->source().exists()) return;  // apply() removes it
        if (const auto step = machine.changed()) perform(*step);
    }
    void try_now() {
        if (machine.state() == PublishState::waiting) perform(machine.due());
    }
    void remove() {
        listen(nullptr);
        perform(machine.remove());
    }
    void rest() {
        timer_.stop();
        handle_.release();
        servers_.forget();
    }
    const std::string& uri() const { return uri_; }

    const std::shared_ptr<const OutboundPublicationSettings> settings;
    const HintSummary hint;
    ClientPublication machine;
    Latch finished;  // removed

  private:
    UserAgent& agent() const { return owner_.agent_; }
    std::string address(const std::string& given) const {
        const std::string& uri = given.empty() ? settings->server_uri : given;
        return settings->multi_user ? with_user(uri, hint.extension) : uri;
    }

    void perform(const PublishStep& step) {
        timer_.stop();
        if (step.wait) timer_.start(*step.wait);
        if (machine.state() == PublishState::removed) finished.set();
        if (step.send == PublishStep::Send::nothing) return tell();
        expires_ = step.expires;
        if (step.send != PublishStep::Send::repeat) {
            answers_.begin();
            kind_ = step.send;
            body_ = {};
            if (kind_ == PublishStep::Send::state && state()) {
                body_ = state()->source().body(watcher_);
                ++watcher_.version;
                watcher_.full = false;
            }
        }
        if (!servers_.found()) return look_up();
        send();
    }

    void look_up() {
        servers_.begin(agent(), owner_.fibers_, {"Publication [" + settings->name + "]", uri_, settings->transport, settings->outbound_proxy},
                       shared_from_this(), [this](bool found) { found ? send() : perform(machine.unanswered()); });
    }

    void send() {
        UserAgent::NewRequest request{};
        request.method = Method::publish;
        request.uri = uri_;
        request.from = "<" + from_ + ">;tag=" + new_tag();
        request.to = "<" + address(settings->to_uri) + ">";
        request.call_id = call_id_;
        request.cseq = ++cseq_;
        if (!settings->outbound_proxy.empty()) request.routes = {"<" + settings->outbound_proxy + ">"};
        agent().start(handle_, request, servers_.present(), [&](MessageWriter& writer) {
            writer.header(HeaderName::event, settings->event);
            writer.header(HeaderName::expires, static_cast<std::uint32_t>(expires_.count()));
            if (!machine.entity_tag().empty()) writer.header(HeaderName::sip_if_match, machine.entity_tag());
            answers_.write(writer, "PUBLISH", uri_);
            agent().add_agent(writer);
            if (body_.text.empty()) return writer.finish();
            writer.finish(body_.content_type.empty() ? watcher_.content_type : body_.content_type, body_.text);
        });
    }

    void on_response(ClientHandle&, const Message& response, const Flow&) override {
        const int status = response.status();
        if (status < 200) return;
        if (status == 503 && try_next()) return;
        bool authenticated = false;
        if (status >= 300) watcher_.full = true;  // what did not arrive is told again
        if (status == 401 || status == 407) authenticated = answers_.challenged(response, agent().users_of(settings->outbound_auth));
        perform(machine.responded(response, authenticated));
    }
    void on_failure(ClientHandle&, ClientFailure) override {
        watcher_.full = true;
        if (!try_next()) perform(machine.unanswered());
    }
    bool try_next() {
        if (!servers_.next()) {
            servers_.forget();  // they are looked up anew
            return false;
        }
        send();
        return true;
    }

    void tell() {
        const PublishState state = machine.state();
        if (std::exchange(told_, state) == state) return;
        if (state != PublishState::waiting && state != PublishState::rejected) return;
        const std::string why = machine.last_status() ? fmt::format("answered {} {}", machine.last_status(), reason_phrase(machine.last_status())) : "does not answer";
        log_warning("Publication [{}] of {}: {} {}; {}", settings->name, hint.extension, uri_, why,
                    state == PublishState::waiting ? "it is tried again" : "it is not tried again until a reload");
    }

    OutboundPublications& owner_;
    EventPackage& package_;
    Watcher watcher_;
    EventBody body_;
    ChallengeAnswers answers_;
    ServerSearch servers_;
    std::string uri_, from_, call_id_ = new_call_identifier();
    std::uint32_t cseq_ = 0;
    std::chrono::seconds expires_{0};
    PublishStep::Send kind_ = PublishStep::Send::nothing;
    PublishState told_ = PublishState::idle;
    Timer timer_;
    ClientHandle handle_{*this};
};

OutboundPublications::OutboundPublications(UserAgent& agent, Notifier& notifier, StateExchange& exchange)
    : agent_(agent), notifier_(notifier), exchange_(exchange), turn_([this] { begin_some(); }), review_([this] { apply(); }) {
    // Who asks is there: no use in waiting for the next try.
    exchange_.on_peer([this](const std::string& name) {
        if (const auto found = entries_.find({name, {}}); found != entries_.end()) found->second->try_now();
    });
    // When the hints are those of the new plan, whoever is told of it first.
    plan_changes_ = subscribe<DialplanChanged>([this](const DialplanChanged&) { review_.start(0ns); });
}

OutboundPublications::~OutboundPublications() {
    exchange_.on_peer({});
    fibers_.cancel();
    (void)fibers_.join();
}

void OutboundPublications::apply() {
    const auto objects = agent_.objects();
    std::erase_if(leaving_, [](const auto& entry) { return entry->finished.is_set(); });
    std::set<Key> wanted;
    if (!objects->outbound_publications.empty())
        for (const HintSummary& hint : list_hints())
            for (const auto& [name, settings] : objects->outbound_publications) {
                if (!matches(settings->context, hint.context) || !matches(settings->extension, hint.extension)) continue;
                EventPackage* const package = notifier_.package(settings->event);
                if (!package || hint.extension.starts_with('_')) continue;
                if (wanted.size() >= most) break;
                const Key key{name, hint.extension + "@" + hint.context};
                wanted.insert(key);
                want(key, settings, *package, hint);
            }
    for (const auto& [name, settings] : objects->outbound_publications)
        if (EventPackage* const package = exchange_.package(settings->event)) {
            HintSummary whole;
            whole.extension = name;  // the key of what is watched
            wanted.insert({name, {}});
            want({name, {}}, settings, *package, whole);
        }
    for (auto place = entries_.begin(); place != entries_.end();) {
        if (wanted.contains(place->first)) {
            ++place;
            continue;
        }
        leaving_.push_back(place->second);
        place->second->remove();
        place = entries_.erase(place);
    }
    if (!starting_.empty() && !turn_.running()) turn_.start(0ns);
}

// Begins it, unless it goes on as it is.
void OutboundPublications::want(const Key& key, const std::shared_ptr<const OutboundPublicationSettings>& settings, EventPackage& package, const HintSummary& hint) {
    auto& entry = entries_[key];
    if (entry && *entry->settings == *settings && entry->machine.state() != PublishState::rejected) return;
    if (entry) {
        leaving_.push_back(entry);
        entry->remove();
    }
    entry = std::make_shared<Entry>(*this, settings, package, hint);
    starting_.push_back(entry);
}

void OutboundPublications::begin_some() {
    for (std::size_t left = slice; left > 0 && !starting_.empty(); --left) {
        const auto entry = std::move(starting_.front());
        starting_.pop_front();
        if (entry->machine.state() == PublishState::idle) entry->begin();
    }
    if (!starting_.empty()) turn_.start(between_slices);
}

void OutboundPublications::remove_all() {
    starting_.clear();
    std::vector<std::shared_ptr<Entry>> all = std::exchange(leaving_, {});
    for (const auto& [key, entry] : std::exchange(entries_, {})) {
        entry->remove();
        all.push_back(entry);
    }
    const Instant end = Clock::now() + last_removals;
    const Shield shield;
    for (const auto& entry : all) {
        (void)entry->finished.wait(std::max<Clock::duration>(end - Clock::now(), 0ns));
        entry->rest();
    }
}

std::vector<OutboundPublications::Summary> OutboundPublications::list() const {
    std::vector<Summary> all;
    for (const auto& [key, entry] : entries_)
        all.push_back({key.first, entry->hint.extension, entry->hint.context, entry->uri(), entry->machine.state(), entry->machine.last_status()});
    return all;
}

std::string_view to_string(ClientPublication::State state) {
    switch (state) {
        case PublishState::idle: return "Idle";
        case PublishState::publishing: return "Publishing";
        case PublishState::published: return "Published";
        case PublishState::waiting: return "Waiting";
        case PublishState::rejected: return "Rejected";
        case PublishState::removing: return "Removing";
        case PublishState::removed: return "Removed";
    }
    return "Idle";
}

}  // namespace jackfield::sip
