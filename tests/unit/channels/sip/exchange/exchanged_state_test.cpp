// Bodies of the state exchange between servers.
#include "channels/sip/exchange/exchanged_state.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;

namespace {

class ExchangedStateTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ExchangedStateTest);
    CPPUNIT_TEST(what_is_written_is_read);
    CPPUNIT_TEST(what_other_servers_write_is_read);
    CPPUNIT_TEST(what_is_wrong_is_refused);
    CPPUNIT_TEST_SUITE_END();

    void what_is_written_is_read() {
        using Kind = ExchangedState::Kind;
        for (const ExchangedState& state : {ExchangedState{Kind::device, "02:00:00:00:00:01", "PJSIP/\"6001\"", "RINGING", 0, 0},
                                            ExchangedState{Kind::mailbox, "02:00:00:00:00:01", "6001@default", "", 3, 17}, ExchangedState{Kind::refresh, "02:00:00:00:00:01", "", "", 0, 0}}) {
            const auto read = parse_exchanged_state(exchanged_state_body(state));
            CPPUNIT_ASSERT_MESSAGE(exchanged_state_body(state), read);
            CPPUNIT_ASSERT(read->kind == state.kind && read->server == state.server && read->name == state.name && read->device_state == state.device_state);
            CPPUNIT_ASSERT(read->fresh == state.fresh && read->old == state.old);
        }
    }
    void what_other_servers_write_is_read() {
        const auto device = parse_exchanged_state(R"({"type":"devicestate","device":"SIP/a","state":"INUSE","cachable":"1","eid":"aa:bb"})");
        CPPUNIT_ASSERT(device && device->name == "SIP/a" && device->device_state == "INUSE" && device->server == "aa:bb");
        const auto numbers = parse_exchanged_state(R"({"type":"mwi","uniqueid":"1@x","old":2,"new":"1","eid":"aa:bb"})");
        CPPUNIT_ASSERT(numbers && numbers->fresh == 1 && numbers->old == 2);
        CPPUNIT_ASSERT(parse_exchanged_state(R"({"type":"refresh"})"));
    }
    void what_is_wrong_is_refused() {
        for (const std::string& body : {std::string(), std::string("[]"), std::string("{}"), std::string("{\"type\":\"devicestate\"}"), std::string(R"({"type":"devicestate","device":"SIP/a","state":"INUSE"})"),
                                        std::string(R"({"type":"devicestate","device":["SIP/a"],"state":"INUSE","eid":"a"})"), std::string(R"({"type":"mwi","uniqueid":"1","old":"-1","new":"1","eid":"a"})"),
                                        std::string(R"({"type":"mwi","uniqueid":"1","old":"1","eid":"a"})"), std::string(R"({"type":"other","eid":"a"})"),
                                        "{\"type\":\"devicestate\",\"device\":\"SIP/" + std::string(300, 'x') + "\",\"state\":\"INUSE\",\"eid\":\"a\"}", std::string(5000, ' ') + "{}"})
            CPPUNIT_ASSERT_MESSAGE(body, !parse_exchanged_state(body));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExchangedStateTest);

}  // namespace
