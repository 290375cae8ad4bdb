#include "modules/res_manager/request_parser.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <random>
#include <string>
#include <vector>

using namespace jackfield;
using namespace jackfield::manager;

class RequestParserTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RequestParserTest);
    CPPUNIT_TEST(reads_keys_letter_case_aside_and_values_without_blanks);
    CPPUNIT_TEST(takes_bare_line_feeds_and_blank_lines_between_requests);
    CPPUNIT_TEST(gives_requests_one_by_one_however_the_bytes_are_cut);
    CPPUNIT_TEST(keeps_colons_of_values_and_lines_without_any);
    CPPUNIT_TEST(reads_several_variables_of_a_line);
    CPPUNIT_TEST(takes_a_line_of_just_the_limit);
    CPPUNIT_TEST(ends_at_a_line_or_request_that_is_too_long);
    CPPUNIT_TEST(forgets_what_it_gave);
    CPPUNIT_TEST(answers_no_garbage_with_more_than_its_limits);
    CPPUNIT_TEST(values_can_not_make_further_lines);
    CPPUNIT_TEST_SUITE_END();

    static std::vector<ManagerRequest> all(RequestParser& parser) {
        std::vector<ManagerRequest> requests;
        for (;;) {
            auto request = parser.next();
            CPPUNIT_ASSERT(request);
            if (!*request) return requests;
            requests.push_back(std::move(**request));
        }
    }

    void reads_keys_letter_case_aside_and_values_without_blanks() {
        RequestParser parser;
        parser.feed("Action: Ping\r\nactionid:  7 \r\n\r\n");
        const auto requests = all(parser);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, requests.size());
        CPPUNIT_ASSERT_EQUAL(std::string("Ping"), std::string(requests[0].action()));
        CPPUNIT_ASSERT_EQUAL(std::string("7"), std::string(requests[0].action_id()));
        CPPUNIT_ASSERT(requests[0].get("Absent").empty());
    }
    void takes_bare_line_feeds_and_blank_lines_between_requests() {
        RequestParser parser;
        parser.feed("\r\n\n\nAction: A\n\n\r\nAction: B\n\r\n");
        const auto requests = all(parser);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, requests.size());
        CPPUNIT_ASSERT_EQUAL(std::string("B"), std::string(requests[1].action()));
    }
    void gives_requests_one_by_one_however_the_bytes_are_cut() {
        const std::string text = "Action: A\r\nX: 1\r\n\r\nAction: B\r\nX: 2\r\n\r\nAction: C\r\n\r\n";
        for (std::size_t cut = 1; cut < text.size(); ++cut) {
            RequestParser parser;
            std::string actions;
            for (std::size_t at = 0; at < text.size(); at += cut) {
                parser.feed(std::string_view(text).substr(at, cut));
                for (const ManagerRequest& request : all(parser)) actions += request.action();
            }
            CPPUNIT_ASSERT_EQUAL(std::string("ABC"), actions);
        }
    }
    void keeps_colons_of_values_and_lines_without_any() {
        RequestParser parser;
        parser.feed("Channel: SIP/a:b\r\nnothing\r\n: empty\r\n\r\n");
        const auto requests = all(parser);
        CPPUNIT_ASSERT_EQUAL(std::string("SIP/a:b"), std::string(requests[0].get("Channel")));
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, requests[0].fields().size());
        CPPUNIT_ASSERT(requests[0].get("nothing").empty());
        CPPUNIT_ASSERT_EQUAL(std::string("empty"), std::string(requests[0].get("")));
    }
    void reads_several_variables_of_a_line() {
        RequestParser parser;
        parser.feed("Variable: A=1,B=\"two,three\"\r\nVariable: C=a=b\r\nVariable: D\r\n\r\n");
        const auto variables = all(parser)[0].variables();
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, variables.size());
        CPPUNIT_ASSERT_EQUAL(std::string("two,three"), variables[1].second);
        CPPUNIT_ASSERT_EQUAL(std::string("a=b"), variables[2].second);
        CPPUNIT_ASSERT(variables[3].second.empty());
    }
    void takes_a_line_of_just_the_limit() {
        RequestParser parser({.line = 10, .lines = 2});
        parser.feed("A: 3456789\r\nB: 3456789\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, all(parser).size());
    }
    void ends_at_a_line_or_request_that_is_too_long() {
        RequestParser whole({.line = 10, .lines = 2});
        whole.feed("A: 345678901\r\n");
        CPPUNIT_ASSERT(whole.next().error().code == ErrorCode::limit);
        RequestParser bare({.line = 10, .lines = 2});
        bare.feed("A: 34567890\n");  // one byte more, where a CR might have been
        CPPUNIT_ASSERT(bare.next().error().code == ErrorCode::limit);
        RequestParser unfinished({.line = 10, .lines = 2});
        unfinished.feed("A: 345678901");
        CPPUNIT_ASSERT(unfinished.next().error().code == ErrorCode::limit);
        RequestParser many({.line = 10, .lines = 2});
        many.feed("A: 1\r\nB: 2\r\nC: 3\r\n");
        CPPUNIT_ASSERT(many.next().error().code == ErrorCode::limit);
    }
    void forgets_what_it_gave() {
        RequestParser parser;
        parser.feed("Action: A\r\nSecret: x\r\n\r\nAction: B\r\n\r\n");
        const auto requests = all(parser);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, requests[1].fields().size());
    }
    void answers_no_garbage_with_more_than_its_limits() {
        std::mt19937 random(1);
        for (int round = 0; round < 200; ++round) {
            RequestParser parser({.line = 64, .lines = 8});
            for (int part = 0; part < 50; ++part) {
                std::string bytes(random() % 40, '\0');
                for (char& c : bytes) c = random() % 4 == 0 ? "\r\n:"[random() % 3] : static_cast<char>(random());
                parser.feed(bytes);
                for (;;) {
                    auto request = parser.next();
                    if (!request) {
                        part = 50;
                        break;
                    }
                    if (!*request) break;
                    CPPUNIT_ASSERT(!(*request)->fields().empty() && (*request)->fields().size() <= 8);
                    for (const auto& [key, value] : (*request)->fields()) {
                        CPPUNIT_ASSERT(key.size() + value.size() <= 64);
                        CPPUNIT_ASSERT((key + value).find('\n') == std::string::npos);
                    }
                }
            }
        }
    }
    void values_can_not_make_further_lines() {
        const auto fields = ManagerFields().add("A\nB", "1\r\nResponse: Success\r\n\r\n").add("N", 5);
        CPPUNIT_ASSERT_EQUAL(std::string("A B: 1  Response: Success    \r\nN: 5\r\n"), fields.text());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RequestParserTest);
