#include "modules/res_rtp/rtp_transport.hpp"

#include "core/runtime/access_list.hpp"

#include "modules/res_srtp/srtp.hpp"
#include "tests/unit/modules/res_rtp/rtp_fixture.hpp"
#include "tests/unit/modules/res_rtp/turn_server.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

// Enough of a cipher to tell keys from one another: without the right one a packet does not verify.
class TestCipher final : public RtpCipher {
  public:
    TestCipher(std::vector<std::uint8_t> key, bool encrypts) : key_(std::move(key)), encrypts_(encrypts) {}
    std::size_t rtp(std::span<std::uint8_t> buffer, std::size_t size) override { return run(buffer, size); }
    std::size_t rtcp(std::span<std::uint8_t> buffer, std::size_t size) override { return run(buffer, size); }

  private:
    std::size_t run(std::span<std::uint8_t> buffer, std::size_t size) const {
        if (encrypts_) {
            std::copy_n(key_.begin(), tag, buffer.begin() + static_cast<std::ptrdiff_t>(size));
            return size + tag;
        }
        return size > tag && std::equal(key_.begin(), key_.begin() + tag, buffer.begin() + static_cast<std::ptrdiff_t>(size - tag)) ? size - tag : 0;
    }
    static constexpr std::size_t tag = 10;
    std::vector<std::uint8_t> key_;
    bool encrypts_;
};

class TestSrtp final : public SrtpService {
  public:
    Result<std::shared_ptr<RtpCipher>> encryption(SrtpSuite suite, std::span<const std::uint8_t> key) override { return make(suite, key, true); }
    Result<std::shared_ptr<RtpCipher>> decryption(SrtpSuite suite, std::span<const std::uint8_t> key, std::span<const std::uint8_t>) override { return make(suite, key, false); }

  private:
    static Result<std::shared_ptr<RtpCipher>> make(SrtpSuite suite, std::span<const std::uint8_t> key, bool encrypts) {
        CPPUNIT_ASSERT_EQUAL(key_size(suite), key.size());
        return std::make_shared<TestCipher>(std::vector<std::uint8_t>(key.begin(), key.end()), encrypts);
    }
};

}  // namespace

class SessionTransportTest : public RtpTest {
    CPPUNIT_TEST_SUITE(SessionTransportTest);
    CPPUNIT_TEST(media_goes_where_ice_leads);
    CPPUNIT_TEST(media_goes_by_ice_with_reports_on_their_own_port);
    CPPUNIT_TEST(media_passes_when_dtls_has_made_keys);
    CPPUNIT_TEST(dtls_goes_by_the_way_that_ice_found);
    CPPUNIT_TEST(a_capture_sees_ice_and_dtls_both_ways);
    CPPUNIT_TEST(another_certificate_than_described_is_told);
    CPPUNIT_TEST(nothing_passes_in_plain_where_keys_are_awaited);
    CPPUNIT_TEST(rubbish_on_the_port_does_no_harm);
    CPPUNIT_TEST(another_peer_with_another_certificate_takes_over);
    CPPUNIT_TEST(other_roles_make_new_keys);
    CPPUNIT_TEST(media_goes_by_a_relay_where_nothing_else_is_told);
    CPPUNIT_TEST(media_goes_by_a_relay_with_reports_on_their_own_port);
    CPPUNIT_TEST(dtls_and_media_go_by_a_relay_that_tcp_leads_to);
    CPPUNIT_TEST(a_relay_is_not_used_where_there_is_a_direct_way);
    CPPUNIT_TEST(a_server_that_refuses_leaves_the_other_candidates);
    CPPUNIT_TEST(a_denied_network_asks_no_server);
    CPPUNIT_TEST(lists_of_acl_conf_and_the_order_of_rules_decide);
    CPPUNIT_TEST_SUITE_END();

    std::unique_ptr<Module> srtp_;
    std::shared_ptr<const DtlsContext> left_, right_;

    static RtpRemoteTransport described(const Leg& leg, bool mux) {
        const RtpTransport& transport = *leg.session->transport();
        RtpRemoteTransport remote{.ice = transport.has_ice(), .dtls = transport.has_dtls(), .rtcp_mux = mux};
        if (remote.ice) remote.credentials = transport.credentials();
        if (remote.ice) remote.candidates = transport.candidates(mux);
        if (remote.dtls) remote.fingerprints = {transport.fingerprint(FingerprintHash::sha256)};
        return remote;
    }
    RtpOptions options(bool ice, const std::shared_ptr<const DtlsContext>& dtls) const { return {.ice = ice, .dtls = dtls}; }
    // Both hear each other, with parameters that name the other's address or, under ICE, one where nobody is.
    void talk(Leg& left, Leg& right, bool ice, bool mux) {
        auto to_right = to(ice ? loopback(9) : right.session->local()), to_left = to(ice ? loopback(9) : left.session->local());
        to_right.rtcp_mux = to_left.rtcp_mux = mux;
        left.session->transport()->set_remote(described(right, mux), true, false);
        right.session->transport()->set_remote(described(left, mux), false, true);
        left.session->set(to_right);
        right.session->set(to_left);
        Party a("ulaw", 400), b("alaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left.stream));
        CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right.stream));
        CPPUNIT_ASSERT_MESSAGE(left.session->transport()->describe(), wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
        CPPUNIT_ASSERT_MESSAGE("reports", wait_for([&] { return left.session->quality().round_trip_ms > 0 || (left.events & rtp_quality_report); }));
    }

  public:
    std::string transport() const override { return "auto"; }
    void setUp() override {
        RtpTest::setUp();
        srtp_ = std::make_unique<Module>("res_srtp");
        CPPUNIT_ASSERT(srtp_->provide<SrtpService>(srtp_->own<TestSrtp>()));
        left_ = DtlsContext::make({}).value();
        right_ = DtlsContext::make({}).value();
    }
    void tearDown() override {
        RtpTest::tearDown();
        srtp_.reset();
    }

    void media_goes_where_ice_leads() {
        Leg left(*this, {}, "ulaw", options(true, {})), right(*this, {}, "ulaw", options(true, {}));
        talk(left, right, true, true);
        CPPUNIT_ASSERT_EQUAL("ICE connected to " + right.session->local().to_string(), left.session->transport()->describe());
    }
    void media_goes_by_ice_with_reports_on_their_own_port() {
        Leg left(*this, {}, "ulaw", options(true, {})), right(*this, {}, "ulaw", options(true, {}));
        talk(left, right, true, false);
    }
    void media_passes_when_dtls_has_made_keys() {
        Leg left(*this, {}, "ulaw", options(false, left_)), right(*this, {}, "ulaw", options(false, right_));
        talk(left, right, false, false);
        CPPUNIT_ASSERT(left.session->transport()->secured());
        CPPUNIT_ASSERT_EQUAL(std::string("DTLS connected (AES_CM_128_HMAC_SHA1_80)"), left.session->transport()->describe());
    }
    void dtls_goes_by_the_way_that_ice_found() {
        Leg left(*this, {}, "ulaw", options(true, left_)), right(*this, {}, "ulaw", options(true, right_));
        talk(left, right, true, true);
        CPPUNIT_ASSERT(right.session->transport()->secured());
    }
    void a_capture_sees_ice_and_dtls_both_ways() {
        struct Sink final : RtpPacketSink {
            void packet(const Packet&) override {}
            void transport_packet(const Packet& packet) override {
                CPPUNIT_ASSERT(packet.local.port() && packet.remote.port() && !packet.rtcp);
                const bool dtls = packet.bytes[0] >= 20 && packet.bytes[0] < 64;
                ++seen[(dtls ? 2u : 0u) + (packet.sent ? 1u : 0u)];
            }
            std::array<unsigned, 4> seen{};
        };
        Leg left(*this, loopback(9), "ulaw", options(true, left_)), right(*this, loopback(9), "ulaw", options(true, right_));
        const auto sink = std::make_shared<Sink>();
        left.session->capture(sink);
        talk(left, right, true, true);
        for (const unsigned each : sink->seen) CPPUNIT_ASSERT(each > 0);
        left.session->capture(nullptr);
        CPPUNIT_ASSERT(wait_for([&] { return sink.use_count() == 1; }));
    }
    void another_certificate_than_described_is_told() {
        Leg left(*this, {}, "ulaw", options(false, left_)), right(*this, {}, "ulaw", options(false, right_));
        std::string why;
        left.session->transport()->on_failure([&](const std::string& text) { why = text; });
        auto wrong = described(right, true);
        wrong.fingerprints = {left_->fingerprint(FingerprintHash::sha256)};
        auto to_right = to(right.session->local()), to_left = to(left.session->local());
        to_right.rtcp_mux = to_left.rtcp_mux = true;
        left.session->transport()->set_remote(wrong, true, false);
        right.session->transport()->set_remote(described(left, true), false, true);
        left.session->set(to_right);
        right.session->set(to_left);
        CPPUNIT_ASSERT(wait_for([&] { return !why.empty(); }));
        CPPUNIT_ASSERT_MESSAGE(why, why.contains("fingerprint") && !left.session->transport()->secured());
    }
    void nothing_passes_in_plain_where_keys_are_awaited() {
        Phone phone;
        Leg leg(*this, {}, "ulaw", options(false, left_));
        RtpRemoteTransport remote{.dtls = true, .fingerprints = {right_->fingerprint(FingerprintHash::sha256)}};
        leg.session->transport()->set_remote(remote, false, false);
        leg.session->set(to(phone.address));
        Party party("ulaw", 400);
        CPPUNIT_ASSERT(MediaStream::connect(*party.stream, *leg.stream));
        CPPUNIT_ASSERT(!speaking({{&phone, &leg}}, [&] { return !phone.listen().empty(); }, 60));
        CPPUNIT_ASSERT_EQUAL(0u, leg.session->quality().packets_received);
    }
    void rubbish_on_the_port_does_no_harm() {
        Phone stranger;
        Leg left(*this, {}, "ulaw", options(true, left_)), right(*this, {}, "ulaw", options(true, right_));
        for (unsigned first = 0; first < 256; ++first)
            for (const std::size_t size : {1, 11, 12, 20, 200, 1501}) {
                std::vector<std::uint8_t> bytes(size, 0x21);
                bytes[0] = static_cast<std::uint8_t>(first);
                stranger.send(bytes, left.session->local());
            }
        stranger.send({}, left.session->local());
        talk(left, right, true, true);
    }

    // A re-INVITE brings another fingerprint (RFC 8842 5.3): a new association, and what came by the old keys counts no more.
    void another_peer_with_another_certificate_takes_over() {
        for (const bool ice : {false, true}) {
            const auto third = DtlsContext::make({}).value();
            Leg left(*this, {}, "ulaw", options(ice, left_)), right(*this, {}, "ulaw", options(ice, right_)), other(*this, {}, "ulaw", options(ice, third));
            talk(left, right, ice, true);
            if (ice) left.session->transport()->restart_ice();
            talk(left, other, ice, true);
            CPPUNIT_ASSERT(other.session->transport()->secured());
        }
    }
    // The same certificates with client and server exchanged (RFC 8842 5.1): new keys, and audio goes on.
    void other_roles_make_new_keys() {
        Leg left(*this, {}, "ulaw", options(false, left_)), right(*this, {}, "ulaw", options(false, right_));
        talk(left, right, false, true);
        left.session->transport()->set_remote(described(right, true), true, true);
        right.session->transport()->set_remote(described(left, true), false, false);
        CPPUNIT_ASSERT(!left.session->transport()->secured());
        auto to_right = to(right.session->local()), to_left = to(left.session->local());
        to_right.rtcp_mux = to_left.rtcp_mux = true;
        left.session->set(to_right);
        right.session->set(to_left);
        Party a("ulaw", 500), b("alaw", 900);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left.stream));
        CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right.stream));
        CPPUNIT_ASSERT_MESSAGE(left.session->transport()->describe(), wait_for([&] { return a.ear->hears(900) && b.ear->hears(500); }));
    }

    // Both sides have a relay at our server, and nothing else where `more` has ice_deny.
    void start_with(const TurnServer& server, const std::string& more, const std::string& password = "secret") {
        start("[general]\nrtpstart=21000\nrtpend=21199\nrtcpinterval=500\nturnaddr=" + server.address().to_string() +
              "\nturnusername=pbx\nturnpassword=" + password + "\n" + more);
        CPPUNIT_ASSERT(loaded);
    }
    void gather(Leg& leg) {
        bool done = false;
        leg.session->transport()->when_gathered([&] { done = true; });
        CPPUNIT_ASSERT(wait_for([&] { return done; }));
    }
    static std::string kinds(const Leg& leg, bool mux = true) {
        std::string text;
        for (const IceCandidate& candidate : leg.session->transport()->candidates(mux)) text += "hspr"[static_cast<std::size_t>(candidate.kind)];
        return text;
    }
    void talk_by_relay(TurnServer& server, bool mux, bool dtls) {
        {
            Leg left(*this, {}, "ulaw", options(true, dtls ? left_ : nullptr)), right(*this, {}, "ulaw", options(true, dtls ? right_ : nullptr));
            gather(left);
            gather(right);
            CPPUNIT_ASSERT_EQUAL(std::string("r"), kinds(left));
            CPPUNIT_ASSERT_EQUAL(std::string("rr"), kinds(right, false));
            CPPUNIT_ASSERT_EQUAL(std::size_t{4}, server.allocations);
            talk(left, right, true, mux);
            CPPUNIT_ASSERT_MESSAGE(left.session->transport()->describe(), left.session->transport()->describe().contains(" by the relay 127.0.0.1:"));
            CPPUNIT_ASSERT(server.by_channel > 10 && server.channels >= 2);
            CPPUNIT_ASSERT(left.session->transport()->secured() == dtls);
        }
        CPPUNIT_ASSERT(wait_for([&] { return server.released == 4; }));
    }

    void media_goes_by_a_relay_where_nothing_else_is_told() {
        TurnServer server;
        start_with(server, "ice_deny=127.0.0.0/8\n");
        talk_by_relay(server, true, false);
    }
    void media_goes_by_a_relay_with_reports_on_their_own_port() {
        TurnServer server;
        start_with(server, "ice_deny=127.0.0.0/8\n");
        talk_by_relay(server, false, false);
    }
    void dtls_and_media_go_by_a_relay_that_tcp_leads_to() {
        auto server = std::make_unique<TurnServer>();
        start_with(*server, "ice_deny=127.0.0.0/8\nturntransport=tcp\n");
        talk_by_relay(*server, true, true);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, server->by_tcp);
        on_fiber([&] { server.reset(); });
    }
    void a_relay_is_not_used_where_there_is_a_direct_way() {
        TurnServer server;
        start_with(server, "");
        Leg left(*this, {}, "ulaw", options(true, {})), right(*this, {}, "ulaw", options(true, {}));
        gather(left);
        gather(right);
        CPPUNIT_ASSERT_EQUAL(std::string("hr"), kinds(left));  // what the server saw is the host candidate
        talk(left, right, true, true);
        CPPUNIT_ASSERT_EQUAL("ICE connected to " + right.session->local().to_string(), left.session->transport()->describe());
    }
    void a_server_that_refuses_leaves_the_other_candidates() {
        TurnServer server;
        start_with(server, "", "wrong");
        Leg left(*this, {}, "ulaw", options(true, {})), right(*this, {}, "ulaw", options(true, {}));
        gather(left);
        gather(right);
        CPPUNIT_ASSERT_EQUAL(std::string("h"), kinds(left));
        talk(left, right, true, true);
    }
    void a_denied_network_asks_no_server() {
        TurnServer server;
        start_with(server, "stun_deny=127.0.0.0/8\n");
        Leg leg(*this, {}, "ulaw", options(true, {}));
        gather(leg);
        CPPUNIT_ASSERT_EQUAL(std::string("h"), kinds(leg));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, server.allocations);
    }
    void lists_of_acl_conf_and_the_order_of_rules_decide() {
        AccessLists::ByName lists;
        CPPUNIT_ASSERT(lists["away"].add(false, "127.0.0.0/8"));
        CPPUNIT_ASSERT(lists["here"].add(true, "127.0.0.0/8"));
        AccessLists::instance().set(std::move(lists));
        for (const auto& [rules, wanted] : std::initializer_list<std::pair<std::string, std::string>>{
                 {"stun_acl=away\n", "h"},
                 {"stun_acl=here\nice_acl=here,away\n", "r"},
                 {"ice_acl=nowhere\n", "r"},
                 {"stun_deny=127.0.0.0/8\nstun_permit=127.0.0.1\nice_permit=127.0.0.1\nice_blacklist=127.0.0.0/8\n", "r"},
                 {"stun_permit=127.0.0.1\nstun_blacklist=127.0.0.0/8\nice_deny=127.0.0.0/8,!127.0.0.1\n", "h"}}) {
            TurnServer server;
            start_with(server, rules);
            Leg leg(*this, {}, "ulaw", options(true, {}));
            gather(leg);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(rules, wanted, kinds(leg));
        }
        AccessLists::instance().set({});
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SessionTransportTest);
