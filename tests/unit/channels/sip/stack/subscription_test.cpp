// When NOTIFYs go out and when a subscription is over.
#include "channels/sip/stack/subscription.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;
using namespace std::chrono_literals;

namespace {

struct Subscriber : NotifierSubscription::User {
    Instant now{1h};
    StackTimers timers{now};
    std::string sent;
    bool over = false;
    NotifierSubscription subscription{*this, timers, 50ms};

    void send_notify(std::string_view state) override { sent += std::string(state) + "|"; }
    void on_subscription_over() override { over = true; }
    void pass(std::chrono::milliseconds time, std::chrono::milliseconds step = 10ms) {
        for (const Instant end = now + time; now < end;) timers.advance(now += step);
    }
    std::string take() { return std::exchange(sent, {}); }
};

class SubscriptionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SubscriptionTest);
    CPPUNIT_TEST(expiries_are_granted_shortened_or_refused);
    CPPUNIT_TEST(a_subscription_is_told_at_once_and_again_when_refreshed);
    CPPUNIT_TEST(a_fetch_is_one_notify);
    CPPUNIT_TEST(it_ends_when_it_is_not_refreshed);
    CPPUNIT_TEST(odd_expiries_end_on_time_by_few_timers);
    CPPUNIT_TEST(changes_meanwhile_become_one_notify);
    CPPUNIT_TEST(changes_in_quick_succession_wait_for_the_interval);
    CPPUNIT_TEST(a_refused_or_unanswered_notify_ends_it);
    CPPUNIT_TEST(a_temporary_refusal_is_tried_again);
    CPPUNIT_TEST(the_end_waits_for_the_notify_under_way);
    CPPUNIT_TEST(reasons_have_their_names);
    CPPUNIT_TEST_SUITE_END();

  public:
    void expiries_are_granted_shortened_or_refused() {
        const SubscriptionTimes times{60s, 7200s, 3600s};
        CPPUNIT_ASSERT(grant({}, times) == 3600s);
        CPPUNIT_ASSERT(grant(0, times) == 0s);
        CPPUNIT_ASSERT(grant(60, times) == 60s);
        CPPUNIT_ASSERT(grant(4294967295u, times) == 7200s);
        CPPUNIT_ASSERT(!grant(59, times));
    }

    void a_subscription_is_told_at_once_and_again_when_refreshed() {
        Subscriber phone;
        phone.subscription.refresh(600s);
        CPPUNIT_ASSERT_EQUAL(std::string("active;expires=600|"), phone.take());
        phone.subscription.answered(200);
        phone.pass(100s, 1s);
        phone.subscription.refresh(3600s);
        CPPUNIT_ASSERT_EQUAL(std::string("active;expires=3600|"), phone.take());
        phone.subscription.answered(200);
        phone.pass(1000s, 1s);
        CPPUNIT_ASSERT(phone.subscription.remaining() == 2600s);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
    }

    void a_fetch_is_one_notify() {
        Subscriber phone;
        phone.subscription.refresh(0s);
        CPPUNIT_ASSERT_EQUAL(std::string("terminated;reason=timeout|"), phone.take());
        CPPUNIT_ASSERT(!phone.over);
        phone.subscription.changed();
        phone.subscription.answered(200);
        CPPUNIT_ASSERT(phone.over);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
    }

    void it_ends_when_it_is_not_refreshed() {
        Subscriber phone;
        phone.subscription.refresh(60s);
        phone.subscription.answered(200);
        phone.take();
        phone.pass(59500ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
        phone.pass(2s);
        CPPUNIT_ASSERT_EQUAL(std::string("terminated;reason=timeout|"), phone.take());
        phone.subscription.answered(200);
        CPPUNIT_ASSERT(phone.over && phone.subscription.over());
    }

    void odd_expiries_end_on_time_by_few_timers() {
        Subscriber phone;
        phone.subscription.refresh(86399s);
        phone.subscription.answered(200);
        phone.take();
        phone.pass(86398s, 500ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
        CPPUNIT_ASSERT(phone.subscription.remaining() == 1s);
        phone.pass(2s);
        CPPUNIT_ASSERT_EQUAL(std::string("terminated;reason=timeout|"), phone.take());
    }

    void changes_meanwhile_become_one_notify() {
        Subscriber phone;
        phone.subscription.refresh(600s);
        phone.take();
        for (int i = 0; i < 5; ++i) phone.subscription.changed();
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
        phone.subscription.answered(200);
        phone.pass(60ms);
        CPPUNIT_ASSERT_EQUAL(std::string("active;expires=600|"), phone.take());
        phone.subscription.answered(200);
        phone.pass(200ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
    }

    void changes_in_quick_succession_wait_for_the_interval() {
        Subscriber phone;
        phone.subscription.refresh(600s);
        phone.subscription.answered(200);
        phone.pass(100ms);
        phone.take();
        phone.subscription.changed();
        CPPUNIT_ASSERT_EQUAL(std::string("active;expires=600|"), phone.take());
        phone.subscription.answered(200);
        phone.pass(10ms);
        phone.subscription.changed();
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
        phone.pass(50ms);
        CPPUNIT_ASSERT_EQUAL(std::string("active;expires=600|"), phone.take());
    }

    void a_refused_or_unanswered_notify_ends_it() {
        for (const int status : {481, 404, 500, 603}) {
            Subscriber phone;
            phone.subscription.refresh(600s);
            phone.subscription.answered(status);
            CPPUNIT_ASSERT(phone.over);
            phone.subscription.changed();
            phone.pass(700s, 1s);
            CPPUNIT_ASSERT_EQUAL(std::string("active;expires=600|"), phone.take());
        }
        Subscriber phone;
        phone.subscription.refresh(600s);
        phone.subscription.failed();
        CPPUNIT_ASSERT(phone.over);
        Subscriber gone;
        gone.subscription.refresh(600s);
        gone.subscription.answered(481, 5s);
        CPPUNIT_ASSERT(gone.over);
    }

    void a_temporary_refusal_is_tried_again() {
        Subscriber phone;
        phone.subscription.refresh(600s);
        phone.take();
        phone.subscription.answered(503, 3s);
        CPPUNIT_ASSERT(!phone.over);
        phone.pass(2900ms);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
        phone.pass(200ms);
        CPPUNIT_ASSERT_EQUAL(std::string("active;expires=597|"), phone.take());
    }

    void the_end_waits_for_the_notify_under_way() {
        Subscriber phone;
        phone.subscription.refresh(600s);
        phone.take();
        phone.subscription.terminate(SubscriptionEnd::noresource);
        phone.subscription.terminate(SubscriptionEnd::rejected);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.sent);
        CPPUNIT_ASSERT(phone.subscription.terminating());
        phone.subscription.answered(200);
        CPPUNIT_ASSERT_EQUAL(std::string("terminated;reason=noresource|"), phone.take());
        phone.subscription.answered(200);
        CPPUNIT_ASSERT(phone.over);
    }

    void reasons_have_their_names() {
        Subscriber phone;
        phone.subscription.refresh(600s);
        phone.subscription.answered(200);
        phone.take();
        phone.subscription.terminate(SubscriptionEnd::probation, 30s);
        CPPUNIT_ASSERT_EQUAL(std::string("terminated;reason=probation;retry-after=30|"), phone.take());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SubscriptionTest);

}  // namespace
