// Requests over HTTP: which session they belong to, one at a time in each.
#include "modules/res_manager/http.hpp"

#include <array>
#include <charconv>

#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/runtime/login_guard.hpp"
#include "modules/res_manager/http_text.hpp"
#include "modules/res_manager/security_events.hpp"

namespace jackfield::manager {

using namespace std::chrono_literals;

namespace {

constexpr std::string_view cookie_name = "mansession_id";
constexpr auto sweep_interval = 1s;

std::string cookie_of(const HttpRequest& request) {
    for (const std::string_view part : split_list(request.header("Cookie"), ';')) {
        const Halves halves = split_once(part, '=');
        if (trim(halves.first) != cookie_name) continue;
        std::string_view value = trim(halves.second);
        if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
            value = value.substr(1, value.size() - 2);
        return std::string(value);
    }
    return {};
}

HttpFields fields_of(const HttpRequest& request) {
    HttpFields fields = request.parameters();
    if (request.method == "POST" &&
        find_ignoring_case(request.header("Content-Type"), "x-www-form-urlencoded") != std::string_view::npos)
        for (auto& field : parse_form(request.body)) fields.push_back(std::move(field));
    return fields;
}

std::string_view value_of(const HttpFields& fields, std::string_view key) {
    for (const auto& [name, value] : fields)
        if (equals_ignoring_case(name, key)) return value;
    return {};
}

}  // namespace

HttpFront::HttpFront(Server& server)
    : server_(server),
      realm_(system_name().empty() ? "asterisk" : "asterisk." + system_name()),
      sweeper_([this] { sweep(); }) {}

Result<void> HttpFront::add_routes(Module& module) {
    const auto add = [&](HttpRoute route, Format format, bool digest) -> Result<void> {
        route.methods = "GET,HEAD,POST";
        return module.add(std::move(route),
                          [this, format, digest](HttpExchange& exchange) { return serve(exchange, format, digest); });
    };
    JF_TRY(add({.path = "/manager", .text = "HTML Manager Event Interface"}, Format::html, false));
    JF_TRY(add({.path = "/rawman", .text = "Raw HTTP Manager Event Interface"}, Format::raw, false));
    JF_TRY(add({.path = "/mxml", .text = "XML Manager Event Interface"}, Format::xml, false));
    JF_TRY(add({.path = "/amanager", .text = "HTML Manager Event Interface with digest authentication"}, Format::html,
               true));
    JF_TRY(add({.path = "/arawman", .text = "Raw HTTP Manager Event Interface with digest authentication"}, Format::raw,
               true));
    return add({.path = "/amxml", .text = "XML Manager Event Interface with digest authentication"}, Format::xml, true);
}

// --- sessions ------------------------------------------------------------------------------------------------------

void HttpFront::close(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    server_.close_session(found->second->session);
    entries_.erase(found);
}

void HttpFront::sweep() {
    std::vector<std::string> old;
    for (const auto& [key, entry] : entries_)
        if (entry->session->dropped ||
            (!entry->running && Clock::now() - entry->last_used > server_.settings().http_time))
            old.push_back(key);
    for (const std::string& key : old) close(key);
    if (!entries_.empty()) sweeper_.start(sweep_interval);
}

std::shared_ptr<HttpFront::Entry> HttpFront::by_cookie(const HttpRequest& request, std::string& key) {
    key = cookie_of(request);
    if (const auto found = entries_.find(key); found != entries_.end() && !found->second->session->dropped &&
                                               found->second->session->remote.same_host(request.peer))
        return found->second;
    auto session = server_.open_session(request.local, request.peer);
    if (!session) return nullptr;
    key = random_hex(16);
    auto entry =
        std::make_shared<Entry>(Entry{.session = std::move(session), .last_used = Clock::now(), .running = nullptr});
    entries_[key] = entry;
    if (!sweeper_.running()) sweeper_.start(sweep_interval);
    return entry;
}

std::shared_ptr<HttpFront::Entry> HttpFront::by_digest(HttpExchange& exchange, std::string& key,
                                                       Result<void>& answered) {
    const HttpRequest& request = exchange.request();
    const DigestFields fields = parse_digest(request.header("Authorization"));
    const auto get = [&](const char* name) {
        const auto found = fields.find(name);
        return found == fields.end() ? std::string() : found->second;
    };
    const auto ask = [&](bool stale) -> std::shared_ptr<Entry> {
        answered = exchange.respond(
            {.status = 401,
             .headers = {{"WWW-Authenticate",
                          fmt::format("Digest algorithm=MD5, realm=\"{}\", nonce=\"{}\", qop=\"auth\"{}", realm_,
                                      nonces_.make(Clock::now()), stale ? ", stale=true" : "")},
                         {"Content-Type", "text/plain"}},
             .body = "Authentication required\n"});
        return nullptr;
    };
    if (fields.empty()) return ask(false);
    const std::string account = get("username");
    const LoginAttempt attempt{"AMI", account, request.peer};
    LoginGuard& guard = LoginGuard::instance();
    const bool admitted = guard.admits(attempt, Clock::now());
    auto found = server_.settings().users.find(account);
    const bool is_user = found != server_.settings().users.end();
    // An unknown user takes the same work as a known one.
    const bool fits = digest_fits(fields, request.method, realm_, is_user ? found->second->secret : "no user has this");
    if (!admitted || !is_user || !fits || get("uri") != request.target || !found->second->admits(request.peer)) {
        const bool right = admitted && is_user && fits && get("uri") == request.target;
        SecurityEvent::Fields details;
        if (!admitted)
            details = {{"RequestType", "Login after too many failures"}};
        else if (is_user && !right)
            details = {{"Challenge", get("nonce")}, {"Response", get("response")}, {"ExpectedResponse", {}}};
        jackfield::report_security({.name = !admitted ? "RequestNotAllowed" : !is_user ? "InvalidAccountID" : right ? "FailedACL" : "ChallengeResponseFailed",
                         .error = true, .service = "AMI", .account = account, .session = {}, .transport = request.secure ? "TLS" : "TCP",
                         .local = request.local, .remote = request.peer, .details = std::move(details)});
        log_notice("Manager login over HTTP from {} failed for user '{}'", request.peer.to_string(), account);
        if (answered = sleep_for(guard.failed(attempt, Clock::now())); !answered) return nullptr;
        return ask(false);
    }
    key = "digest " + get("nonce");
    std::uint64_t count = 0;
    const std::string nc = get("nc");
    std::from_chars(nc.data(), nc.data() + nc.size(), count, 16);
    const auto known = entries_.find(key);
    // A nonce is good while its session lives; one without session, for as long as a session may be idle.
    if (known == entries_.end() &&
        nonces_.judge(get("nonce"), Clock::now(), server_.settings().http_time) != NonceMaker::Verdict::good)
        return ask(true);
    if (known != entries_.end()) {
        if (count <= known->second->last_count || known->second->session->dropped ||
            known->second->session->user->name != found->second->name)
            return ask(true);
        known->second->last_count = count;
        return known->second;
    }
    auto session = server_.open_session(request.local, request.peer);
    if (!session) {
        answered = exchange.respond({.status = 503, .body = "Too many sessions\n"});
        return nullptr;
    }
    guard.succeeded(attempt, Clock::now());
    server_.admit(*session, found->second, false);
    auto entry = std::make_shared<Entry>(
        Entry{.session = std::move(session), .last_used = Clock::now(), .last_count = count, .running = nullptr});
    entries_[key] = entry;
    if (!sweeper_.running()) sweeper_.start(sweep_interval);
    return entry;
}

// --- requests ------------------------------------------------------------------------------------------------------

Result<std::string> HttpFront::run(Entry& entry, const HttpFields& fields) {
    const auto session = entry.session;
    const InterruptScope scope(session->stop);
    while (const auto running = entry.running) {  // a WaitEvent that waits makes room
        if (session->held) session->held->any.set();
        JF_TRY(running->wait());
    }
    entry.running = std::make_shared<Latch>();
    struct Ends {
        Entry& entry;
        ~Ends() {
            entry.session->fiber = 0;
            entry.last_used = Clock::now();
            std::exchange(entry.running, nullptr)->set();
        }
    } ends{entry};
    session->fiber = fiber_id();
    session->output.clear();
    JF_TRY(server_.handle(*session, ManagerRequest(fields)));
    server_.flush();
    if (session->dropped) return fail(ErrorCode::closed, "the session has ended");
    return std::exchange(session->output, {});
}

Result<void> HttpFront::serve(HttpExchange& exchange, Format format, bool digest) {
    const HttpRequest& request = exchange.request();
    if (!server_.settings().enabled || !server_.settings().web_enabled)
        return exchange.respond({.status = 404,
                                 .headers = {{"Content-Type", "text/plain"}},
                                 .body = "The manager interface is not served here.\n"});
    std::string key;
    Result<void> answered;
    const auto entry = digest ? by_digest(exchange, key, answered) : by_cookie(request, key);
    if (!entry && digest) return answered;
    if (!entry) return exchange.respond({.status = 503, .body = "Too many sessions\n"});
    const HttpFields fields = fields_of(request);
    const auto output = run(*entry, fields);
    // Kept for who is logged in, or is about to by a challenge.
    const bool keep = !entry->session->ending && !entry->session->dropped &&
                      (entry->session->user || !entry->session->challenge.empty());
    if (!keep) close(key);
    if (!output) {
        if (output.error().code != ErrorCode::closed && output.error().code != ErrorCode::cancelled)
            return std::unexpected(output.error());
        return exchange.respond(
            {.status = 410, .headers = {{"Content-Type", "text/plain"}}, .body = "The session has ended.\n"});
    }
    static constexpr std::array<std::string_view, 3> types{"text/html; charset=utf-8", "text/plain; charset=utf-8",
                                                           "text/xml; charset=utf-8"};
    HttpResponse response{.headers = {{"Content-Type", std::string(types[static_cast<std::size_t>(format)])},
                                      {"Cache-Control", "no-cache, no-store"}}};
    if (keep && !digest)
        response.headers.emplace_back("Set-Cookie",
                                      fmt::format("{}=\"{}\"; Version=1; Max-Age={}; HttpOnly", cookie_name, key,
                                                  server_.settings().http_time.count()));
    if (format == Format::raw) response.body = *output;
    if (format == Format::xml)
        response.body = to_xml(*output, value_of(fields, "ajaxdest"), value_of(fields, "ajaxobjtype"));
    if (format == Format::html) response.body = to_html(*output);
    return exchange.respond(std::move(response));
}

}  // namespace jackfield::manager
