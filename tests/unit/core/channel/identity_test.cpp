#include "core/channel/identity.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/channel/cause.hpp"
#include "core/channel/driver.hpp"

using namespace jackfield;

class IdentityTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IdentityTest);
    CPPUNIT_TEST(parses_name_and_number_and_writes_them_back);
    CPPUNIT_TEST(a_lone_word_is_a_number_when_it_can_be_dialled);
    CPPUNIT_TEST(presentations_have_names_and_numbers);
    CPPUNIT_TEST(causes_are_found_by_number_and_name);
    CPPUNIT_TEST(the_busiest_device_decides_a_hint);
    CPPUNIT_TEST_SUITE_END();

    void parses_name_and_number_and_writes_them_back() {
        const auto id = PartyId::parse("\"Alice \\\"A\\\" <x>\" <6001>");
        CPPUNIT_ASSERT_EQUAL(std::string("6001"), id.number.text);
        CPPUNIT_ASSERT_EQUAL(std::string("Alice \"A\" <x>"), id.name.text);
        CPPUNIT_ASSERT_EQUAL(std::string("\"Bob\" <6002>"), PartyId::parse("Bob <6002>").to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("<6003>"), PartyId::parse("<6003>").to_string());
        CPPUNIT_ASSERT_EQUAL(std::string(), PartyId::parse("").to_string());
    }
    void a_lone_word_is_a_number_when_it_can_be_dialled() {
        CPPUNIT_ASSERT_EQUAL(std::string("+4930123"), PartyId::parse("+4930123").number.text);
        const auto name = PartyId::parse("Reception");
        CPPUNIT_ASSERT(!name.number.valid);
        CPPUNIT_ASSERT_EQUAL(std::string("Reception"), name.name.text);
    }
    void presentations_have_names_and_numbers() {
        CPPUNIT_ASSERT(parse_presentation("prohib_not_screened").value() == Presentation::prohib_not_screened);
        CPPUNIT_ASSERT(parse_presentation("67").value() == Presentation::unavailable);
        CPPUNIT_ASSERT(!parse_presentation("prohibit_not_screened"));
        CPPUNIT_ASSERT(to_string(Presentation::prohib) == "prohib");
    }
    void causes_are_found_by_number_and_name() {
        CPPUNIT_ASSERT(parse_cause("17") == HangupCause::user_busy);
        CPPUNIT_ASSERT(parse_cause("user_busy") == HangupCause::user_busy);
        CPPUNIT_ASSERT(parse_cause("nonsense") == HangupCause::not_defined);
        CPPUNIT_ASSERT(to_string(HangupCause::normal_clearing) == "Normal Clearing");
    }
    void the_busiest_device_decides_a_hint() {
        using enum DeviceState;
        auto combined = [](std::initializer_list<DeviceState> states) {
            return combine(std::span(states.begin(), states.size()));
        };
        CPPUNIT_ASSERT(combined({not_in_use, in_use}) == in_use);
        CPPUNIT_ASSERT(combined({not_in_use, ringing}) == ringing);
        CPPUNIT_ASSERT(combined({in_use, ringing}) == ring_in_use);
        CPPUNIT_ASSERT(combined({unavailable, not_in_use}) == not_in_use);
        CPPUNIT_ASSERT(combined({invalid, unavailable}) == unavailable);
        CPPUNIT_ASSERT(parse_device_state("ring_inuse").has_value() == false);
        CPPUNIT_ASSERT(parse_device_state("RINGINUSE").value() == ring_in_use);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(IdentityTest);
