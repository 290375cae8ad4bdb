// Whose request it is, and whether it proves that (RFC 3261 section 22); answers to challenges of others.
#include "channels/sip/ua/user_agent.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/login_guard.hpp"
#include "core/runtime/security_event.hpp"

namespace jackfield::sip {
namespace {

bool methods_include(const EndpointSettings& endpoint, std::string_view method) {
    if (endpoint.identify_by.empty()) return method == "username" || method == "ip" || method == "header" || method == "request_uri";
    for (const std::string& word : endpoint.identify_by)
        if (equals_ignoring_case(word, method)) return true;
    return false;
}

DigestSecret secret_of(const AuthSettings& auth, DigestAlgorithm algorithm) {
    DigestSecret secret;
    secret.password = auth.password;
    const std::string& hash = algorithm == DigestAlgorithm::md5      ? auth.md5_cred
                              : algorithm == DigestAlgorithm::sha256 ? auth.sha256_cred
                                                                     : auth.sha512_256_cred;
    if (!hash.empty()) {
        secret.hash = hash;
        secret.hash_algorithm = algorithm;
    }
    return secret;
}

// Whether we answer challenges of this algorithm.
bool answers(const AuthSettings& auth, DigestAlgorithm algorithm) {
    return auth.client_algorithms.empty() || std::ranges::find(auth.client_algorithms, to_string(algorithm)) != auth.client_algorithms.end();
}

}  // namespace

std::shared_ptr<const EndpointSettings> UserAgent::identify(const Message& request, const Flow& from) const {
    if (identify_first_)
        if (auto endpoint = objects_->endpoint(identify_first_(request))) return endpoint;
    if (auto endpoint = objects_->endpoint(identified_.by_address(from.remote)); endpoint && methods_include(*endpoint, "ip")) return endpoint;
    if (auto endpoint = objects_->endpoint(identified_.by_header(request)); endpoint && methods_include(*endpoint, "header")) return endpoint;
    if (auto endpoint = objects_->endpoint(identified_.by_request_uri(request)); endpoint && methods_include(*endpoint, "request_uri")) return endpoint;
    const std::string user = request.from().uri.decoded_user();
    if (auto endpoint = objects_->endpoint(user); endpoint && methods_include(*endpoint, "username")) return endpoint;
    if (const auto header = request.header(HeaderName::authorization); !header.empty())
        if (const auto credentials = parse_credentials(header))
            if (auto endpoint = objects_->endpoint(credentials->username); endpoint && methods_include(*endpoint, "auth_username")) return endpoint;
    return objects_->endpoint("anonymous");
}

bool UserAgent::admits_source(const SocketAddress& address, const EndpointSettings* endpoint) const {
    const AccessLists& lists = AccessLists::instance();
    if (!endpoint)
        return std::ranges::all_of(objects_->acls, [&](const auto& each) { return each.second->sources.allows(address) && lists.allow(each.second->acl, address); });
    const auto has = [&](const std::vector<Subnet>& subnets) {
        return std::ranges::any_of(subnets, [&](const Subnet& subnet) { return subnet.contains(address); });
    };
    return (!has(endpoint->deny) || has(endpoint->permit)) && lists.allow(endpoint->acl, address);
}

// A name is none of the addresses that lists have: where there are lists, it may not be.
bool UserAgent::admits_contact(std::string_view text, const EndpointSettings& endpoint) const {
    const auto limits = [](const AclSettings& acl) { return !acl.contact_acl.empty() || !acl.contacts.rules().empty(); };
    const bool own = !endpoint.contact_acl.empty() || !endpoint.contacts.rules().empty();
    if (!own && std::ranges::none_of(objects_->acls, [&](const auto& each) { return limits(*each.second); })) return true;
    const auto uri = parse_uri(text);
    const auto address = uri ? SocketAddress::parse(uri->host, 1) : fail(ErrorCode::invalid);
    const AccessLists& lists = AccessLists::instance();
    return address && endpoint.contacts.allows(*address) && lists.allow(endpoint.contact_acl, *address) && std::ranges::all_of(objects_->acls, [&](const auto& each) {
        return each.second->contacts.allows(*address) && lists.allow(each.second->contact_acl, *address);
    });
}

void UserAgent::report(const Message& request, const Flow& flow, std::string_view event, const std::string& account, bool error,
                       SecurityEvent::Fields details) const {
    report_security({.name = event, .error = error, .service = "SIP", .account = account,
                     .session = std::string(request.call_id()), .transport = transports_.protocol(flow),
                     .local = transports_.signalling_address(flow), .remote = flow.remote, .details = std::move(details)});
}

bool UserAgent::authenticate(IncomingRequest& request, const EndpointSettings& endpoint) {
    if (endpoint.auth.empty()) return true;
    const Message& message = request.request();
    const Instant now = Clock::now();
    LoginGuard& guard = LoginGuard::instance();
    bool stale = false, refused = false;
    std::string failed_account;
    SecurityEvent::Fields details;
    const auto realm_of = [&](const AuthSettings& auth) { return auth.realm.empty() ? objects_->global.default_realm : auth.realm; };
    for (std::size_t field = message.first_field(HeaderName::authorization); field != Message::npos; field = message.next_field(field)) {
        const auto credentials = parse_credentials(message.field(field).value);
        if (!credentials) continue;
        const LoginAttempt attempt{"SIP", credentials->username, request.flow().remote};
        const bool admitted = guard.admits(attempt, now);
        bool ours = credentials->realm == objects_->global.default_realm, judged = false;
        DigestVerdict verdict = DigestVerdict::wrong;
        for (const std::string& name : endpoint.auth) {
            const auto auth = objects_->auth(name);
            if (!auth || credentials->realm != realm_of(*auth)) continue;
            ours = true;
            const bool offered = std::ranges::any_of(auth->algorithms, [&](const std::string& algorithm) {
                return algorithm == to_string(credentials->algorithm);
            });
            if (!admitted || !offered || credentials->username != auth->username) continue;
            judged = true;
            verdict = verify(*credentials, secret_of(*auth, credentials->algorithm), message.method_name(), {}, nonces_, now);
            if (verdict != DigestVerdict::wrong) break;
        }
        // An unknown user, or one who is refused, takes the same time as a wrong password.
        if (!judged) (void)verify(*credentials, {.password = "no user has this"}, message.method_name(), {}, nonces_, now);
        if (verdict == DigestVerdict::ok) {
            guard.succeeded(attempt, now);
            if (wanted<SecurityEvent>()) report(message, request.flow(), "SuccessfulAuth", credentials->username, false, {{"UsingPassword", "1"}});
            return true;
        }
        if (verdict == DigestVerdict::malformed) {
            (void)request.respond(400, "Malformed credentials");
            return false;
        }
        stale = stale || verdict == DigestVerdict::stale;
        if (verdict == DigestVerdict::stale || !ours) continue;  // those for another realm are for somebody else
        failed_account = credentials->username;
        refused = !admitted;
        // Not the response that would have been right: who may read events must not learn what opens an account.
        if (refused)
            details = {{"RequestType", std::string(message.method_name())}};
        else
            details = {{"Challenge", credentials->nonce}, {"Response", credentials->response}, {"ExpectedResponse", {}}};
        (void)guard.failed(attempt, now);  // its delays count; the answer is not held, or it would be asked for again
    }
    if (!failed_account.empty() && !stale && unknown_.allow(request.flow().remote.host(), now)) {
        log_security("Request '{}' from '{}' failed for '{}' (callid: {}) - Authentication failed: wrong user name or password",
                     message.method_name(), message.from().uri.text, request.flow().remote.to_string(), message.call_id());
        report(message, request.flow(), refused ? "RequestNotAllowed" : "ChallengeResponseFailed", failed_account, true, std::move(details));
    }
    if (failed_account.empty() && wanted<SecurityEvent>())
        report(message, request.flow(), "ChallengeSent", message.from().uri.decoded_user(), false, {{"Challenge", {}}});
    (void)request.send(401, response(request, 401, {}, [&](MessageWriter& writer) {
        const auto challenge = [&](const std::string& realm, DigestAlgorithm algorithm) {
            writer.header(HeaderName::www_authenticate,
                          write_challenge({realm, nonces_.issue(realm, now), {}, algorithm, true, stale}));
        };
        bool any = false;
        for (const std::string& name : endpoint.auth) {
            const auto auth = objects_->auth(name);
            if (!auth) continue;
            for (const std::string& algorithm : auth->algorithms)
                if (const auto known = find_digest_algorithm(algorithm)) {
                    challenge(realm_of(*auth), *known);
                    any = true;
                }
        }
        if (!any) {  // for nobody: as for somebody of ours
            const auto somebody = objects_->auths.begin();
            const std::vector<std::string> usual =
                somebody == objects_->auths.end() ? objects_->global.algorithms_uas : somebody->second->algorithms;
            for (const std::string& algorithm : usual)
                if (const auto known = find_digest_algorithm(algorithm)) challenge(objects_->global.default_realm, *known);
        }
        writer.finish();
    }));
    return false;
}

ChallengeAnswers::FindUser UserAgent::users_of(std::vector<std::string> auths) const {
    return [objects = objects_, auths = std::move(auths)](std::string_view realm, DigestAlgorithm algorithm) -> std::optional<RealmUser> {
        std::optional<RealmUser> anywhere;
        for (const std::string& name : auths) {
            const auto auth = objects->auth(name);
            if (!auth || !answers(*auth, algorithm)) continue;
            RealmUser user{auth->username, secret_of(*auth, algorithm)};
            if (auth->realm == realm) return user;
            if (!anywhere && (auth->realm.empty() || auth->realm == "*")) anywhere = std::move(user);
        }
        return anywhere;
    };
}

}  // namespace jackfield::sip
