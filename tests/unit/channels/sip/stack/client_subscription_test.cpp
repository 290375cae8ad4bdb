// Subscriptions of ours: when they are refreshed, begun anew, and given up.
#include "channels/sip/stack/client_subscription.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <fmt/format.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

using SubscribeSend = ClientSubscription::Step::Send;
using SubscribeState = ClientSubscription::State;

// A subscription with a clock: what it sends is logged with its time in seconds.
struct Subscriber {
    ClientSubscription machine{SubscriptionRules{1000s, 60s}};
    std::chrono::milliseconds now{0};
    std::optional<std::chrono::milliseconds> due;
    std::string log;

    void perform(const ClientSubscription::Step& step) {
        due.reset();
        if (step.wait) due = now + *step.wait;
        constexpr const char* words[] = {"", "fresh", "refresh", "repeat"};
        if (step.send != SubscribeSend::nothing)
            log += fmt::format("{}@{}:{} ", words[static_cast<int>(step.send)], now.count() / 1000, step.expires.count());
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
                                                 "Call-ID: c\r\nCSeq: 1 SUBSCRIBE\r\n" + std::string(headers) + "Content-Length: 0\r\n\r\n");
        CPPUNIT_ASSERT(result.verdict == Verdict::accept);
        perform(machine.responded(result.message, authenticated));
    }
    void notify(std::string_view state) { perform(machine.notified(state)); }
    void begin() {
        perform(machine.start());
        answer(200, "Expires: 1000\r\n");
        notify("active;expires=1000");
        (void)sent();
    }
    std::string sent() { return std::exchange(log, {}); }
};

class ClientSubscriptionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ClientSubscriptionTest);
    CPPUNIT_TEST(it_is_refreshed_within_its_dialog_before_its_end);
    CPPUNIT_TEST(the_notify_may_come_before_the_answer);
    CPPUNIT_TEST(the_notifier_may_shorten_it);
    CPPUNIT_TEST(a_grant_without_a_notify_is_none);
    CPPUNIT_TEST(an_interval_too_brief_is_lengthened_and_stays_so);
    CPPUNIT_TEST(one_that_the_server_forgot_begins_anew_at_once_and_then_slowly);
    CPPUNIT_TEST(a_refresh_without_an_answer_begins_anew);
    CPPUNIT_TEST(ends_are_followed_as_their_reasons_say);
    CPPUNIT_TEST(refusals_are_tried_again_or_not);
    CPPUNIT_TEST(credentials_are_tried);
    CPPUNIT_TEST(the_end_waits_for_the_last_notify);
    CPPUNIT_TEST_SUITE_END();

    void it_is_refreshed_within_its_dialog_before_its_end() {
        Subscriber it;
        it.perform(it.machine.start());
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:1000 "), it.sent());
        it.answer(200, "Expires: 500\r\n");
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::awaiting);
        it.notify("active;expires=500");
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::active);
        it.pass(459s);
        CPPUNIT_ASSERT_EQUAL(std::string(), it.sent());
        it.pass(1s);
        CPPUNIT_ASSERT_EQUAL(std::string("refresh@460:1000 "), it.sent());
        it.answer(200, "Expires: 500\r\n");
        it.notify("active;expires=500");
        it.pass(460s);
        CPPUNIT_ASSERT_EQUAL(std::string("refresh@920:1000 "), it.sent());
    }

    void the_notify_may_come_before_the_answer() {
        Subscriber it;
        it.perform(it.machine.start());
        it.notify("pending;expires=600");
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::pending);
        it.answer(202, "Expires: 600\r\n");
        it.notify("active");
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::active);
        (void)it.sent();
        it.pass(560s);
        CPPUNIT_ASSERT_EQUAL(std::string("refresh@560:1000 "), it.sent());
    }

    void the_notifier_may_shorten_it() {
        Subscriber it;
        it.begin();
        it.notify("active;expires=100");
        it.pass(90s);
        CPPUNIT_ASSERT_EQUAL(std::string("refresh@90:1000 "), it.sent());
    }

    void a_grant_without_a_notify_is_none() {
        Subscriber it;
        it.perform(it.machine.start());
        it.answer(200, "Expires: 1000\r\n");
        (void)it.sent();
        it.pass(32s);
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::waiting);
        it.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@92:1000 "), it.sent());
    }

    void an_interval_too_brief_is_lengthened_and_stays_so() {
        Subscriber it;
        it.perform(it.machine.start());
        it.answer(423, "Min-Expires: 1800\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:1000 repeat@0:1800 "), it.sent());
        it.answer(423, "Min-Expires: 1800\r\n");  // never content
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::waiting);
        it.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@60:1800 "), it.sent());
    }

    void one_that_the_server_forgot_begins_anew_at_once_and_then_slowly() {
        Subscriber it;
        it.begin();
        it.pass(960s);
        it.answer(481);
        CPPUNIT_ASSERT_EQUAL(std::string("refresh@960:1000 fresh@960:1000 "), it.sent());
        it.answer(200, "Expires: 1000\r\n");
        it.notify("active;expires=1000");
        it.notify("terminated;reason=deactivated");
        CPPUNIT_ASSERT_EQUAL(std::string(), it.sent());
        it.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@1020:1000 "), it.sent());
    }

    void a_refresh_without_an_answer_begins_anew() {
        Subscriber it;
        it.begin();
        it.pass(960s);
        it.perform(it.machine.unanswered());
        CPPUNIT_ASSERT_EQUAL(std::string("refresh@960:1000 fresh@960:1000 "), it.sent());
        it.perform(it.machine.unanswered());
        it.pass(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@1020:1000 "), it.sent());
    }

    void ends_are_followed_as_their_reasons_say() {
        const std::initializer_list<std::pair<const char*, const char*>> cases{
            {"terminated;reason=deactivated", "fresh@0:1000 "}, {"terminated;reason=timeout", "fresh@0:1000 "}, {"terminated", "fresh@0:1000 "},
            {"terminated;reason=probation;retry-after=5", "fresh@5:1000 "}, {"terminated;reason=giveup", "fresh@60:1000 "},
            {"terminated;reason=rejected;retry-after=5", ""}, {"terminated;reason=noresource", ""}, {"terminated;reason=invariant", ""}};
        for (const auto& [state, expected] : cases) {
            Subscriber it;
            it.begin();
            it.notify(state);
            it.pass(100s);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(state, std::string(expected), it.sent());
        }
    }

    void refusals_are_tried_again_or_not() {
        const std::initializer_list<std::tuple<int, const char*, const char*>> cases{
            {404, "", "fresh@60:1000 "}, {403, "", "fresh@60:1000 "}, {503, "Retry-After: 7\r\n", "fresh@7:1000 "}, {489, "", ""}, {501, "", ""}, {405, "", ""}};
        for (const auto& [status, headers, expected] : cases) {
            Subscriber it;
            it.perform(it.machine.start());
            (void)it.sent();
            it.answer(status, headers);
            it.pass(100s);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(status), std::string(expected), it.sent());
            CPPUNIT_ASSERT_EQUAL(status, it.machine.last_status());
        }
    }

    void credentials_are_tried() {
        Subscriber it;
        it.perform(it.machine.start());
        it.answer(401, "", true);
        CPPUNIT_ASSERT_EQUAL(std::string("fresh@0:1000 repeat@0:1000 "), it.sent());
        it.answer(401, "", false);
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::rejected);
    }

    void the_end_waits_for_the_last_notify() {
        Subscriber it;
        it.begin();
        it.perform(it.machine.end());
        CPPUNIT_ASSERT_EQUAL(std::string("refresh@0:0 "), it.sent());
        it.answer(200, "Expires: 0\r\n");
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::unsubscribing);
        it.notify("terminated;reason=timeout");
        CPPUNIT_ASSERT(it.machine.state() == SubscribeState::ended);
        Subscriber other;
        other.begin();
        other.perform(other.machine.end());
        other.answer(200);
        other.pass(32s);
        CPPUNIT_ASSERT(other.machine.state() == SubscribeState::ended);
        Subscriber never;
        never.perform(never.machine.end());
        CPPUNIT_ASSERT(never.machine.state() == SubscribeState::ended && never.sent().empty());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ClientSubscriptionTest);

}  // namespace
