#include "modules/res_http/request_reader.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace jackfield;
using namespace jackfield::http;

class HttpRequestReaderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HttpRequestReaderTest);
    CPPUNIT_TEST(reads_a_request_however_it_is_cut);
    CPPUNIT_TEST(gives_pipelined_requests_one_by_one);
    CPPUNIT_TEST(reads_chunked_bodies);
    CPPUNIT_TEST(reads_chunked_bodies_however_they_are_cut);
    CPPUNIT_TEST(tells_who_waits_to_send_a_body);
    CPPUNIT_TEST(says_what_to_answer_to_broken_requests);
    CPPUNIT_TEST(hands_over_what_came_behind);
    CPPUNIT_TEST(decodes_targets_and_forms);
    CPPUNIT_TEST(reads_basic_credentials);
    CPPUNIT_TEST_SUITE_END();

    static constexpr RequestLimits limits{.header = 500, .headers = 10, .body = 100};

    static std::vector<HttpRequest> all(RequestReader& reader) {
        std::vector<HttpRequest> requests;
        for (;;) {
            auto next = reader.next();
            CPPUNIT_ASSERT(next);
            if (!*next) return requests;
            requests.push_back(std::move(**next));
        }
    }
    static unsigned refused(const std::string& text) {
        RequestReader reader(limits);
        reader.feed(text);
        for (;;) {
            const auto next = reader.next();
            if (!next) return reader.status();
            if (!*next) return 0;
        }
    }

    void reads_a_request_however_it_is_cut() {
        const std::string text = "POST /a/b?x=1 HTTP/1.1\r\nHost: h\r\nX-One:  two \r\nContent-Length: 5\r\n\r\nhello";
        for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size()}) {
            RequestReader reader(limits);
            std::vector<HttpRequest> requests;
            for (std::size_t at = 0; at < text.size(); at += piece) {
                reader.feed(std::string_view(text).substr(at, piece));
                for (HttpRequest& request : all(reader)) requests.push_back(std::move(request));
            }
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, requests.size());
            const HttpRequest& request = requests[0];
            CPPUNIT_ASSERT_EQUAL(std::string("POST /a/b x=1 hello"),
                                 request.method + " " + request.path + " " + request.query + " " + request.body);
            CPPUNIT_ASSERT_EQUAL(std::string("two"), std::string(request.header("x-one")));
            CPPUNIT_ASSERT(request.keep_alive && !reader.began());
        }
    }

    void gives_pipelined_requests_one_by_one() {
        RequestReader reader(limits);
        reader.feed("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n\r\nGET /2 HTTP/1.0\r\n\r\nGET /3 HT");
        const auto requests = all(reader);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, requests.size());
        CPPUNIT_ASSERT(requests[0].path == "/1" && requests[1].path == "/2" && !requests[1].keep_alive);
        CPPUNIT_ASSERT(reader.began() && !reader.in_body());
    }

    void reads_chunked_bodies_however_they_are_cut() {
        const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (const std::string& body : {std::string("0\r\n\r\n"), std::string("0\r\nT: x\r\n\r\n"), std::string("3\r\nabc\r\n0\r\n\r\n")})
            for (std::size_t piece = 1; piece <= body.size(); ++piece) {
                RequestReader reader(limits);
                std::vector<HttpRequest> requests;
                reader.feed(head);
                CPPUNIT_ASSERT(all(reader).empty());
                for (std::size_t at = 0; at < body.size(); at += piece) {
                    CPPUNIT_ASSERT(requests.empty());
                    reader.feed(std::string_view(body).substr(at, piece));
                    for (HttpRequest& request : all(reader)) requests.push_back(std::move(request));
                }
                CPPUNIT_ASSERT_EQUAL(std::size_t{1}, requests.size());
                CPPUNIT_ASSERT_EQUAL(std::string(body.starts_with('3') ? "abc" : ""), requests[0].body);
            }
    }
    void reads_chunked_bodies() {
        RequestReader reader(limits);
        reader.feed(
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: "
            "v\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
        const auto requests = all(reader);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, requests.size());
        CPPUNIT_ASSERT_EQUAL(std::string("abcde"), requests[0].body);
    }

    void tells_who_waits_to_send_a_body() {
        RequestReader reader(limits);
        reader.feed("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        CPPUNIT_ASSERT(!*reader.next() && reader.in_body());
        CPPUNIT_ASSERT(reader.take_expectation());
        CPPUNIT_ASSERT(!reader.take_expectation());
        reader.feed("abc");
        CPPUNIT_ASSERT_EQUAL(std::string("abc"), (*reader.next())->body);
    }

    void says_what_to_answer_to_broken_requests() {
        const std::string begin = "POST / HTTP/1.1\r\nHost: h\r\n";
        CPPUNIT_ASSERT_EQUAL(400u, refused("hello\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(400u, refused("GET / HTTP/1.1\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(400u, refused("GET nopath HTTP/1.1\r\nHost: h\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(505u, refused("GET / HTTP/2.0\r\nHost: h\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(431u, refused("GET /" + std::string(600, 'x')));
        CPPUNIT_ASSERT_EQUAL(431u, refused(begin + "A: " + std::string(600, 'x')));
        CPPUNIT_ASSERT_EQUAL(413u, refused(begin + "Content-Length: 101\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(413u, refused(begin + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x')));
        CPPUNIT_ASSERT_EQUAL(431u, refused(begin + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(600, 'x')));
        CPPUNIT_ASSERT_EQUAL(400u, refused(begin + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(400u, refused(begin + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"));
        std::string many = begin;
        for (int i = 0; i < 10; ++i) many += "A: b\r\n";
        CPPUNIT_ASSERT_EQUAL(431u, refused(many + "\r\n"));
    }

    void hands_over_what_came_behind() {
        RequestReader reader(limits);
        reader.feed(
            "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x80");
        const auto request = reader.next();
        CPPUNIT_ASSERT(asks_for_websocket(**request) && (**request).header_lists("Connection", "upgrade"));
        CPPUNIT_ASSERT_EQUAL(std::string("\x81\x80"), reader.take_rest());
    }

    void decodes_targets_and_forms() {
        CPPUNIT_ASSERT(url_decode("a%41+b", true) == "aA b");
        CPPUNIT_ASSERT(url_decode("a%41+b", false) == "aA+b");
        for (const char* bad : {"%", "%4", "%4x", "%00"}) CPPUNIT_ASSERT_MESSAGE(bad, !url_decode(bad, true));
        const HttpFields fields = parse_form("a=1&b=%26&&=x&c&d=%zz");
        CPPUNIT_ASSERT((fields == HttpFields{{"a", "1"}, {"b", "&"}, {"c", ""}}));
    }

    void reads_basic_credentials() {
        HttpRequest request;
        CPPUNIT_ASSERT(!basic_credentials(request));
        request.headers = {{"Authorization", "basic " + base64_encode("user:pass:word")}};
        CPPUNIT_ASSERT_EQUAL(std::string("user"), basic_credentials(request)->user);
        CPPUNIT_ASSERT_EQUAL(std::string("pass:word"), basic_credentials(request)->password);
        request.headers = {{"Authorization", "Basic !!"}};
        CPPUNIT_ASSERT(!basic_credentials(request));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(HttpRequestReaderTest);
