#include "modules/res_manager/classes.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

using namespace jackfield;
using namespace jackfield::manager;

class ManagerClassesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ManagerClassesTest);
    CPPUNIT_TEST(prints_classes_as_events_have_them);
    CPPUNIT_TEST(reads_lists_of_names);
    CPPUNIT_TEST(reads_masks_of_requests);
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
};

CPPUNIT_TEST_SUITE_REGISTRATION(ManagerClassesTest);
