#include "modules/res_manager/classes.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

#include "modules/res_manager/failure_delays.hpp"

using namespace jackfield;
using namespace jackfield::manager;
using namespace std::chrono_literals;

class ManagerClassesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ManagerClassesTest);
    CPPUNIT_TEST(prints_classes_as_events_have_them);
    CPPUNIT_TEST(reads_lists_of_names);
    CPPUNIT_TEST(reads_masks_of_requests);
    CPPUNIT_TEST(failures_of_an_address_wait_longer_each_time);
    CPPUNIT_TEST(failures_are_forgotten_after_a_while);
    CPPUNIT_TEST(a_flood_of_addresses_costs_bounded_memory);
    CPPUNIT_TEST_SUITE_END();

    void prints_classes_as_events_have_them() {
        CPPUNIT_ASSERT_EQUAL(std::string("call,all"), class_names(manager_class::call));
        CPPUNIT_ASSERT_EQUAL(std::string("call,reporting,all"), class_names(manager_class::reporting | manager_class::call));
        CPPUNIT_ASSERT_EQUAL(std::string("<none>"), class_names(manager_class::none));
    }
    void reads_lists_of_names() {
        CPPUNIT_ASSERT_EQUAL(manager_class::call | manager_class::system, *parse_classes("Call, system"));
        CPPUNIT_ASSERT_EQUAL(manager_class::all, *parse_classes("call,all"));
        CPPUNIT_ASSERT_EQUAL(manager_class::none, *parse_classes("none"));
        CPPUNIT_ASSERT_EQUAL(manager_class::none, *parse_classes(""));
        const auto wrong = parse_classes("cal");
        CPPUNIT_ASSERT(!wrong && wrong.error().text.contains("did you mean call?"));
    }
    void reads_masks_of_requests() {
        CPPUNIT_ASSERT_EQUAL(manager_class::all, *parse_event_mask("on"));
        CPPUNIT_ASSERT_EQUAL(manager_class::none, *parse_event_mask(" off "));
        CPPUNIT_ASSERT_EQUAL(manager_class::call, *parse_event_mask("call"));
        CPPUNIT_ASSERT_EQUAL(manager_class::none, *parse_event_mask("0"));
        CPPUNIT_ASSERT_EQUAL(manager_class::call, *parse_event_mask("2"));
        CPPUNIT_ASSERT(!parse_event_mask("perhaps"));
    }
    void failures_of_an_address_wait_longer_each_time() {
        FailureDelays delays;
        const Instant now{1h};
        CPPUNIT_ASSERT(delays.failed("192.0.2.1", now) == 1000ms);
        CPPUNIT_ASSERT(delays.failed("192.0.2.1", now) == 2000ms);
        CPPUNIT_ASSERT(delays.failed("192.0.2.2", now) == 1000ms);
        for (int i = 0; i < 100; ++i) (void)delays.failed("192.0.2.1", now);
        CPPUNIT_ASSERT(delays.failed("192.0.2.1", now) == FailureDelays::longest);
    }
    void failures_are_forgotten_after_a_while() {
        FailureDelays delays;
        CPPUNIT_ASSERT(delays.failed("a", Instant{1h}) == 1000ms);
        CPPUNIT_ASSERT(delays.failed("a", Instant{1h + FailureDelays::memory + 1s}) == 1000ms);
    }
    void a_flood_of_addresses_costs_bounded_memory() {
        FailureDelays delays(4);
        const Instant now{1h};
        for (int i = 0; i < 100; ++i) (void)delays.failed(std::to_string(i), now);
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, delays.size());
        CPPUNIT_ASSERT(delays.failed("another", now) == FailureDelays::longest);
        CPPUNIT_ASSERT(delays.failed("later", now + 1h) == 1000ms);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, delays.size());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ManagerClassesTest);
