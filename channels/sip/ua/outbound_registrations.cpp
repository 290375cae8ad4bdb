// Our registrations at other registrars (RFC 3261 section 10.2): type=registration.
#include "channels/sip/ua/outbound_registrations.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/ua/server_search.hpp"
#include "core/base/log.hpp"
#include "core/module/database.hpp"
#include "core/runtime/timer.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view line_family = "registration/line";  // so that calls find us also after a crash
constexpr std::size_t most_service_routes = 8;
constexpr std::chrono::seconds shortest_keep_alive{5}, longest_keep_alive{120};  // RFC 5626 4.4.1: 95 to 120 s when the server names no time
constexpr auto farewell = 2s;                                  // for the answers when all unregister

// RFC 5626 4.1: stays the same over restarts, and differs between instances.
// Registrations of one address of record are flows of one instance.
std::string instance_of(std::string_view client_uri) {
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    const std::string hash = digest_hex(DigestAlgorithm::sha256, fmt::format("{}\n{}\n{}", host.data(), system_name(), client_uri));
    return fmt::format("\"<urn:uuid:{}-{}-8{}-8{}-{}>\"", hash.substr(0, 8), hash.substr(8, 4), hash.substr(13, 3), hash.substr(17, 3), hash.substr(20, 12));
}

std::string line_of(const std::string& registration) {
    constexpr std::size_t length = 12;
    Database* const database = Database::instance();
    const std::string key = digest_hex(DigestAlgorithm::md5, registration);
    if (database)
        if (auto kept = database->get(line_family, key); kept && kept->size() == length) return *kept;
    std::string made = random_alnum(length);
    if (database) (void)database->put_later(line_family, key, made);
    return made;
}

}  // namespace

struct OutboundRegistrations::Entry final : ClientTransactionUser, std::enable_shared_from_this<Entry> {
    Entry(OutboundRegistrations& which_owner, std::shared_ptr<const RegistrationSettings> from)
        : owner(which_owner), settings(std::move(from)), machine(settings->rules()), timer([this] { perform(machine.due()); }) {
        if (settings->line) line = line_of(settings->name);
    }

    UserAgent& agent() const { return owner.agent_; }
    std::vector<std::shared_ptr<const AuthSettings>> auths_now() const {
        std::vector<std::shared_ptr<const AuthSettings>> found;
        for (const std::string& name : settings->outbound_auth)
            if (auto auth = agent().objects()->auth(name)) found.push_back(std::move(auth));
        return found;
    }
    // Whether what it was made of is the same in the objects that are in force now.
    bool unchanged(const RegistrationSettings& now) const {
        return *settings == now && std::ranges::equal(auths, auths_now(), [](const auto& a, const auto& b) { return *a == *b; });
    }

    // Whether it makes the same binding at the same place, so that registering anew replaces it.
    bool same_binding(const RegistrationSettings& now) const {
        const auto binding = [](const RegistrationSettings& of) {
            return std::tie(of.server_uri, of.client_uri, of.outbound_proxy, of.contact_user, of.transport, of.line, of.support_outbound, of.reg_id);
        };
        return binding(*settings) == binding(now);
    }

    void begin(std::uint64_t random) {
        auths = auths_now();
        perform(machine.start(random));
    }

    void perform(const ClientRegistration::Step& step) {
        timer.stop();
        if (step.wait) timer.start(*step.wait);
        if (step.send == ClientRegistration::Step::Send::nothing) return;
        expires = step.expires;
        if (step.send == ClientRegistration::Step::Send::repeat) return send();
        handle.release();
        answers.begin();
        // Where it is registered it is known: the end of a registration needs no look-up.
        if (expires == 0s && servers.found()) return send();
        look_up();
    }

    // Does nothing more.
    void rest() {
        timer.stop();
        handle.release();
        servers.forget();
    }
    // RFC 3261 10.2: the Call-ID stays, CSeq goes on.
    void follow(const Entry& before) {
        call_id = before.call_id;
        cseq = before.cseq;
    }

    void look_up() {
        servers.begin(agent(), owner.fibers_, {"Registration [" + settings->name + "]", settings->server_uri, settings->transport, settings->outbound_proxy},
                      shared_from_this(), [this](bool found) { found ? send() : changed(machine.unanswered(owner.recovery_of(*this))); });
    }

    void send() {
        const Flow& flow = servers.present();
        UserAgent::NewRequest request{};
        request.method = Method::register_;
        request.uri = settings->server_uri;
        request.from = "<" + settings->client_uri + ">;tag=" + new_tag();
        request.to = "<" + settings->client_uri + ">";
        request.call_id = call_id;
        request.cseq = ++cseq;
        if (!settings->outbound_proxy.empty()) request.routes = {"<" + settings->outbound_proxy + ">"};
        contact_uri = make_contact(flow);
        agent().start(handle, request, flow, [&](MessageWriter& writer) {
            std::string contact = "<" + contact_uri + ">";
            if (!settings->contact_header_params.empty()) contact += ";" + settings->contact_header_params;
            if (settings->support_outbound) contact += fmt::format(";reg-id={};+sip.instance={}", settings->reg_id, instance_of(settings->client_uri));
            writer.header(HeaderName::contact, contact);
            writer.header(HeaderName::expires, static_cast<std::uint32_t>(expires.count()));
            answers.write(writer, "REGISTER", settings->server_uri);
            writer.header(HeaderName::allow, allowed_methods);
            std::string supported;
            if (settings->support_path) supported = "path";
            if (settings->support_outbound) supported += supported.empty() ? "outbound, gruu" : ", outbound, gruu";
            if (!supported.empty()) writer.header(HeaderName::supported, supported);
            writer.header(HeaderName::user_agent, settings->user_agent.empty() ? agent().objects()->global.user_agent : settings->user_agent);
            writer.finish();
        });
    }

    std::string make_contact(const Flow& flow) const {
        const SocketAddress local = agent().transports().signalling_address(flow);
        std::string parameters(agent().transports().uri_parameter(flow));
        if (!line.empty()) parameters += ";line=" + line;
        const bool secure = starts_with_ignoring_case(settings->server_uri, "sips:");  // RFC 3261 8.1.1.8
        return make_uri(secure ? UriScheme::sips : UriScheme::sip, settings->contact_user, local.host(), local.port(), parameters);
    }

    void on_response(ClientHandle&, const Message& response, const Flow&) override {
        const int status = response.status();
        if (status < 200) return;
        if (status == 503 && try_next()) return;
        bool authenticated = false;
        if (status == 401 || status == 407) authenticated = answers.challenged(response, agent().users_of(settings->outbound_auth));
        const auto granted = granted_expiry(response, contact_uri);
        if (status < 300 && expires > 0s) registered_by(response);
        changed(machine.responded(response, granted, authenticated));
    }
    // RFC 5626 4.4: the connection is the way to us, and is kept alive. RFC 3608: requests go by those that it names.
    void registered_by(const Message& response) {
        service_routes.clear();
        for (Message::Values values(response, HeaderName::service_route); values.next() && service_routes.size() < most_service_routes;)
            service_routes.emplace_back(values.item);
        outbound = settings->support_outbound && response.lists(HeaderName::require, "outbound");
        gruu = settings->support_outbound ? granted_gruu(response, contact_uri) : std::string();
        owner.tell_outbound_flows();
        const Flow& flow = servers.present();
        if (!outbound || !flow.reliable) return;
        const auto told = parse_delta_seconds(response.header(HeaderName::flow_timer));
        const std::chrono::seconds timer_value = told ? std::clamp(std::chrono::seconds(*told), shortest_keep_alive, longest_keep_alive) : longest_keep_alive;
        agent().transports().keep_alive(flow, timer_value);
    }
    void on_failure(ClientHandle&, ClientFailure) override {
        if (!try_next()) changed(machine.unanswered(owner.recovery_of(*this)));
    }
    bool try_next() {
        if (!servers.next()) return false;
        send();
        return true;
    }

    void changed(const ClientRegistration::Step& step) {
        using State = ClientRegistration::State;
        if (machine.state() == State::registered) {
            if (told != to_string(State::registered)) registered_at = Clock::now();
            ends = Clock::now() + machine.granted();
        }
        perform(step);
        if (step.send != ClientRegistration::Step::Send::nothing) return;
        tell();
        if (machine.state() == State::unregistered) finished.set();
    }

    void tell() {
        using State = ClientRegistration::State;
        const State state = machine.state();
        const std::string_view word = to_string(state);
        const bool news = word != told || machine.last_status() != told_status;
        const int code = state == State::registered ? 0 : machine.last_status();
        if (state == State::registered && news)
            log_verbose(2, "Registration [{}]: registered at {} for {} s", settings->name, settings->server_uri, machine.granted().count());
        if (state == State::waiting)
            log_warning("Registration [{}]: {} {}; again in {} s", settings->name, settings->server_uri, reason(),
                        std::chrono::ceil<std::chrono::seconds>(timer.expires() - Clock::now()).count());
        if (state == State::rejected)
            log_error("Registration [{}]: {} {}; it is not tried again until a reload or `pjsip send register {}`", settings->name,
                      settings->server_uri, reason(), settings->name);
        told = word;
        told_status = machine.last_status();
        if (news) publish(SipOutboundRegistrationChanged{settings->name, settings->client_uri, settings->server_uri, word, code});
    }
    std::string reason() const {
        const int status = machine.last_status();
        if (status == 0) return "does not answer";
        if (status == 401 || status == 407) return "refused our credentials (outbound_auth)";
        return fmt::format("answered {} {}", status, reason_phrase(status));
    }

    OutboundRegistrations& owner;
    std::shared_ptr<const RegistrationSettings> settings;
    std::vector<std::shared_ptr<const AuthSettings>> auths;  // as they were when it began
    ClientRegistration machine;
    ChallengeAnswers answers;
    ServerSearch servers;
    std::vector<std::string> service_routes;
    bool outbound = false;        // the registrar keeps the flow
    std::string gruu;             // the public one that it gave us (RFC 5627); or empty
    std::string line, call_id = new_call_identifier(), contact_uri;
    std::uint32_t cseq = 0;
    std::chrono::seconds expires{0};
    Instant ends{}, registered_at{};
    std::string_view told = "Unregistered";
    int told_status = 0;
    Latch finished;               // unregistered
    Timer timer;
    ClientHandle handle{*this};
};

OutboundRegistrations::OutboundRegistrations(UserAgent& agent) : agent_(agent) {
    agent_.identify_first([this](const Message& request) { return endpoint_of_line(request); });
    agent_.on_connection_closed(this, [this](const Flow& flow) { connection_closed(flow); });
}

OutboundRegistrations::~OutboundRegistrations() {
    agent_.identify_first({});
    agent_.on_connection_closed(this, {});
    fibers_.cancel();
    (void)fibers_.join();
}

void OutboundRegistrations::drop(const std::string& name) {
    const auto entry = take_out(name);
    using State = ClientRegistration::State;
    const State state = entry->machine.state();
    if (state == State::unregistered || state == State::starting || state == State::waiting || state == State::rejected) return entry->rest();
    leaving_.push_back(entry);
    entry->perform(entry->machine.unregister());
}

std::shared_ptr<OutboundRegistrations::Entry> OutboundRegistrations::take_out(const std::string& name) {
    const auto found = entries_.find(name);
    auto entry = std::move(found->second);
    entries_.erase(found);
    if (!entry->line.empty()) lines_.erase(entry->line);
    return entry;
}

void OutboundRegistrations::apply() {
    const auto objects = agent_.objects();
    using State = ClientRegistration::State;
    std::erase_if(leaving_, [](const auto& entry) { return entry->finished.is_set(); });
    std::vector<std::string> known;
    for (const auto& [name, entry] : entries_) known.push_back(name);
    for (const std::string& name : known) {
        const auto now = objects->registrations.find(name);
        if (now == objects->registrations.end()) {
            drop(name);
            continue;
        }
        Entry& entry = *entries_[name];
        if (entry.unchanged(*now->second) && entry.machine.state() != State::rejected) {
            entry.settings = now->second;  // the old snapshot may go
        } else if (entry.same_binding(*now->second)) {
            const auto before = take_out(name);
            before->rest();
            start(now->second).follow(*before);
        } else {
            drop(name);
        }
    }
    for (const auto& [name, settings] : objects->registrations)
        if (!entries_.contains(name)) start(settings);
}

OutboundRegistrations::Entry& OutboundRegistrations::start(const std::shared_ptr<const RegistrationSettings>& settings) {
    auto& entry = entries_[settings->name] = std::make_shared<Entry>(*this, settings);
    if (!entry->line.empty()) lines_[entry->line] = entry.get();
    entry->begin(random_number(UINT64_MAX));
    return *entry;
}

// Calls come to us by the connection that registered, so a registration without it is worth nothing.
void OutboundRegistrations::connection_closed(const Flow& flow) {
    std::vector<std::shared_ptr<Entry>> lost;
    for (const auto& [name, entry] : entries_)
        if (entry->machine.state() == ClientRegistration::State::registered && entry->servers.found() && entry->servers.present() == flow)
            lost.push_back(entry);
    for (const auto& entry : lost) {
        log_notice("Registration [{}]: the connection to {} has ended; registering anew", entry->settings->name, flow.remote.to_string());
        entry->perform(entry->machine.lost(std::chrono::floor<std::chrono::seconds>(Clock::now() - entry->registered_at), recovery_of(*entry)));
        entry->tell();
    }
}

// RFC 5626 4.5: how urgent a new flow is depends on whether another one of that address of record works.
FlowRecovery OutboundRegistrations::recovery_of(const Entry& failed) const {
    const bool others_work = std::ranges::any_of(entries_, [&](const auto& each) {
        const Entry& other = *each.second;
        return &other != &failed && other.settings->support_outbound && other.settings->client_uri == failed.settings->client_uri &&
               other.machine.state() == ClientRegistration::State::registered;
    });
    return {others_work, random_number(UINT64_MAX)};
}

void OutboundRegistrations::unregister_all() {
    std::vector<std::shared_ptr<Entry>> asked = std::move(leaving_);
    while (!entries_.empty()) {
        drop(entries_.begin()->first);
        if (!leaving_.empty()) asked.insert(asked.end(), leaving_.begin(), leaving_.end());
        leaving_.clear();
    }
    const Instant end = Clock::now() + farewell;
    const Shield shield;
    for (const auto& entry : asked)
        (void)entry->finished.wait(std::max<Clock::duration>(end - Clock::now(), 0ns));
    for (const auto& entry : asked) entry->rest();
}

void OutboundRegistrations::tell_outbound_flows() {
    std::vector<UserAgent::OutboundFlow> flows;
    for (const auto& [name, entry] : entries_) {
        if ((!entry->outbound && entry->gruu.empty()) || !entry->servers.found()) continue;
        const Flow& flow = entry->servers.present();
        const auto known = std::ranges::find(flows, flow, &UserAgent::OutboundFlow::flow);
        if (known == flows.end()) {
            flows.push_back({flow, entry->outbound, entry->gruu});
            continue;
        }
        known->outbound = known->outbound || entry->outbound;
        if (known->gruu != entry->gruu) known->gruu.clear();  // several accounts by one flow: whose a request is can't be told
    }
    agent_.set_outbound_flows(std::move(flows));
}

std::vector<std::string> OutboundRegistrations::service_routes(std::string_view endpoint) const {
    for (const auto& [name, entry] : entries_)
        if (entry->settings->endpoint == endpoint && entry->machine.state() == ClientRegistration::State::registered) return entry->service_routes;
    return {};
}

std::string_view OutboundRegistrations::endpoint_of_line(const Message& request) const {
    if (lines_.empty()) return {};
    auto line = request.request_uri().parameters.value("line");
    if (line.empty()) line = request.to().uri.parameters.value("line");
    if (line.empty()) return {};
    const auto found = lines_.find(line);
    return found == lines_.end() ? std::string_view() : std::string_view(found->second->settings->endpoint);
}

OutboundRegistrations::Summary OutboundRegistrations::summary(const Entry& entry) const {
    const Instant now = Clock::now();
    const auto until = [now](Instant then) { return std::max(std::chrono::ceil<std::chrono::seconds>(then - now), 0s); };
    const bool registered = entry.machine.state() == ClientRegistration::State::registered;
    return {entry.settings, entry.machine.state(), registered ? until(entry.ends) : 0s,
            entry.timer.running() ? until(entry.timer.expires()) : 0s, entry.machine.last_status(),
            entry.servers.found() ? entry.servers.present().remote.to_string() : std::string()};
}

std::vector<OutboundRegistrations::Summary> OutboundRegistrations::list() const {
    std::vector<Summary> all;
    for (const auto& [name, entry] : entries_) all.push_back(summary(*entry));
    std::ranges::sort(all, {}, [](const Summary& one) -> const std::string& { return one.settings->name; });
    return all;
}

std::optional<OutboundRegistrations::Summary> OutboundRegistrations::find(std::string_view name) const {
    const auto found = entries_.find(std::string(name));
    if (found == entries_.end()) return {};
    return summary(*found->second);
}

Result<void> OutboundRegistrations::for_named(std::string_view name, const std::function<void(Entry&)>& use) {
    if (equals_ignoring_case(name, "*all")) {
        std::vector<std::shared_ptr<Entry>> all;
        for (const auto& [key, entry] : entries_) all.push_back(entry);
        for (const auto& entry : all) use(*entry);
        return {};
    }
    const auto found = entries_.find(std::string(name));
    if (found == entries_.end()) return fail(ErrorCode::not_found, "Unable to retrieve registration {}", name);
    const auto entry = found->second;
    use(*entry);
    return {};
}

Result<void> OutboundRegistrations::register_now(std::string_view name) {
    return for_named(name, [](Entry& entry) { entry.perform(entry.machine.start_now()); });
}

Result<void> OutboundRegistrations::unregister(std::string_view name) {
    return for_named(name, [](Entry& entry) { entry.perform(entry.machine.unregister()); });
}

}  // namespace jackfield::sip
