#include "core/runtime/event_bus.hpp"

#include <string>
#include <vector>

#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

struct HungUp {
    static constexpr std::string_view topic = "test.hungup";
    int cause;
};
struct Answered {
    static constexpr std::string_view topic = "test.answered";
};

}  // namespace

class EventBusTest : public LoopTest {
    CPPUNIT_TEST_SUITE(EventBusTest);
    CPPUNIT_TEST(reaches_subscribers_of_the_type_in_order);
    CPPUNIT_TEST(ends_with_the_subscription);
    CPPUNIT_TEST(may_end_from_inside_its_own_function);
    CPPUNIT_TEST(skips_one_that_another_subscriber_ended);
    CPPUNIT_TEST(spares_who_subscribes_while_it_is_published);
    CPPUNIT_TEST(survives_an_exception_of_a_subscriber);
    CPPUNIT_TEST(may_publish_from_a_subscriber);
    CPPUNIT_TEST(runs_under_the_gate_of_the_subscriber);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reaches_subscribers_of_the_type_in_order() {
        std::string order;
        CPPUNIT_ASSERT(!wanted<HungUp>());
        const auto first = subscribe<HungUp>([&](const HungUp& event) { order += "a" + std::to_string(event.cause); });
        const auto second = subscribe<HungUp>([&](const HungUp&) { order += "b"; });
        const auto other = subscribe<Answered>([&](const Answered&) { order += "x"; });
        CPPUNIT_ASSERT(wanted<HungUp>());
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(std::string("a16b"), order);
    }

    void ends_with_the_subscription() {
        int heard = 0;
        {
            const auto subscription = subscribe<HungUp>([&](const HungUp&) { ++heard; });
            publish(HungUp{16});
        }
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(1, heard);
        CPPUNIT_ASSERT(!wanted<HungUp>());
    }

    void may_end_from_inside_its_own_function() {
        Subscription subscription;
        std::string text = "a text that is long enough for the heap", seen;
        subscription = subscribe<HungUp>([&subscription, &seen, text](const HungUp&) {
            subscription = {};
            seen += text;  // the captures live until the function returns
        });
        publish(HungUp{16});
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(text, seen);
    }

    void skips_one_that_another_subscriber_ended() {
        Subscription second;
        int heard = 0;
        const auto first = subscribe<HungUp>([&](const HungUp&) { second = {}; });
        second = subscribe<HungUp>([&](const HungUp&) { ++heard; });
        const auto third = subscribe<HungUp>([&](const HungUp&) { heard += 10; });
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(10, heard);
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(20, heard);
    }

    void spares_who_subscribes_while_it_is_published() {
        std::vector<Subscription> later;
        int heard = 0;
        const auto first = subscribe<HungUp>(
            [&](const HungUp&) { later.push_back(subscribe<HungUp>([&](const HungUp&) { ++heard; })); });
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(0, heard);
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(1, heard);
    }

    void survives_an_exception_of_a_subscriber() {
        int heard = 0;
        const auto faulty = subscribe<HungUp>([](const HungUp&) { throw 1; });
        const auto good = subscribe<HungUp>([&](const HungUp&) { ++heard; });
        publish(HungUp{16});
        CPPUNIT_ASSERT_EQUAL(1, heard);
    }

    void may_publish_from_a_subscriber() {
        std::string order;
        Subscription ended;
        const auto first = subscribe<HungUp>([&](const HungUp& event) {
            order += std::to_string(event.cause);
            ended = {};
            if (event.cause > 0) publish(HungUp{event.cause - 1});
        });
        ended = subscribe<HungUp>([&](const HungUp&) { order += 'x'; });
        publish(HungUp{2});
        CPPUNIT_ASSERT_EQUAL(std::string("210"), order);
    }

    void runs_under_the_gate_of_the_subscriber() {
        Gate gate("app_listener");
        Gate* seen = nullptr;
        Subscription subscription;
        {
            const RunningGate running(&gate);
            subscription = subscribe<HungUp>([&](const HungUp&) { seen = running_gate(); });
        }
        publish(HungUp{16});
        CPPUNIT_ASSERT(seen == &gate);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(EventBusTest);
