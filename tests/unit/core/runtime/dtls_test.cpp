#include "core/runtime/dtls.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <deque>
#include <fstream>

#include "tests/unit/core/runtime/test_certificates.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

using Datagrams = std::deque<std::vector<std::uint8_t>>;

// Two associations and what is on the way between them.
struct DtlsPair {
    explicit DtlsPair(std::shared_ptr<const DtlsContext> first, std::shared_ptr<const DtlsContext> second)
        : client(std::move(first), DtlsSession::Role::client, [this](auto bytes) { keep(to_server, bytes); }),
          server(std::move(second), DtlsSession::Role::server, [this](auto bytes) { keep(to_client, bytes); }) {}
    void keep(Datagrams& queue, std::span<const std::uint8_t> bytes) {
        largest = std::max(largest, bytes.size());
        queue.emplace_back(bytes.begin(), bytes.end());
    }
    static bool carry(Datagrams& queue, DtlsSession& to) {
        if (queue.empty()) return false;
        const auto bytes = std::move(queue.front());
        queue.pop_front();
        to.receive(bytes);
        return true;
    }
    void run() {
        client.start();
        while (carry(to_server, server) || carry(to_client, client)) {}
    }
    Datagrams to_server, to_client;
    std::size_t largest = 0;
    DtlsSession client, server;
};

std::shared_ptr<const DtlsContext> dtls_context(const DtlsSettings& settings = {}) {
    auto made = DtlsContext::make(settings);
    CPPUNIT_ASSERT_MESSAGE(made ? "" : made.error().text, made);
    return *made;
}

}  // namespace

class DtlsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DtlsTest);
    CPPUNIT_TEST(both_sides_have_the_same_keys);
    CPPUNIT_TEST(fingerprints_name_the_certificates);
    CPPUNIT_TEST(the_short_tag_is_for_those_who_ask);
    CPPUNIT_TEST(a_lost_flight_is_repeated);
    CPPUNIT_TEST(datagrams_are_small_with_a_long_chain_too);
    CPPUNIT_TEST(rubbish_changes_nothing);
    CPPUNIT_TEST(the_end_is_told);
    CPPUNIT_TEST(checks_the_signer_when_asked);
    CPPUNIT_TEST(names_the_file_that_is_wrong);
    CPPUNIT_TEST_SUITE_END();

  public:
    void both_sides_have_the_same_keys() {
        DtlsPair pair(dtls_context(), dtls_context());
        pair.run();
        CPPUNIT_ASSERT_MESSAGE(pair.client.error() + pair.server.error(), pair.client.state() == DtlsSession::State::connected);
        CPPUNIT_ASSERT(pair.server.state() == DtlsSession::State::connected);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{1}, pair.client.srtp_profile());
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{1}, pair.server.srtp_profile());
        CPPUNIT_ASSERT(pair.client.srtp_keys(60).size() == 60 && pair.client.srtp_keys(60) == pair.server.srtp_keys(60));
    }
    void fingerprints_name_the_certificates() {
        const auto first = dtls_context(), second = dtls_context();
        DtlsPair pair(first, second);
        pair.run();
        for (const auto hash : {FingerprintHash::sha1, FingerprintHash::sha256, FingerprintHash::sha512}) {
            CPPUNIT_ASSERT(pair.client.peer_has(second->fingerprint(hash)) && pair.server.peer_has(first->fingerprint(hash)));
            CPPUNIT_ASSERT(!pair.client.peer_has(first->fingerprint(hash)));
        }
    }
    void the_short_tag_is_for_those_who_ask() {
        DtlsPair pair(dtls_context(), dtls_context({.short_tag = true}));
        pair.run();
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{2}, pair.client.srtp_profile());
    }
    void a_lost_flight_is_repeated() {
        DtlsPair pair(dtls_context(), dtls_context());
        pair.client.start();
        CPPUNIT_ASSERT(pair.client.timeout() && *pair.client.timeout() <= std::chrono::seconds(1));
        CPPUNIT_ASSERT(!pair.server.timeout());
        const auto flight = pair.to_server;
        pair.to_server.clear();
        pair.client.timed_out();  // too early: nothing happens
        CPPUNIT_ASSERT(pair.to_server.empty());
        usleep(1'050'000);  // OpenSSL's own clock, which no test sets
        pair.client.timed_out();
        CPPUNIT_ASSERT_EQUAL(flight.size(), pair.to_server.size());
        while (DtlsPair::carry(pair.to_server, pair.server) || DtlsPair::carry(pair.to_client, pair.client)) {}
        CPPUNIT_ASSERT(pair.client.state() == DtlsSession::State::connected && !pair.client.timeout());
    }
    void datagrams_are_small_with_a_long_chain_too() {
        TestCertificates files;
        files.issue("pbx", "DNS:pbx.test");
        const std::string chain = files.path("chain.pem");
        {
            std::ofstream out(chain);
            out << std::ifstream(files.path("pbx.pem")).rdbuf();
            for (int i = 0; i < 6; ++i) out << std::ifstream(files.path("ca.pem")).rdbuf();
        }
        const DtlsSettings settings{.certificate_file = chain, .key_file = files.path("pbx.key")};
        DtlsPair pair(dtls_context(settings), dtls_context(settings));
        pair.run();
        CPPUNIT_ASSERT_MESSAGE(pair.client.error() + pair.server.error(), pair.server.state() == DtlsSession::State::connected);
        CPPUNIT_ASSERT(pair.largest > 1000 && pair.largest <= 1200);
    }
    void rubbish_changes_nothing() {
        DtlsPair pair(dtls_context(), dtls_context());
        const std::vector<std::uint8_t> rubbish{22, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3};
        pair.client.start();
        pair.server.receive(rubbish);
        pair.client.receive(rubbish);
        std::vector<std::uint8_t> alert{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0};  // a warning that it ends, in plain
        while (DtlsPair::carry(pair.to_server, pair.server) || DtlsPair::carry(pair.to_client, pair.client)) {}
        CPPUNIT_ASSERT_MESSAGE(pair.client.error() + pair.server.error(), pair.client.state() == DtlsSession::State::connected);
        pair.client.receive(rubbish);
        pair.client.receive(alert);
        CPPUNIT_ASSERT(pair.client.state() == DtlsSession::State::connected);
    }
    void the_end_is_told() {
        DtlsPair pair(dtls_context(), dtls_context());
        pair.run();
        pair.client.close();
        DtlsPair::carry(pair.to_server, pair.server);
        CPPUNIT_ASSERT(pair.server.state() == DtlsSession::State::closed);
    }
    void checks_the_signer_when_asked() {
        TestCertificates files;
        files.issue("pbx", "DNS:pbx.test");
        const DtlsSettings strict{.ca_file = files.path("ca.pem"), .verify_certificate = true};
        DtlsPair bad(dtls_context(), dtls_context(strict));
        bad.run();
        CPPUNIT_ASSERT(bad.server.state() == DtlsSession::State::failed);
        CPPUNIT_ASSERT_MESSAGE(bad.server.error(), bad.server.error().contains("self-signed"));
        DtlsPair good(dtls_context({.certificate_file = files.path("pbx.pem"), .key_file = files.path("pbx.key")}), dtls_context(strict));
        good.run();
        CPPUNIT_ASSERT_MESSAGE(good.server.error(), good.server.state() == DtlsSession::State::connected);
    }
    void names_the_file_that_is_wrong() {
        const auto made = DtlsContext::make({.certificate_file = "/nowhere/pbx.pem"});
        CPPUNIT_ASSERT(!made && made.error().text.contains("/nowhere/pbx.pem"));
        CPPUNIT_ASSERT(!DtlsContext::make({.ciphers = "nonsense"}));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DtlsTest);
