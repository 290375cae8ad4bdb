// Logging in: plain and by MD5 challenge.
#include <openssl/evp.h>

#include <array>
#include <span>

#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/console/daemon_control.hpp"
#include "core/runtime/login_guard.hpp"
#include "modules/res_manager/classes.hpp"
#include "modules/res_manager/digest.hpp"
#include "modules/res_manager/security_events.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/system_events.hpp"

namespace jackfield::manager {
namespace {

std::string digest(const EVP_MD* algorithm, std::string_view text) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, algorithm, nullptr) != 1) return {};
    return to_hex(std::span(bytes).first(size));
}

// Compares what has one length whatever was written.
bool same_secret(std::string_view given, std::string_view secret) {
    const std::string one = digest(EVP_sha256(), given), other = digest(EVP_sha256(), secret);
    return !one.empty() && equal_in_constant_time(one, other);
}

enum class Verdict : unsigned char { accepted, unknown_user, wrong_address, wrong_password, wrong_response, refused };

Verdict judge(const Settings& settings, const Session& session, const ManagerRequest& request,
              std::shared_ptr<const User>& user) {
    static const User nobody{.name = {}, .secret = "no user has this", .access = {}, .acl = {}, .filter = {}, .channel_variables = {}};
    const auto found = settings.users.find(std::string(request.get("Username")));
    const bool known = found != settings.users.end();
    const User& candidate = known ? *found->second : nobody;
    if (known) user = found->second;
    const bool by_challenge = equals_ignoring_case(request.get("AuthType"), "MD5");
    // An unknown user takes the same work as a known one.
    const bool right = by_challenge
                           ? !session.challenge.empty() && equal_in_constant_time(to_lower(request.get("Key")),
                                                                digest(EVP_md5(), session.challenge + candidate.secret))
                           : same_secret(request.get("Secret"), candidate.secret);
    if (!known) return Verdict::unknown_user;
    if (!candidate.admits(session.remote)) return Verdict::wrong_address;
    if (right) return Verdict::accepted;
    return by_challenge ? Verdict::wrong_response : Verdict::wrong_password;
}

void report_failure(const Session& session, const ManagerRequest& request, Verdict verdict) {
    SecurityReport report{.name = {}, .account = std::string(request.get("Username")), .details = {}, .error = true};
    if (verdict == Verdict::unknown_user)
        report.name = "InvalidAccountID";
    else if (verdict == Verdict::wrong_address)
        report.name = "FailedACL";
    else if (verdict == Verdict::wrong_password)
        report.name = "InvalidPassword";
    else if (verdict == Verdict::refused) {
        report.name = "RequestNotAllowed";
        report.details = {{"RequestType", "Login after too many failures"}};
    }
    else {
        report.name = "ChallengeResponseFailed";
        // Not the response that would have been right: who may read events must not learn what opens an account.
        report.details = {{"Challenge", session.challenge}, {"Response", std::string(request.get("Key"))}, {"ExpectedResponse", ""}};
    }
    report_security(session, report);
    log_notice("Manager login from {} failed for user '{}'", session.remote.to_string(), request.get("Username"));
}

bool logged_in_elsewhere(const Server& server, const User& user) {
    for (const auto& session : server.sessions())
        if (session->user && !session->dropped && equals_ignoring_case(session->user->name, user.name)) return true;
    return false;
}

}  // namespace

void Server::challenge(Session& session, const ManagerRequest& request, ManagerReply& reply) {
    if (!equals_ignoring_case(request.get("AuthType"), "MD5"))
        return reply.respond("Error", ManagerFields().add("Message", "Must specify AuthType"));
    session.challenge = std::to_string(100'000'000 + random_number(900'000'000));
    report_security(session, {.name = "ChallengeSent", .account = std::string(request.get("Username")),
                                     .details = {{"Challenge", session.challenge}}});
    reply.respond("Success", ManagerFields().add("Challenge", session.challenge));
}

void Server::admit(Session& session, const std::shared_ptr<const User>& user, bool by_password) {
    session.user = user;
    session.read = user->read;
    session.write = user->write;
    session.filter = user->filter;
    report_security(session, {.name = "SuccessfulAuth", .account = user->name,
                                     .details = {{"UsingPassword", by_password ? "1" : "0"}}});
    review_classes();
    if (settings_.display_connects && user->display_connects)
        log_verbose(2, "Manager '{}' logged on from {}", user->name, session.remote.host());
}

Result<void> Server::log_in(Session& session, const ManagerRequest& request, ManagerReply& reply) {
    if (session.user) return fail(ErrorCode::exists, "Already authenticated");
    const std::string_view type = request.get("AuthType");
    const std::string account(request.get("Username"));
    const LoginAttempt attempt{"AMI", account, session.remote};
    LoginGuard& guard = LoginGuard::instance();
    std::shared_ptr<const User> user;
    Verdict verdict = guard.admits(attempt, Clock::now()) ? Verdict::unknown_user : Verdict::refused;
    if (!type.empty() && !equals_ignoring_case(type, "MD5") && !equals_ignoring_case(type, "plain")) {
        report_security(session, {.name = "AuthMethodNotAllowed", .account = account,
                                  .details = {{"AuthMethod", std::string(type)}}, .error = true});
    } else {
        if (verdict != Verdict::refused) verdict = judge(settings_, session, request, user);
        if (verdict != Verdict::accepted) report_failure(session, request, verdict);
    }
    session.challenge.clear();  // each serves once
    if (verdict != Verdict::accepted) {
        session.ending = true;
        JF_TRY(sleep_for(guard.failed(attempt, Clock::now())));
        return fail(ErrorCode::refused, "Authentication failed");
    }
    guard.succeeded(attempt, Clock::now());
    if (!user->multiple_login && logged_in_elsewhere(*this, *user)) {
        report_security(session, {.name = "SessionLimit", .account = user->name, .details = {}, .error = true});
        session.ending = true;
        return fail(ErrorCode::busy, "Login Already In Use");
    }
    const std::string_view events = request.get("Events");
    if (!events.empty()) session.mask = JF_TRY(parse_event_mask(events));
    admit(session, user, type.empty());
    reply.success("Authentication accepted");
    DaemonControl* daemon = DaemonControl::instance();
    if (daemon && daemon->booted().is_set() && (session.read & manager_class::system))
        send(session, fully_booted_event());
    return {};
}

}  // namespace jackfield::manager
