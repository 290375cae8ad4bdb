// What is read of REST requests: paths, JSON bodies, forms.
#include "modules/res_ari/request_values.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::ari;

class RequestValuesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RequestValuesTest);
    CPPUNIT_TEST(a_path_gives_its_names);
    CPPUNIT_TEST(a_json_body_gives_its_scalars_and_lists);
    CPPUNIT_TEST(a_form_gives_its_fields);
    CPPUNIT_TEST(what_is_no_object_is_refused);
    CPPUNIT_TEST(a_number_beyond_a_double_is_refused);
    CPPUNIT_TEST_SUITE_END();

    static std::string text_of(const RequestValues& values) {
        std::string text;
        for (const auto& [name, value] : values) text += name + "=" + value + " ";
        return text;
    }
    static std::string path(std::string_view pattern, std::string_view given) {
        const auto values = match_path(pattern, given);
        return values ? text_of(*values) : "no";
    }
    static std::string body(const std::string& text, const char* type = "application/json") {
        HttpRequest request;
        request.body = text;
        request.headers.emplace_back("Content-Type", type);
        RequestValues values;
        const auto read = read_body(request, values);
        return read ? text_of(values) : read.error().text;
    }

    void a_path_gives_its_names() {
        CPPUNIT_ASSERT_EQUAL(std::string("id=a/b "), path("/channels/{id}/answer", "/channels/a%2Fb/answer"));
        CPPUNIT_ASSERT_EQUAL(std::string("no"), path("/channels/{id}/answer", "/channels/1"));
        CPPUNIT_ASSERT_EQUAL(std::string("no"), path("/channels/{id}", "/channels/"));
        CPPUNIT_ASSERT_EQUAL(std::string("no"), path("/channels/{id}", "/channels/%zz"));
        CPPUNIT_ASSERT_EQUAL(std::string("no"), path("/channels/{id}", "/channels/a%00"));
    }
    void a_json_body_gives_its_scalars_and_lists() {
        CPPUNIT_ASSERT_EQUAL(std::string("a=1 b=x b=true c=two "), body(R"({"a":1,"b":["x",true],"c":"two","d":null,"variables":{"e":"f"}})"));
        CPPUNIT_ASSERT_EQUAL(std::string(), body(""));
    }
    void a_form_gives_its_fields() {
        CPPUNIT_ASSERT_EQUAL(std::string("a=1 b=two words "), body("a=1&b=two+words", "application/x-www-form-urlencoded; charset=utf-8"));
    }
    void what_is_no_object_is_refused() {
        CPPUNIT_ASSERT(body("[1]").contains("no JSON object"));
        CPPUNIT_ASSERT(!body("{\"a\":").empty());
        CPPUNIT_ASSERT(!body(std::string(100, '[')).empty());
    }
    void a_number_beyond_a_double_is_refused() {
        CPPUNIT_ASSERT_EQUAL(std::string("a number is too large"), body(R"({"a":{"b":[1.5e412]}})"));
        CPPUNIT_ASSERT_EQUAL(std::string("a=1.5E300 "), body(R"({"a":1.5e300})"));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RequestValuesTest);
