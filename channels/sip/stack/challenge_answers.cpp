// Answers to digest challenges of one peer (RFC 3261 section 22, RFC 7616, RFC 8760).
#include "channels/sip/stack/challenge_answers.hpp"

#include <algorithm>

namespace jackfield::sip {
namespace {

constexpr unsigned most_stale_rounds = 2;  // a server whose nonces are always too old

}  // namespace

void ChallengeAnswers::begin() {
    for (Answer& answer : answers_) {
        answer.fresh = false;
        answer.stale_rounds = 0;
    }
}

ChallengeAnswers::Answer* ChallengeAnswers::find(std::string_view realm, bool proxy) {
    const auto found = std::ranges::find_if(answers_, [&](const Answer& answer) { return answer.proxy == proxy && answer.challenge.realm == realm; });
    return found == answers_.end() ? nullptr : &*found;
}

bool ChallengeAnswers::challenged(const Message& response, const FindUser& find_user) {
    const bool proxy = response.status() == 407;
    const HeaderName name = proxy ? HeaderName::proxy_authenticate : HeaderName::www_authenticate;
    std::vector<std::string> seen;  // realms of this response that are settled
    bool answered = false;
    for (std::size_t field = response.first_field(name); field != Message::npos; field = response.next_field(field)) {
        auto challenge = parse_challenge(response.field(field).value);
        if (!challenge || std::ranges::find(seen, challenge->realm) != seen.end()) continue;
        auto user = find_user(challenge->realm, challenge->algorithm);
        if (!user || !user->secret.ha1(challenge->algorithm, user->name, challenge->realm)) continue;
        Answer* known = find(challenge->realm, proxy);
        if (known && known->fresh && (!challenge->stale || known->stale_rounds >= most_stale_rounds)) return false;
        if (!known) {
            if (answers_.size() >= most_realms) return false;
            known = &answers_.emplace_back();
        }
        seen.push_back(challenge->realm);
        known->stale_rounds += known->fresh && challenge->stale;
        known->challenge = std::move(*challenge);
        known->proxy = proxy;
        known->user = std::move(*user);
        known->fresh = true;
        answered = true;
    }
    return answered;
}

void ChallengeAnswers::write(MessageWriter& writer, std::string_view method, std::string_view uri) {
    for (Answer& answer : answers_) {
        auto credentials = answer.client.answer(answer.challenge, answer.user.name, answer.user.secret, method, uri);
        if (credentials) writer.header(answer.proxy ? HeaderName::proxy_authorization : HeaderName::authorization, *credentials);
    }
}

}  // namespace jackfield::sip
