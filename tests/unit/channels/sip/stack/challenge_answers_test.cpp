// Answers to challenges of registrars and proxies: realms, algorithms, refusals.
#include "channels/sip/stack/challenge_answers.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

Message challenge_of(int status, std::string_view headers) {
    ParseResult result = parse_message("SIP/2.0 " + std::to_string(status) +
                                       " x\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\nTo: <sip:b@h>;tag=t\r\n"
                                       "From: <sip:b@h>;tag=f\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n" + std::string(headers) +
                                       "Content-Length: 0\r\n\r\n");
    CPPUNIT_ASSERT(result.verdict == Verdict::accept);
    return std::move(result.message);
}

std::string www(std::string_view realm, std::string_view nonce, std::string_view more = "") {
    return fmt::format("WWW-Authenticate: Digest realm=\"{}\", nonce=\"{}\", qop=\"auth\"{}\r\n", realm, nonce, more);
}
std::string proxy_auth(std::string_view realm, std::string_view nonce) {
    return fmt::format("Proxy-Authenticate: Digest realm=\"{}\", nonce=\"{}\", qop=\"auth\"\r\n", realm, nonce);
}

std::optional<RealmUser> anybody(std::string_view realm, DigestAlgorithm) { return RealmUser{"user of " + std::string(realm), {.password = "secret"}}; }

std::string headers_of(ChallengeAnswers& answers) {
    std::string buffer;
    MessageWriter writer(buffer);
    answers.write(writer, "REGISTER", "sip:pbx");
    return buffer;
}
std::size_t count_of(std::string_view text, std::string_view word) {
    std::size_t found = 0;
    for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) ++found;
    return found;
}

class ChallengeAnswersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ChallengeAnswersTest);
    CPPUNIT_TEST(every_realm_gets_its_own_credentials);
    CPPUNIT_TEST(the_first_algorithm_that_can_be_done_counts);
    CPPUNIT_TEST(credentials_refused_are_not_tried_again);
    CPPUNIT_TEST(a_stale_nonce_is_renewed_but_not_for_ever);
    CPPUNIT_TEST(later_requests_bear_credentials_from_the_start);
    CPPUNIT_TEST(nobody_answers_for_an_unknown_realm);
    CPPUNIT_TEST(realms_are_bounded);
    CPPUNIT_TEST_SUITE_END();

  public:
    void every_realm_gets_its_own_credentials() {
        ChallengeAnswers answers;
        answers.begin();
        CPPUNIT_ASSERT(answers.challenged(challenge_of(407, proxy_auth("edge", "n1") + proxy_auth("core", "n2")), anybody));
        CPPUNIT_ASSERT(answers.challenged(challenge_of(401, www("home", "n3")), anybody));
        const std::string text = headers_of(answers);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), count_of(text, "Proxy-Authorization: Digest"));
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), count_of(text, "\r\nAuthorization: Digest") + text.starts_with("Authorization: "));
        CPPUNIT_ASSERT(text.contains("username=\"user of core\", realm=\"core\", nonce=\"n2\""));
        CPPUNIT_ASSERT(text.contains("username=\"user of home\", realm=\"home\", nonce=\"n3\""));
    }

    void the_first_algorithm_that_can_be_done_counts() {
        ChallengeAnswers answers;
        const auto both = challenge_of(401, www("home", "a", ", algorithm=SHA-999") + www("home", "b", ", algorithm=SHA-256") + www("home", "c", ", algorithm=MD5"));
        CPPUNIT_ASSERT(answers.challenged(both, anybody));
        CPPUNIT_ASSERT(headers_of(answers).contains("algorithm=SHA-256"));
        ChallengeAnswers hashed;  // only the hash for MD5 is known
        CPPUNIT_ASSERT(hashed.challenged(both, [](std::string_view, DigestAlgorithm) {
            return std::optional(RealmUser{"u", {.hash = "00112233445566778899aabbccddeeff", .hash_algorithm = DigestAlgorithm::md5}});
        }));
        CPPUNIT_ASSERT(headers_of(hashed).contains("nonce=\"c\""));
    }

    void credentials_refused_are_not_tried_again() {
        ChallengeAnswers answers;
        answers.begin();
        CPPUNIT_ASSERT(answers.challenged(challenge_of(401, www("home", "a")), anybody));
        CPPUNIT_ASSERT(!answers.challenged(challenge_of(401, www("home", "b")), anybody));
    }

    void a_stale_nonce_is_renewed_but_not_for_ever() {
        ChallengeAnswers answers;
        answers.begin();
        CPPUNIT_ASSERT(answers.challenged(challenge_of(401, www("home", "a")), anybody));
        CPPUNIT_ASSERT(answers.challenged(challenge_of(401, www("home", "b", ", stale=true")), anybody));
        CPPUNIT_ASSERT(headers_of(answers).contains("nonce=\"b\""));
        unsigned rounds = 0;
        while (rounds < 100 && answers.challenged(challenge_of(401, www("home", "c", ", stale=true")), anybody)) ++rounds;
        CPPUNIT_ASSERT(rounds < 5);
    }

    void later_requests_bear_credentials_from_the_start() {
        ChallengeAnswers answers;
        answers.begin();
        CPPUNIT_ASSERT(answers.challenged(challenge_of(401, www("home", "a")), anybody));
        CPPUNIT_ASSERT(headers_of(answers).contains("nc=00000001"));
        answers.begin();
        CPPUNIT_ASSERT(headers_of(answers).contains("nc=00000002"));
        CPPUNIT_ASSERT(answers.challenged(challenge_of(401, www("home", "b")), anybody));  // too old, though it does not say so
        CPPUNIT_ASSERT(headers_of(answers).contains("nc=00000001"));
        CPPUNIT_ASSERT(!answers.challenged(challenge_of(401, www("home", "c")), anybody));
    }

    void nobody_answers_for_an_unknown_realm() {
        ChallengeAnswers answers;
        const auto only_home = [](std::string_view realm, DigestAlgorithm) {
            return realm == "home" ? std::optional(RealmUser{"u", {.password = "p"}}) : std::nullopt;
        };
        CPPUNIT_ASSERT(!answers.challenged(challenge_of(401, www("elsewhere", "a")), only_home));
        CPPUNIT_ASSERT(!answers.challenged(challenge_of(401, ""), only_home));
        CPPUNIT_ASSERT_EQUAL(std::string(), headers_of(answers));
        CPPUNIT_ASSERT(answers.challenged(challenge_of(401, www("home", "a")), only_home));
    }

    void realms_are_bounded() {
        ChallengeAnswers answers;
        std::string many;
        for (int i = 0; i < 40; ++i) many += www("realm" + std::to_string(i), "a");
        (void)answers.challenged(challenge_of(401, many), anybody);
        CPPUNIT_ASSERT(count_of(headers_of(answers), "Digest ") <= ChallengeAnswers::most_realms);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ChallengeAnswersTest);

}  // namespace
