// Digest authentication: published examples, both sides against each other, nonces.
#include "channels/sip/stack/digest.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::uint8_t, NonceIssuer::key_size> key{1, 2, 3};
constexpr Instant start{std::chrono::hours(5)};

class DigestTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DigestTest);
    CPPUNIT_TEST(md5_agrees_with_rfc_7616);
    CPPUNIT_TEST(sha_256_agrees_with_rfc_7616);
    CPPUNIT_TEST(md5_without_qop_agrees_with_rfc_2069_errata);
    CPPUNIT_TEST(sha_512_256_hashes);
    CPPUNIT_TEST(challenges_are_read_and_written);
    CPPUNIT_TEST(unsupported_challenges_are_told);
    CPPUNIT_TEST(malformed_credentials_are_refused);
    CPPUNIT_TEST(what_the_client_answers_the_server_accepts_once);
    CPPUNIT_TEST(a_wrong_password_is_wrong_and_marks_nothing);
    CPPUNIT_TEST(another_request_uri_is_wrong);
    CPPUNIT_TEST(a_stored_hash_serves_its_own_algorithm);
    CPPUNIT_TEST(old_and_foreign_nonces_are_stale);
    CPPUNIT_TEST(counts_may_overtake_each_other_but_not_repeat);
    CPPUNIT_TEST(a_flood_of_challenges_costs_no_memory_and_spoils_none);
    CPPUNIT_TEST_SUITE_END();

    static std::string answer(DigestClient& client, const DigestChallenge& challenge) {
        return client.answer(challenge, "alice", {.password = "secret"}, "REGISTER", "sip:pbx").value();
    }
    static DigestVerdict check(const std::string& value, NonceIssuer& nonces, Instant now,
                               std::string_view password = "secret", std::string_view uri = "sip:pbx") {
        return verify(parse_credentials(value).value(), {.password = std::string(password)}, "REGISTER", uri, nonces,
                      now);
    }

  public:
    void md5_agrees_with_rfc_7616() {
        const DigestCredentials credentials{.username = "Mufasa",
                                            .realm = "http-auth@example.org",
                                            .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                                            .uri = "/dir/index.html",
                                            .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                                            .qop_auth = true,
                                            .nonce_count = 1};
        const DigestSecret secret{.password = "Circle of Life"};
        const auto ha1 = secret.ha1(DigestAlgorithm::md5, credentials.username, credentials.realm).value();
        CPPUNIT_ASSERT_EQUAL(std::string("8ca523f5e9506fed4657c9700eebdbec"), digest_response(credentials, ha1, "GET"));
    }

    void sha_256_agrees_with_rfc_7616() {
        const DigestCredentials credentials{.username = "Mufasa",
                                            .realm = "http-auth@example.org",
                                            .nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                                            .uri = "/dir/index.html",
                                            .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                                            .algorithm = DigestAlgorithm::sha256,
                                            .qop_auth = true,
                                            .nonce_count = 1};
        const DigestSecret secret{.password = "Circle of Life"};
        const auto ha1 = secret.ha1(DigestAlgorithm::sha256, credentials.username, credentials.realm).value();
        CPPUNIT_ASSERT_EQUAL(std::string("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
                             digest_response(credentials, ha1, "GET"));
    }

    void md5_without_qop_agrees_with_rfc_2069_errata() {
        const DigestCredentials credentials{.username = "Mufasa",
                                            .realm = "testrealm@host.com",
                                            .nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                                            .uri = "/dir/index.html"};
        const DigestSecret secret{.password = "CircleOfLife"};
        const auto ha1 = secret.ha1(DigestAlgorithm::md5, credentials.username, credentials.realm).value();
        CPPUNIT_ASSERT_EQUAL(std::string("1949323746fe6a43ef61f9606e7febea"), digest_response(credentials, ha1, "GET"));
    }

    void sha_512_256_hashes() {
        CPPUNIT_ASSERT_EQUAL(std::string("53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
                             digest_hex(DigestAlgorithm::sha512_256, "abc"));
    }

    void challenges_are_read_and_written() {
        const auto read = parse_challenge(
            "Digest realm=\"a \\\"b\\\", c\", nonce = \"n\",opaque=\"\", qop=\"auth,auth-int\", algorithm=sha-256, "
            "stale=TRUE");
        CPPUNIT_ASSERT(read.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("a \"b\", c"), read->realm);
        CPPUNIT_ASSERT(read->qop_auth && read->stale && read->algorithm == DigestAlgorithm::sha256);
        CPPUNIT_ASSERT_EQUAL(
            std::string("Digest realm=\"a \\\"b\\\", c\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\", stale=true"),
            write_challenge(*read));
    }

    void unsupported_challenges_are_told() {
        for (const std::string_view bad :
             {"Basic realm=\"x\"", "Digest nonce=\"n\", algorithm=TIGER", "Digest nonce=\"n\", qop=\"auth-int\"",
              "NoOneKnowsThisScheme opaque-data=here"})
            CPPUNIT_ASSERT(parse_challenge(bad).error().code == ErrorCode::unsupported);
        CPPUNIT_ASSERT(parse_challenge("Digest realm=\"x\"").error().code == ErrorCode::invalid);
    }

    void malformed_credentials_are_refused() {
        for (const std::string_view bad :
             {"Digest", "Digest ", "Digest username=\"a\"", "Digest username=\"a\", nonce=\"n\", uri=\"u\"",
              "Digest username=\"a\", nonce=\"n\", uri=\"u\", response=\"r\", qop=auth",
              "Digest username=\"a\", nonce=\"n\", uri=\"u\", response=\"r\", qop=auth, cnonce=\"c\", nc=1",
              "Digest username=\"a\", nonce=\"n\", uri=\"u\", response=\"r\", qop=auth, cnonce=\"c\", nc=0000000g",
              "Digest username=\"a, nonce=\"n"})
            CPPUNIT_ASSERT_MESSAGE(std::string(bad), !parse_credentials(bad).has_value());
    }

    void what_the_client_answers_the_server_accepts_once() {
        NonceIssuer nonces(key);
        for (const auto algorithm : {DigestAlgorithm::md5, DigestAlgorithm::sha256, DigestAlgorithm::sha512_256})
            for (const bool qop : {true, false}) {
                DigestClient client;
                const DigestChallenge challenge{
                    .realm = "pbx", .nonce = nonces.issue("pbx", start), .algorithm = algorithm, .qop_auth = qop};
                const std::string value = answer(client, parse_challenge(write_challenge(challenge)).value());
                CPPUNIT_ASSERT(check(value, nonces, start + 1s) == DigestVerdict::ok);
                CPPUNIT_ASSERT(check(value, nonces, start + 1s) == DigestVerdict::stale);
                const std::string again = answer(client, challenge);
                CPPUNIT_ASSERT(check(again, nonces, start + 2s) == (qop ? DigestVerdict::ok : DigestVerdict::stale));
            }
    }

    void a_wrong_password_is_wrong_and_marks_nothing() {
        NonceIssuer nonces(key);
        DigestClient client;
        const std::string value =
            answer(client, {.realm = "pbx", .nonce = nonces.issue("pbx", start), .qop_auth = true});
        CPPUNIT_ASSERT(check(value, nonces, start, "guess") == DigestVerdict::wrong);
        CPPUNIT_ASSERT(check(value, nonces, start) == DigestVerdict::ok);
    }

    void another_request_uri_is_wrong() {
        NonceIssuer nonces(key);
        DigestClient client;
        const std::string value =
            answer(client, {.realm = "pbx", .nonce = nonces.issue("pbx", start), .qop_auth = true});
        CPPUNIT_ASSERT(check(value, nonces, start, "secret", "sip:other") == DigestVerdict::wrong);
        CPPUNIT_ASSERT(check(value, nonces, start, "secret", "sip:PBX") == DigestVerdict::ok);
    }

    void a_stored_hash_serves_its_own_algorithm() {
        const DigestSecret secret{.hash = digest_hex(DigestAlgorithm::md5, "alice:pbx:secret")};
        CPPUNIT_ASSERT(secret.ha1(DigestAlgorithm::md5, "alice", "pbx") ==
                       DigestSecret{.password = "secret"}.ha1(DigestAlgorithm::md5, "alice", "pbx"));
        CPPUNIT_ASSERT(!secret.ha1(DigestAlgorithm::sha256, "alice", "pbx").has_value());
    }

    void old_and_foreign_nonces_are_stale() {
        NonceIssuer nonces(key, 30s), before({9}, 30s);
        DigestClient client;
        const std::string value =
            answer(client, {.realm = "pbx", .nonce = nonces.issue("pbx", start), .qop_auth = true});
        CPPUNIT_ASSERT(check(value, nonces, start + 31s) == DigestVerdict::stale);
        CPPUNIT_ASSERT(check(value, nonces, start + 30s) == DigestVerdict::ok);
        const std::string foreign =
            answer(client, {.realm = "pbx", .nonce = before.issue("pbx", start), .qop_auth = true});
        CPPUNIT_ASSERT(check(foreign, nonces, start) == DigestVerdict::stale);
        CPPUNIT_ASSERT(nonces.use("x", "pbx", 1, start) == NonceIssuer::Check::forged);
        CPPUNIT_ASSERT(nonces.use(nonces.issue("a", start), "b", 1, start) == NonceIssuer::Check::forged);
        CPPUNIT_ASSERT(nonces.use(std::string(64, 'z'), "pbx", 1, start) == NonceIssuer::Check::forged);
    }

    void counts_may_overtake_each_other_but_not_repeat() {
        NonceIssuer nonces(key);
        const std::string nonce = nonces.issue("pbx", start);
        const auto use = [&](std::uint32_t count) { return nonces.use(nonce, "pbx", count, start); };
        for (const std::uint32_t count : {3u, 1u, 2u, 50u, 20u, 49u, 0xffffffffu})
            CPPUNIT_ASSERT(use(count) == NonceIssuer::Check::fresh);
        for (const std::uint32_t count : {0u, 1u, 50u, 0xffffffffu})
            CPPUNIT_ASSERT(use(count) == NonceIssuer::Check::stale);
    }

    void a_flood_of_challenges_costs_no_memory_and_spoils_none() {
        NonceIssuer nonces(key, 30s, 4);
        const std::string mine = nonces.issue("pbx", start);
        for (int i = 0; i < 1000; ++i) nonces.issue("pbx", start);
        CPPUNIT_ASSERT(nonces.use(mine, "pbx", 1, start) == NonceIssuer::Check::fresh);
        // Only nonces that were answered rightly push others out, and those can't be used again.
        for (int i = 0; i < 4; ++i)
            CPPUNIT_ASSERT(nonces.use(nonces.issue("pbx", start), "pbx", 1, start) == NonceIssuer::Check::fresh);
        CPPUNIT_ASSERT(nonces.use(mine, "pbx", 1, start) == NonceIssuer::Check::stale);
        CPPUNIT_ASSERT(nonces.use(mine, "pbx", 2, start) == NonceIssuer::Check::stale);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DigestTest);

}  // namespace
