// Session timers: who refreshes, when, and what is refused.
#include "channels/sip/stack/session_timer.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/parser.hpp"

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

Message timed(std::string_view start, std::string_view headers) {
    ParseResult result = parse_message(std::string(start) +
                                       "\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\nTo: <sip:b@h>;tag=t\r\nFrom: <sip:a@h>;tag=f\r\n"
                                       "Call-ID: c\r\nCSeq: 1 INVITE\r\n" + std::string(headers) + "Content-Length: 0\r\n\r\n");
    CPPUNIT_ASSERT(result.verdict == Verdict::accept);
    return std::move(result.message);
}
Message timed_invite(std::string_view headers) { return timed("INVITE sip:b@h SIP/2.0", headers); }
Message timed_ok(std::string_view headers) { return timed("SIP/2.0 200 OK", headers); }

std::string asked_by(const SessionTimer& timer, bool initial = false) {
    std::string buffer;
    MessageWriter writer(buffer);
    timer.write_request(writer, initial);
    return buffer;
}
std::string answered_by(const SessionTimer& timer) {
    std::string buffer;
    MessageWriter writer(buffer);
    timer.write_response(writer);
    return buffer;
}

constexpr SessionTimerMode all_modes[]{SessionTimerMode::no, SessionTimerMode::yes, SessionTimerMode::required, SessionTimerMode::always};

class SessionTimerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SessionTimerTest);
    CPPUNIT_TEST(we_ask_and_do_what_is_answered);
    CPPUNIT_TEST(a_far_side_without_timers_has_none_unless_always);
    CPPUNIT_TEST(too_brief_is_raised_once);
    CPPUNIT_TEST(what_they_ask_is_answered);
    CPPUNIT_TEST(who_does_not_know_timers_does_not_refresh);
    CPPUNIT_TEST(what_can_not_be_is_refused);
    CPPUNIT_TEST(switched_off_it_says_nothing);
    CPPUNIT_TEST(roles_stay_over_refreshes);
    CPPUNIT_TEST(extreme_intervals_are_survived);
    CPPUNIT_TEST_SUITE_END();

  public:
    void we_ask_and_do_what_is_answered() {
        SessionTimer timer({});
        CPPUNIT_ASSERT_EQUAL(std::string("Session-Expires: 1800\r\nMin-SE: 90\r\n"), asked_by(timer, true));
        CPPUNIT_ASSERT(!timer.refresh_after() && !timer.expires_after());
        timer.accepted(timed_ok("Session-Expires: 600;refresher=uac\r\nRequire: timer\r\n"));
        CPPUNIT_ASSERT(timer.refresher());
        CPPUNIT_ASSERT(timer.refresh_after() == 300s);
        CPPUNIT_ASSERT(timer.expires_after() == 568s);
        timer.accepted(timed_ok("Session-Expires: 90;refresher=uas\r\n"));
        CPPUNIT_ASSERT(!timer.refresh_after());
        CPPUNIT_ASSERT(timer.expires_after() == 60s);
    }

    void a_far_side_without_timers_has_none_unless_always() {
        SessionTimer yes({});
        yes.accepted(timed_ok(""));
        CPPUNIT_ASSERT(!yes.running());
        SessionTimer always({SessionTimerMode::always, 200s, 90s});
        always.accepted(timed_ok(""));
        CPPUNIT_ASSERT(always.refresh_after() == 100s);
        SessionTimer uas({SessionTimerMode::always, 200s, 90s});
        uas.accept(timed_invite(""));
        CPPUNIT_ASSERT(uas.refresh_after() == 100s);
        CPPUNIT_ASSERT_EQUAL(std::string(), answered_by(uas));
    }

    void too_brief_is_raised_once() {
        SessionTimer timer({SessionTimerMode::yes, 100s, 90s});
        CPPUNIT_ASSERT(timer.raise(timed("SIP/2.0 422 Session Interval Too Small", "Min-SE: 500\r\n")));
        CPPUNIT_ASSERT_EQUAL(std::string("Session-Expires: 500\r\nMin-SE: 500\r\n"), asked_by(timer));
        CPPUNIT_ASSERT(!timer.raise(timed("SIP/2.0 422 Session Interval Too Small", "Min-SE: 500\r\n")));
        CPPUNIT_ASSERT(!timer.raise(timed("SIP/2.0 422 Session Interval Too Small", "")));
    }

    void what_they_ask_is_answered() {
        const auto answer = [](std::string_view headers, SessionTimerRules rules = {}) {
            SessionTimer timer(rules);
            const Message invite = timed_invite(headers);
            CPPUNIT_ASSERT_EQUAL(0, timer.judge(invite));
            timer.accept(invite);
            return answered_by(timer);
        };
        CPPUNIT_ASSERT_EQUAL(std::string("Require: timer\r\nSession-Expires: 600;refresher=uac\r\n"),
                             answer("Supported: timer\r\nSession-Expires: 600\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("Session-Expires: 600;refresher=uas\r\n"),
                             answer("Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n"));
        // None was asked for: ours; a long one is shortened, but not below their Min-SE.
        CPPUNIT_ASSERT_EQUAL(std::string("Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n"), answer("Supported: timer\r\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("Require: timer\r\nSession-Expires: 300;refresher=uac\r\n"),
                             answer("Supported: timer\r\nSession-Expires: 9000;refresher=uac\r\n", {SessionTimerMode::yes, 300s, 90s}));
        CPPUNIT_ASSERT_EQUAL(std::string("Require: timer\r\nSession-Expires: 1000;refresher=uac\r\n"),
                             answer("Supported: timer\r\nSession-Expires: 9000\r\nMin-SE: 1000\r\n", {SessionTimerMode::yes, 300s, 90s}));
    }

    void who_does_not_know_timers_does_not_refresh() {
        SessionTimer timer({});
        timer.accept(timed_invite("Session-Expires: 600;refresher=uac\r\n"));  // put in by a proxy
        CPPUNIT_ASSERT(timer.refresher());
        CPPUNIT_ASSERT_EQUAL(std::string("Session-Expires: 600;refresher=uas\r\n"), answered_by(timer));
        SessionTimer none({});
        none.accept(timed_invite(""));
        CPPUNIT_ASSERT(!none.running());
        CPPUNIT_ASSERT_EQUAL(std::string(), answered_by(none));
    }

    void what_can_not_be_is_refused() {
        SessionTimer timer({SessionTimerMode::yes, 600s, 120s});
        CPPUNIT_ASSERT_EQUAL(422, timer.judge(timed_invite("Supported: timer\r\nSession-Expires: 119\r\n")));
        CPPUNIT_ASSERT_EQUAL(0, timer.judge(timed_invite("Supported: timer\r\nSession-Expires: 120\r\n")));
        CPPUNIT_ASSERT_EQUAL(0, timer.judge(timed_invite("Session-Expires: 119\r\n")));  // it could not make anything of a 422
        std::string buffer;
        MessageWriter writer(buffer);
        timer.write_refusal(writer, 422);
        CPPUNIT_ASSERT_EQUAL(std::string("Min-SE: 120\r\n"), buffer);
        SessionTimer required({SessionTimerMode::required, 600s, 90s});
        CPPUNIT_ASSERT_EQUAL(421, required.judge(timed_invite("")));
        CPPUNIT_ASSERT(asked_by(required, true).contains("Require: timer\r\n"));
        CPPUNIT_ASSERT(!asked_by(required, false).contains("Require"));
        SessionTimer off({SessionTimerMode::no, 600s, 90s});
        CPPUNIT_ASSERT_EQUAL(420, off.judge(timed_invite("Require: timer\r\n")));
    }

    void switched_off_it_says_nothing() {
        SessionTimer off({SessionTimerMode::no, 600s, 90s});
        off.accept(timed_invite("Supported: timer\r\nSession-Expires: 600\r\n"));
        off.accepted(timed_ok("Session-Expires: 600;refresher=uac\r\n"));
        CPPUNIT_ASSERT(!off.offered() && !off.running());
        CPPUNIT_ASSERT_EQUAL(std::string(), asked_by(off, true) + answered_by(off));
    }

    void roles_stay_over_refreshes() {
        SessionTimer callee({});
        callee.accept(timed_invite("Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n"));
        // A request of ours for another purpose: they stay the refresher, which is the UAS of this one.
        CPPUNIT_ASSERT_EQUAL(std::string("Session-Expires: 600;refresher=uas\r\nMin-SE: 90\r\n"), asked_by(callee));
        callee.accepted(timed_ok("Session-Expires: 600;refresher=uas\r\n"));
        CPPUNIT_ASSERT(!callee.refresher());
    }

    void extreme_intervals_are_survived() {
        for (const SessionTimerMode mode : all_modes)
            for (const std::string_view interval : {"0", "1", "2", "89", "4294967295", "99999999999", "-1", "x", ""})
                for (const std::string_view minimum : {"", "Min-SE: 0\r\n", "Min-SE: 4294967295\r\n"}) {
                    const std::string headers = "Session-Expires: " + std::string(interval) + "\r\n" + std::string(minimum);
                    for (const std::string supported : {"", "Supported: timer\r\n"}) {
                        SessionTimer timer({mode, 1800s, 90s});
                        timer.accept(timed_invite(supported + headers));
                        timer.accepted(timed_ok(headers));
                        if (!timer.running()) continue;
                        CPPUNIT_ASSERT(*timer.expires_after() >= 1s);
                        CPPUNIT_ASSERT(!timer.refresh_after() || *timer.refresh_after() >= 1s);
                    }
                }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SessionTimerTest);

}  // namespace
