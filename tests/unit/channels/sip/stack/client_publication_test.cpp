// Publications of ours: when they are refreshed, changed, begun anew, and given up.
#include "channels/sip/stack/client_publication.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <fmt/format.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

using PublishState = ClientPublication::State;

// A publication with a clock: what it sends is logged with its time in seconds and its entity-tag.
struct Publisher {
    ClientPublication machine{PublicationRules{1000s, 60s, 2}};
    std::chrono::milliseconds now{0};
    std::optional<std::chrono::milliseconds> due;
    std::string log;

    void perform(const ClientPublication::Step& step) {
        due.reset();
        if (step.wait) due = now + *step.wait;
        constexpr const char* words[] = {"", "state", "refresh", "remove", "repeat"};
        if (step.send != ClientPublication::Step::Send::nothing)
            log += fmt::format("{}@{}:{}/{} ", words[static_cast<int>(step.send)], now.count() / 1000, step.expires.count(), machine.entity_tag());
    }
    void change() {
        if (const auto step = machine.changed()) perform(*step);
    }
    void pass(std::chrono::seconds time) {
        const auto end = now + time;
        while (due && *due <= end) {
            now = *due;
            perform(machine.due());
        }
        now = end;
    }
    void answer(int status, std::string_view headers = {}, bool authenticated = false) {
        const ParseResult result = parse_message("SIP/2.0 " + std::to_string(status) +
                                                 " x\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\nTo: <sip:b@h>;tag=t\r\nFrom: <sip:b@h>;tag=f\r\n"
                                                 "Call-ID: c\r\nCSeq: 1 PUBLISH\r\n" + std::string(headers) + "Content-Length: 0\r\n\r\n");
        CPPUNIT_ASSERT(result.verdict == Verdict::accept);
        perform(machine.responded(result.message, authenticated));
    }
    std::string sent() { return std::exchange(log, {}); }
};

class ClientPublicationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClientPublicationTest);
    CPPUNIT_TEST(it_is_refreshed_and_changed_under_its_entity_tag);
    CPPUNIT_TEST(changes_wait_for_the_answer);
    CPPUNIT_TEST(one_that_the_server_forgot_begins_anew);
    CPPUNIT_TEST(refusals_are_tried_again_or_not);
    CPPUNIT_TEST(intervals_and_credentials);
    CPPUNIT_TEST(it_is_removed_if_it_was_there);
    CPPUNIT_TEST(what_is_under_way_is_removed_once_it_is_answered);
    CPPUNIT_TEST_SUITE_END();

    void it_is_refreshed_and_changed_under_its_entity_tag() {
        Publisher it;
        it.change();
        it.answer(200, "SIP-ETag: a\r\nExpires: 100\r\n");
        it.pass(90s);
        it.answer(200, "SIP-ETag: b\r\nExpires: 100\r\n");
        it.pass(10s);
        it.change();
        it.answer(200, "SIP-ETag: c\r\nExpires: 100\r\n");
        it.pass(90s);
        CPPUNIT_ASSERT_EQUAL(std::string("state@0:1000/ refresh@90:1000/a state@100:1000/b refresh@190:1000/c "), it.sent());
    }

    void changes_wait_for_the_answer() {
        Publisher it;
        it.change();
        it.change();
        it.change();
        CPPUNIT_ASSERT_EQUAL(std::string("state@0:1000/ "), it.sent());
        it.answer(200, "SIP-ETag: a\r\nExpires: 1000\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("state@0:1000/a "), it.sent());
    }

    void one_that_the_server_forgot_begins_anew() {
        Publisher it;
        it.change();
        it.answer(200, "SIP-ETag: a\r\nExpires: 1000\r\n");
        (void)it.sent();
        it.change();
        it.answer(412);
        CPPUNIT_ASSERT_EQUAL(std::string("state@0:1000/a state@0:1000/ "), it.sent());
        it.answer(412);  // to one without SIP-If-Match: not again at once
        it.pass(59s);
        CPPUNIT_ASSERT_EQUAL(std::string(), it.sent());
        it.pass(1s);
        CPPUNIT_ASSERT_EQUAL(std::string("state@60:1000/ "), it.sent());
    }

    void refusals_are_tried_again_or_not() {
        const std::initializer_list<std::tuple<int, const char*, const char*>> cases{
            {404, "", "state@60:1000/ "}, {503, "Retry-After: 7\r\n", "state@7:1000/ "}, {489, "", ""}, {401, "", ""}, {501, "", ""}};
        for (const auto& [status, headers, expected] : cases) {
            Publisher it;
            it.change();
            (void)it.sent();
            it.answer(status, headers);
            it.change();  // changes nothing
            it.pass(100s);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(status), std::string(expected), it.sent());
        }
        Publisher silent;
        silent.change();
        silent.perform(silent.machine.unanswered());
        silent.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("state@0:1000/ state@60:1000/ "), silent.sent());
    }

    void intervals_and_credentials() {
        Publisher it;
        it.change();
        it.answer(423, "Min-Expires: 2000\r\n");
        it.answer(401, "", true);
        it.answer(401, "", true);  // max_auth_attempts
        CPPUNIT_ASSERT_EQUAL(std::string("state@0:1000/ repeat@0:2000/ repeat@0:2000/ "), it.sent());
        CPPUNIT_ASSERT(it.machine.state() == PublishState::rejected);
    }

    void it_is_removed_if_it_was_there() {
        Publisher it;
        it.change();
        it.answer(200, "SIP-ETag: a\r\nExpires: 1000\r\n");
        (void)it.sent();
        it.perform(it.machine.remove());
        CPPUNIT_ASSERT_EQUAL(std::string("remove@0:0/a "), it.sent());
        it.answer(200);
        CPPUNIT_ASSERT(it.machine.state() == PublishState::removed);
        Publisher never;
        never.perform(never.machine.remove());
        CPPUNIT_ASSERT(never.machine.state() == PublishState::removed && never.sent().empty());
    }
    void what_is_under_way_is_removed_once_it_is_answered() {
        Publisher it;
        it.change();
        it.perform(it.machine.remove());
        CPPUNIT_ASSERT_EQUAL(std::string("state@0:1000/ "), it.sent());
        it.answer(401, {}, true);
        it.answer(200, "SIP-ETag: a\r\nExpires: 1000\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("repeat@0:1000/ remove@0:0/a "), it.sent());
        it.answer(200);
        CPPUNIT_ASSERT(it.machine.state() == PublishState::removed);

        Publisher forgotten;  // there is nothing to remove
        forgotten.change();
        forgotten.answer(200, "SIP-ETag: a\r\nExpires: 1000\r\n");
        forgotten.change();
        forgotten.perform(forgotten.machine.remove());
        (void)forgotten.sent();
        forgotten.answer(412);
        CPPUNIT_ASSERT(forgotten.machine.state() == PublishState::removed && forgotten.sent().empty());

        Publisher unheard;
        unheard.change();
        unheard.perform(unheard.machine.remove());
        unheard.perform(unheard.machine.unanswered());
        CPPUNIT_ASSERT(unheard.machine.state() == PublishState::removed && !unheard.due);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ClientPublicationTest);

}  // namespace
