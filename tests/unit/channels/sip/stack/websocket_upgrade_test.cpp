#include "channels/sip/stack/websocket_upgrade.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield::sip;

class WebSocketUpgradeTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WebSocketUpgradeTest);
    CPPUNIT_TEST(accepts_the_example_of_the_rfc);
    CPPUNIT_TEST(takes_lists_and_any_letter_case);
    CPPUNIT_TEST(refuses_what_is_no_handshake);
    CPPUNIT_TEST(refuses_other_subprotocols_and_versions);
    CPPUNIT_TEST_SUITE_END();

    static std::string head(const std::string& line, const std::string& fields) { return line + "\r\n" + fields + "\r\n"; }
    static constexpr auto get = "GET /ws HTTP/1.1";
    static constexpr auto upgrade = "Host: pbx.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    static constexpr auto key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

  public:
    void accepts_the_example_of_the_rfc() {  // the key and its answer of RFC 6455 section 1.3
        const auto answer = answer_upgrade(head(get, std::string(upgrade) + key + "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n"));
        CPPUNIT_ASSERT(answer.accepted());
        CPPUNIT_ASSERT(answer.response.starts_with("HTTP/1.1 101 "));
        CPPUNIT_ASSERT(answer.response.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
        CPPUNIT_ASSERT(answer.response.find("Sec-WebSocket-Protocol: sip\r\n") != std::string::npos);
    }

    void takes_lists_and_any_letter_case() {
        const auto answer = answer_upgrade(head("GET / HTTP/1.1", std::string("upgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n") + key +
                                                                      "sec-websocket-protocol: xmpp, SIP\r\nSec-WebSocket-Version: 13\r\n"));
        CPPUNIT_ASSERT_EQUAL(101, answer.status);
    }

    void refuses_what_is_no_handshake() {
        CPPUNIT_ASSERT_EQUAL(400, answer_upgrade("").status);
        CPPUNIT_ASSERT_EQUAL(400, answer_upgrade("REGISTER sip:pbx.test SIP/2.0\r\n\r\n").status);
        CPPUNIT_ASSERT_EQUAL(405, answer_upgrade(head("POST /ws HTTP/1.1", upgrade)).status);
        CPPUNIT_ASSERT_EQUAL(426, answer_upgrade(head(get, "Host: pbx.test\r\n")).status);
    }

    void refuses_other_subprotocols_and_versions() {
        const std::string rest = "Sec-WebSocket-Version: 13\r\n";
        CPPUNIT_ASSERT_EQUAL(400, answer_upgrade(head(get, std::string(upgrade) + key + rest)).status);
        CPPUNIT_ASSERT_EQUAL(400, answer_upgrade(head(get, std::string(upgrade) + key + "Sec-WebSocket-Protocol: sipx\r\n" + rest)).status);
        CPPUNIT_ASSERT_EQUAL(400, answer_upgrade(head(get, std::string(upgrade) + "Sec-WebSocket-Key: short\r\nSec-WebSocket-Protocol: sip\r\n" + rest)).status);
        const auto old = answer_upgrade(head(get, std::string(upgrade) + key + "Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 8\r\n"));
        CPPUNIT_ASSERT_EQUAL(426, old.status);
        CPPUNIT_ASSERT(old.response.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(WebSocketUpgradeTest);
