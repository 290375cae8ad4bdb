#include "core/channel/variables.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;

class VariablesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(VariablesTest);
    CPPUNIT_TEST(underscores_decide_how_far_a_variable_is_inherited);
    CPPUNIT_TEST(setting_anew_without_underscore_ends_the_inheritance);
    CPPUNIT_TEST(a_local_name_hides_the_outer_one_until_its_frame_ends);
    CPPUNIT_TEST(frames_nest);
    CPPUNIT_TEST_SUITE_END();

    static std::string value(const Variables& variables, std::string_view name) {
        const auto* found = variables.find(name);
        return found ? *found : "(unset)";
    }

    void underscores_decide_how_far_a_variable_is_inherited() {
        Variables first, second, third;
        first.set("PLAIN", "p");
        first.set("_ONCE", "o");
        first.set("__EVER", "e");
        CPPUNIT_ASSERT_EQUAL(std::string("o"), value(first, "ONCE"));
        CPPUNIT_ASSERT_EQUAL(std::string("e"), value(first, "__EVER"));
        second.inherit_from(first);
        CPPUNIT_ASSERT_EQUAL(std::string("(unset)"), value(second, "PLAIN"));
        CPPUNIT_ASSERT_EQUAL(std::string("o"), value(second, "ONCE"));
        third.inherit_from(second);
        CPPUNIT_ASSERT_EQUAL(std::string("(unset)"), value(third, "ONCE"));
        CPPUNIT_ASSERT_EQUAL(std::string("e"), value(third, "EVER"));
    }
    void setting_anew_without_underscore_ends_the_inheritance() {
        Variables first, second;
        first.set("__X", "1");
        first.set("X", "2");
        CPPUNIT_ASSERT_EQUAL(std::size_t(1), first.all().size());
        second.inherit_from(first);
        CPPUNIT_ASSERT_EQUAL(std::string("(unset)"), value(second, "X"));
    }
    void a_local_name_hides_the_outer_one_until_its_frame_ends() {
        Variables variables;
        variables.set("__X", "outer");
        variables.push_frame();
        variables.set_local("X", "inner");
        variables.set_local("X", "again");
        variables.set_local("NEW", "n");
        variables.set("GLOBAL", "g");
        CPPUNIT_ASSERT_EQUAL(std::string("again"), value(variables, "X"));
        variables.pop_frame();
        CPPUNIT_ASSERT_EQUAL(std::string("outer"), value(variables, "X"));
        CPPUNIT_ASSERT_EQUAL(std::string("(unset)"), value(variables, "NEW"));
        CPPUNIT_ASSERT_EQUAL(std::string("g"), value(variables, "GLOBAL"));
        CPPUNIT_ASSERT_EQUAL(2, static_cast<int>(variables.all().front().inherit));
    }
    void frames_nest() {
        Variables variables;
        variables.push_frame();
        variables.set_local("ARG1", "a");
        variables.push_frame();
        variables.set_local("ARG1", "b");
        variables.pop_frame();
        CPPUNIT_ASSERT_EQUAL(std::string("a"), value(variables, "ARG1"));
        variables.pop_frame();
        CPPUNIT_ASSERT_EQUAL(std::string("(unset)"), value(variables, "ARG1"));
        variables.pop_frame();
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(VariablesTest);
