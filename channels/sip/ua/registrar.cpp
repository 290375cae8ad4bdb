// The registrar: REGISTER, the contacts of endpoints, and whether they can be reached (RFC 3261 section 10).
#include "channels/sip/ua/registrar.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "channels/sip/stack/identifiers.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/module/database.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/test_event.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view family = "registrar/contact";
constexpr std::size_t saved_fields = 11;
constexpr auto keep_alive_grace = 30s;  // beyond Flow-Timer, until a connection without a sign of life is closed

std::string key_of(std::string_view aor, std::string_view key) {
    return fmt::format("{}\n{}", aor, key);
}
std::array<std::uint8_t, TemporaryGruus::key_size> new_gruu_key() {
    std::array<std::uint8_t, TemporaryGruus::key_size> key{};
    random_bytes(key);
    return key;
}
bool by_connection(const Binding& binding) { return binding.outbound() && binding.flow().reliable; }
// Keys of the database hold no slash: the URI goes by its hash.
std::string database_key(std::string_view aor, std::string_view uri) {
    return fmt::format("{};@{}", aor, digest_hex(DigestAlgorithm::md5, uri));
}

// One binding as lines: contact, expiry, flow, path and the rest. URIs and headers hold no line ends.
std::string save(const Binding& binding, std::string_view protocol, Instant now) {
    const auto expires = std::chrono::system_clock::to_time_t(wall_now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(binding.expires() - now));
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", binding.contact(), expires, binding.flow().remote.to_string(),
                       protocol, binding.path(), binding.user_agent(), binding.call_id(), binding.cseq(),
                       binding.q(), binding.instance(), binding.reg_id());
}

}  // namespace

// Asks one contact by OPTIONS at its interval, and remembers how it answered.
struct Registrar::Qualification final : ClientTransactionUser, std::enable_shared_from_this<Qualification> {
    Qualification(Registrar& owner, std::string which_aor, std::string which_key, std::string which_uri)
        : registrar(owner), aor(std::move(which_aor)), key(std::move(which_key)), uri(std::move(which_uri)), timer([this] { ask(); }), patience([this] { silent(); }) {}

    void begin(const AorSettings& settings, std::optional<Flow> to) {
        set(settings, std::move(to));
        // The first questions are spread, so that a restart does not ask everybody at once.
        if (frequency > 0s && !timer.running())
            timer.start(std::chrono::milliseconds(random_number(static_cast<std::uint64_t>(std::min<std::int64_t>(frequency.count() * 1000, 5000)) + 1)));
    }
    void set(const AorSettings& settings, std::optional<Flow> to) {
        frequency = settings.qualify_frequency;
        answer_within = settings.qualify_timeout;
        only_success = settings.qualify_2xx_only;
        authenticates = settings.authenticate_qualify;
        proxy = settings.outbound_proxy;
        flow = std::move(to);
    }
    void ask() {
        if (frequency > 0s) timer.start(frequency);
        if (flow) return send(*flow);
        const std::string next = proxy.empty() ? uri : proxy;
        const auto parsed = parse_uri(next);
        if (!parsed) return;
        if (SocketAddress::parse(parsed->bare_host(), 1)) {  // nothing to look up, so nothing waits
            auto found = registrar.agent_.targets(next, {}, uri);
            return found ? send_to(std::move(*found)) : silent();
        }
        auto spawned = registrar.fibers_.spawn("qualify " + uri, [self = weak_from_this(), next, to = uri, &agent = registrar.agent_] {
            auto found = agent.targets(next, {}, to);
            const auto asking = self.lock();
            if (!asking || (!found && ends_application(found.error().code))) return;
            found ? asking->send_to(std::move(*found)) : asking->silent();
        });
        if (!spawned) log_debug(1, "qualify {}: {}", uri, spawned.error().text);
    }
    // The contact can be reached as long as one of its servers answers.
    void send_to(std::vector<Flow> flows) {
        std::ranges::reverse(flows);
        others = std::move(flows);
        send_to_next();
    }
    void send_to_next() {
        const Flow next = others.back();
        others.pop_back();
        send(next);
    }
    void send(const Flow& to) {
        answers.begin();
        call_id = new_call_identifier();
        cseq = 0;
        asked = Clock::now();
        patience.start(answer_within);
        send_request(to);
    }
    void send_request(const Flow& to) {
        handle.release();
        asked_at = to;
        UserAgent::NewRequest request{};
        request.method = Method::options;
        request.uri = uri;
        if (!proxy.empty()) request.routes = {"<" + proxy + ">"};
        const std::string host = registrar.agent_.transports().signalling_address(to).host();
        request.from = "<" + make_uri(UriScheme::sip, registrar.agent_.objects()->global.default_from_user, host) + ">;tag=" + new_tag();
        request.to = "<" + uri + ">";
        request.call_id = call_id;
        request.cseq = ++cseq;
        registrar.agent_.start(handle, request, to, [&](MessageWriter& writer) {
            writer.header(HeaderName::contact, registrar.agent_.contact(to, {}, uri.starts_with("sips:")));
            answers.write(writer, "OPTIONS", uri);
            registrar.agent_.add_agent(writer);
            writer.finish();
        });
    }
    void on_response(ClientHandle&, const Message& response, const Flow&) override {
        if (response.status() < 200) return;
        if (authenticates && (response.status() == 401 || response.status() == 407) && answers.challenged(response, registrar.users_for(aor)))
            return send_request(asked_at);
        patience.stop();
        others.clear();
        round_trip = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - asked);
        const bool counts = !only_success || response.status() < 300;
        registrar.status_changed(*this, counts ? Contact::Status::reachable : Contact::Status::unreachable);
    }
    void on_failure(ClientHandle&, ClientFailure) override { silent(); }
    void silent() {
        patience.stop();
        handle.release();
        if (!others.empty()) return send_to_next();
        registrar.status_changed(*this, Contact::Status::unreachable);
    }

    Registrar& registrar;
    std::string aor, key, uri, proxy;
    std::optional<Flow> flow;
    std::vector<Flow> others;           // servers that have not been asked, the next one last
    std::chrono::seconds frequency{0};  // 0: only when told to
    std::chrono::milliseconds answer_within{3000};
    bool only_success = false, authenticates = false;
    ChallengeAnswers answers;
    std::string call_id;
    std::uint32_t cseq = 0;
    Flow asked_at;
    Contact::Status status = Contact::Status::unknown;
    std::chrono::microseconds round_trip{0};
    Instant asked{};
    ClientHandle handle{*this};
    Timer timer, patience;
};

Registrar::Registrar(UserAgent& agent)
    : agent_(agent), table_(Clock::now(), this), sweep_([this] {
          const bool more = table_.expire(Clock::now());
          sweep_.start(more ? 1ms : 1000ms);
      }),
      temporary_(new_gruu_key()) {
    agent_.on_connection_closed(this, [this](const Flow& flow) { connection_closed(flow); });
    agent_.handle(Method::register_, [this](IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) {
        on_register(request, *endpoint);
    });
    sweep_.start(1s);
}

Registrar::~Registrar() {
    agent_.on_connection_closed(this, {});
    fibers_.cancel();
    (void)fibers_.join();
}

void Registrar::apply() {
    const auto objects = agent_.objects();
    std::erase_if(qualifications_, [&](const auto& entry) {
        const auto aor = objects->aor(entry.second->aor);
        if (!aor || aor->qualify_frequency == 0s) return true;
        const bool still_static = std::find(aor->contacts.begin(), aor->contacts.end(), entry.second->uri) != aor->contacts.end();
        return !still_static && !table_.find(entry.second->aor, entry.second->key);
    });
    for (const auto& aor : objects->aors_with_contacts)
        for (const std::string& uri : aor->contacts) qualify(aor->name, uri, uri, std::nullopt);
    table_.for_each([&](const Binding& binding) { qualify(std::string(binding.aor()), binding.key(), std::string(binding.contact()), binding.flow()); });
}

void Registrar::qualify(const std::string& name, const std::string& key, const std::string& uri, const std::optional<Flow>& flow) {
    const auto aor = agent_.objects()->aor(name);
    if (!aor || aor->qualify_frequency == 0s) return;
    auto& entry = qualifications_[key_of(name, key)];
    if (!entry) entry = std::make_shared<Qualification>(*this, name, key, uri);
    entry->begin(*aor, flow);
}

void Registrar::qualify_now(const EndpointSettings& endpoint) {
    for (const std::string& name : endpoint.aors) {
        const auto aor = agent_.objects()->aor(name);
        if (!aor) continue;
        const auto ask = [&](const std::string& key, std::string_view uri, const std::optional<Flow>& flow) {
            auto& entry = qualifications_[key_of(name, key)];
            if (!entry) entry = std::make_shared<Qualification>(*this, name, key, std::string(uri));
            entry->set(*aor, flow);
            entry->ask();
        };
        for (const std::string& uri : aor->contacts) ask(uri, uri, std::nullopt);
        for (const Binding* binding : table_.find(name, Clock::now())) ask(binding->key(), binding->contact(), binding->flow());
    }
}

// Of the endpoint that has this address of record, by convention under its name.
ChallengeAnswers::FindUser Registrar::users_for(std::string_view aor) const {
    const auto objects = agent_.objects();
    auto endpoint = objects->endpoint(aor);
    const auto has = [&](const EndpointSettings& one) { return std::ranges::find(one.aors, aor) != one.aors.end(); };
    if (!endpoint || !has(*endpoint)) {
        const auto found = std::ranges::find_if(objects->endpoints, [&](const auto& each) { return has(*each.second); });
        if (found == objects->endpoints.end()) return [](std::string_view, DigestAlgorithm) { return std::nullopt; };
        endpoint = found->second;
    }
    return agent_.users_of(endpoint->outbound_auth);
}

void Registrar::call_failed(const EndpointSettings& endpoint, std::string_view key, bool flow_failed) {
    for (const std::string& name : endpoint.aors) {
        if (const auto found = qualifications_.find(key_of(name, key)); found != qualifications_.end() && found->second->frequency > 0s)
            status_changed(*found->second, Contact::Status::unreachable);
        if (flow_failed) forget_flow(name, key);
    }
}

void Registrar::forget_flow(std::string_view aor, std::string_view key) {
    if (Binding* const binding = table_.find(aor, key); binding && binding->outbound()) table_.remove(*binding);
}

void Registrar::connection_closed(const Flow& flow) {
    const auto [first, last] = flows_.equal_range(flow.remote);
    std::vector<FlowOwner> gone;
    for (auto each = first; each != last; ++each) gone.push_back(std::move(each->second));
    flows_.erase(first, last);
    for (const FlowOwner& owner : gone)  // it may have been renewed by another connection meanwhile
        if (Binding* const binding = table_.find(owner.aor, owner.key); binding && binding->flow() == flow) table_.remove(*binding);
}

const Registrar::Qualification* Registrar::qualification(std::string_view aor, std::string_view key) const {
    if (qualifications_.empty()) return nullptr;
    const auto found = qualifications_.find(key_of(aor, key));
    return found == qualifications_.end() ? nullptr : found->second.get();
}

void Registrar::status_changed(Qualification& qualification, Contact::Status status) {
    if (qualification.status == status) return;
    qualification.status = status;
    const bool up = status == Contact::Status::reachable;
    if (Binding* binding = table_.find(qualification.aor, qualification.key)) binding->set_available(up);
    log_verbose(2, "Contact {}/{} is now {}.  RTT: {:.3f} msec", qualification.aor, qualification.uri, up ? "Reachable" : "Unreachable",
                static_cast<double>(qualification.round_trip.count()) / 1000);
    publish(SipContactChanged{qualification.aor, qualification.uri, up ? "Reachable" : "Unreachable"});
    if (on_change) on_change(qualification.aor);
}

void Registrar::on_register(IncomingRequest& request, const EndpointSettings& endpoint) {
    const Message& message = request.request();
    const std::string user = message.to().uri.decoded_user();
    const auto named = std::find(endpoint.aors.begin(), endpoint.aors.end(), user);
    const auto aor = named == endpoint.aors.end() ? nullptr : agent_.objects()->aor(*named);
    if (!aor) {
        log_warning("REGISTER of endpoint [{}]: '{}' is none of its aors", endpoint.name, user);
        return (void)request.respond(404);
    }
    for (Message::Values contacts(message, HeaderName::contact); contacts.next();)
        if (const auto contact = parse_contact(contacts.item); contact && !contact->wildcard && !agent_.admits_contact(contact->address.uri.text, endpoint)) {
            log_security("REGISTER of endpoint [{}]: contact '{}' is where none may be (contact_acl)", endpoint.name, contact->address.uri.text);
            agent_.report(message, request.flow(), "FailedACL", endpoint.name, true, {{"ACLName", join(endpoint.contact_acl, ",")}});
            return (void)request.respond(403);
        }
    const RegistrationLimits limits{aor->max_contacts, aor->remove_existing, aor->remove_unavailable, aor->minimum_expiration,
                                    aor->maximum_expiration, aor->default_expiration};
    const Instant now = Clock::now();
    const RegisterResult result = table_.process(aor->name, limits, message, request.flow(), now);
    if (result.status == 403)
        log_warning("REGISTER of [{}] refused: it has max_contacts = {} already", aor->name, aor->max_contacts);
    const std::chrono::seconds flow_timer = agent_.objects()->global.flow_timer;
    const bool timed = result.outbound && flow_timer > 0s && request.flow().reliable;
    if (timed) agent_.transports().expect_traffic(request.flow(), flow_timer + keep_alive_grace);
    LocationTable::ContactParameters gruus;
    if (message.lists(HeaderName::supported, "gruu")) gruus = [&](const Binding& binding) { return gruu_parameters(message, binding); };
    (void)request.send(result.status, agent_.response(request, result.status, result.reason, [&](MessageWriter& writer) {
        LocationTable::write(writer, result, now, gruus);
        if (timed) writer.header(HeaderName::flow_timer, static_cast<std::uint32_t>(flow_timer.count()));
        if (result.status < 300)
            writer.header(HeaderName::date, format_date(std::chrono::time_point_cast<std::chrono::seconds>(wall_now())));
        writer.header(HeaderName::server, agent_.objects()->global.user_agent);
        writer.finish();
    }));
}

// RFC 5627 section 5.3: of each contact with an instance, to clients that know what it is; a new temporary one each time.
std::string Registrar::gruu_parameters(const Message& request, const Binding& binding) {
    const Uri aor = request.to().uri;
    const std::string gruu = public_gruu(aor, binding.instance());
    if (gruu.empty()) return {};
    return fmt::format(";pub-gruu=\"{}\";temp-gruu=\"{}\"", gruu,
                       make_uri(aor.scheme, temporary_.issue(binding.aor(), binding.instance(), binding.call_id()), aor.bare_host(), aor.port, ";gr"));
}

std::optional<Registrar::GruuOwner> Registrar::gruu(const Uri& uri) const {
    if (!uri.parameters.has("gr")) return {};
    GruuOwner owner{200, uri.decoded_user(), instance_of_gruu(uri)};
    if (owner.instance.empty()) {
        const auto* const temporary = temporary_.find(uri.user);
        if (!temporary) return GruuOwner{404, {}, {}};
        owner.aor = temporary->aor;
        owner.instance = temporary->instance;
    }
    if (!agent_.objects()->aor(owner.aor))
        owner.status = 404;
    else if (!table_.has_instance(owner.aor, owner.instance, Clock::now()))
        owner.status = 480;
    return owner;
}

void Registrar::on_bound(const Binding& binding, bool refreshed) {
    const std::string aor(binding.aor()), uri(binding.contact()), key = binding.key();
    if (by_connection(binding)) {
        const auto [first, last] = flows_.equal_range(binding.flow().remote);
        if (std::none_of(first, last, [&](const auto& each) { return each.second.aor == aor && each.second.key == key; }))
            flows_.emplace(binding.flow().remote, FlowOwner{aor, key});
    }
    if (Database* database = Database::instance())
        (void)database->put_later(family, database_key(aor, key), save(binding, to_lower(agent_.transports().protocol(binding.flow())), Clock::now()));
    qualify(aor, key, uri, binding.flow());
    if (refreshed) return;
    log_verbose(3, "Added contact '{}' to AOR '{}' with expiration of {} seconds", uri, aor, binding.remaining(Clock::now()).count());
    publish(SipContactChanged{aor, uri, "Created"});
    tell_test("AOR_CONTACT_ADDED", [&] { return TestEvent::Fields{{"Contact", uri}, {"AOR", aor}}; });
    if (on_change) on_change(aor);
}

void Registrar::on_unbound(const Binding& binding, Unbound why) {
    const std::string aor(binding.aor()), uri(binding.contact()), key = binding.key();
    const auto [first, last] = flows_.equal_range(binding.flow().remote);
    const auto flow = std::find_if(first, last, [&](const auto& each) { return each.second.aor == aor && each.second.key == key; });
    if (flow != last) flows_.erase(flow);
    if (Database* database = Database::instance()) database->del_later(family, database_key(aor, key));
    qualifications_.erase(key_of(aor, key));
    if (!binding.instance().empty() && why != Unbound::replaced) {
        const auto all = table_.find(aor, Clock::now());
        const auto same = [&](const Binding* other) { return other != &binding && other->instance() == binding.instance(); };
        if (std::ranges::none_of(all, same)) temporary_.forget(aor, binding.instance());
    }
    log_verbose(3, "Removed contact '{}' from AOR '{}' due to {}", uri, aor, why == Unbound::expired ? "expiration" : "request");
    publish(SipContactChanged{aor, uri, "Removed"});
    tell_test("AOR_CONTACT_REMOVED", [&] { return TestEvent::Fields{{"Contact", uri}, {"AOR", aor}}; });
    if (on_change) on_change(aor);
}

void Registrar::restore() {
    Database* database = Database::instance();
    if (!database) return;
    const Instant now = Clock::now();
    for (const DatabaseEntry& entry : database->list(family)) {
        const auto lines = split(entry.value, '\n');
        const std::string aor = entry.key.substr(0, entry.key.rfind(";@"));
        const auto expires = lines.size() == saved_fields ? parse_number<std::int64_t>(lines[1]) : std::nullopt;
        const auto remote = expires ? SocketAddress::parse(lines[2]) : fail(ErrorCode::invalid);
        const auto left = expires ? std::chrono::seconds(*expires) - std::chrono::floor<std::chrono::seconds>(wall_now().time_since_epoch()) : 0s;
        const bool browser = expires && lines[3].starts_with("ws");  // which can't be connected to: it comes again by itself
        auto flow = remote && !browser ? agent_.transports().flow_to(*remote, protocol_named(lines[3])) : fail(ErrorCode::invalid);
        if (!flow || left <= 0s || !agent_.objects()->aor(aor)) {
            database->del_later(family, entry.key);
            continue;
        }
        BindingFields fields{.contact = lines[0], .call_id = lines[6], .path = lines[4], .user_agent = lines[5], .instance = lines[9],
                             .reg_id = parse_number<std::uint32_t>(lines[10]).value_or(0),
                             .cseq = parse_number<std::uint32_t>(lines[7]).value_or(0),
                             .q = parse_number<std::uint16_t>(lines[8]).value_or(1000), .flow = *flow};
        table_.restore(aor, fields, now + left);
    }
    apply();
}

std::vector<Contact> Registrar::contacts_of_aor(std::string_view name, const EndpointSettings* endpoint) const {
    std::vector<Contact> all;
    const auto aor = agent_.objects()->aor(name);
    if (!aor) return all;
    const Instant now = Clock::now();
    const auto add_status = [&](Contact& contact) {
        if (const Qualification* known = qualification(name, contact.key)) {
            contact.status = known->status;
            contact.round_trip = known->round_trip;
        }
    };
    for (const Binding* binding : table_.find(name, now)) {
        Contact contact;
        contact.aor = name;
        contact.uri = binding->contact();
        contact.key = binding->key();
        contact.instance = binding->instance();
        contact.outbound = binding->outbound();
        contact.registered = true;
        contact.user_agent = binding->user_agent();
        contact.remaining = binding->remaining(now);
        if (binding->flow().reliable || binding->outbound() || (endpoint && endpoint->rewrite_contact)) contact.flow = binding->flow();
        for (const std::string_view route : split_list(binding->path())) contact.routes.emplace_back(route);
        add_status(contact);
        all.push_back(std::move(contact));
    }
    for (const std::string& uri : aor->contacts) {
        Contact contact;
        contact.aor = name;
        contact.uri = contact.key = uri;
        if (!aor->outbound_proxy.empty()) contact.routes = {"<" + aor->outbound_proxy + ">"};
        add_status(contact);
        all.push_back(std::move(contact));
    }
    return all;
}

std::optional<Contact> Registrar::find_contact(std::string_view id) const {
    const std::size_t at = id.find(id.contains(";@") ? ";@" : "@@");
    if (at == id.npos) return {};
    for (Contact& contact : contacts_of_aor(id.substr(0, at), nullptr))
        if (contact_id(contact) == id) return std::move(contact);
    return {};
}

std::string contact_id(const Contact& contact) {
    return fmt::format("{}{}{}", contact.aor, contact.registered ? ";@" : "@@", digest_hex(DigestAlgorithm::md5, contact.key.empty() ? contact.uri : contact.key));
}

std::vector<Contact> Registrar::contacts(const EndpointSettings& endpoint) const {
    std::vector<Contact> all;
    for (const std::string& aor : endpoint.aors)
        for (Contact& contact : contacts_of_aor(aor, &endpoint)) all.push_back(std::move(contact));
    std::stable_partition(all.begin(), all.end(), [](const Contact& contact) { return contact.status != Contact::Status::unreachable; });
    return with_flows(std::move(all));
}

std::vector<Contact> with_flows(std::vector<Contact> contacts) {
    if (std::ranges::none_of(contacts, &Contact::outbound)) return contacts;
    std::vector<Contact> all;
    for (Contact& contact : contacts) {
        const auto first = std::ranges::find_if(all, [&](const Contact& one) {
            return one.outbound && contact.outbound && one.aor == contact.aor && one.instance == contact.instance;
        });
        if (first == all.end()) {
            all.push_back(std::move(contact));
            continue;
        }
        // What was renewed last is the most likely to work.
        if (contact.status == first->status && contact.remaining > first->remaining) {
            std::swap(contact, *first);
            first->others = std::exchange(contact.others, {});
        }
        first->others.push_back(std::move(contact));
    }
    return all;
}

bool Registrar::reachable(const EndpointSettings& endpoint) const {
    const Instant now = Clock::now();
    for (const std::string& name : endpoint.aors) {
        const auto answers = [&](std::string_view key) {
            const Qualification* known = qualification(name, key);
            return !known || known->status != Contact::Status::unreachable;
        };
        const auto aor = agent_.objects()->aor(name);
        if (!aor) continue;
        if (std::ranges::any_of(aor->contacts, answers)) return true;
        if (std::ranges::any_of(table_.find(name, now), [&](const Binding* binding) { return answers(binding->key()); })) return true;
    }
    return false;
}

}  // namespace jackfield::sip
