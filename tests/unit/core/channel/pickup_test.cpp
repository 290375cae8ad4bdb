#include "core/channel/pickup.hpp"

#include "core/channel/dial.hpp"
#include "core/runtime/event_bus.hpp"
#include "tests/unit/core/channel/fake_driver.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class PickupTest : public ChannelTest {
    CPPUNIT_TEST_SUITE(PickupTest);
    CPPUNIT_TEST(groups_are_numbered_or_named);
    CPPUNIT_TEST(the_call_that_rings_longest_is_found);
    CPPUNIT_TEST(what_is_answered_or_ones_own_is_not_picked_up);
    CPPUNIT_TEST(it_is_told_before_the_devices_change_places);
    CPPUNIT_TEST_SUITE_END();

    std::unique_ptr<DialLeg> ring(const char* name, Channel* caller = nullptr) {
        HangupCause cause{};
        auto leg = DialLeg::start({.technology = "Fake", .destination = name, .requestor = caller}, cause).value();
        phone(name).channel->remote_event({ChannelEvent::Kind::ringing});
        return leg;
    }
    static bool anything(const Channel&) { return true; }

    void groups_are_numbered_or_named() {
        run([&] {
            auto ringing = incoming("a"), picker = incoming("b");
            auto& called = ringing->attributes();
            auto& picking = picker->attributes();
            const auto shares = [&](const char* call_groups, const char* pickup_groups) {
                called.call_groups = call_groups;
                picking.pickup_groups = pickup_groups;
                return shares_pickup_group(ringing.channel(), picker.channel());
            };
            CPPUNIT_ASSERT(!shares("", ""));
            CPPUNIT_ASSERT(shares("2", "1-3"));
            CPPUNIT_ASSERT(shares("0,63", "63"));
            CPPUNIT_ASSERT(!shares("4", "1-3,5"));
            CPPUNIT_ASSERT(!shares("64", "64"));
            CPPUNIT_ASSERT(!shares("x", "x"));
            CPPUNIT_ASSERT(!shares("", "0-63"));
            called.named_call_groups = "sales, support";
            picking.named_pickup_groups = "Support";
            CPPUNIT_ASSERT(shares("", ""));
            picking.named_pickup_groups = "porter";
            CPPUNIT_ASSERT(!shares("", ""));
        });
    }
    void the_call_that_rings_longest_is_found() {
        run([&] {
            auto picker = incoming("a");
            CPPUNIT_ASSERT(!find_ringing(picker.channel(), anything));
            auto first = ring("b"), second = ring("c");
            CPPUNIT_ASSERT(find_ringing(picker.channel(), anything) == &first->channel());
            CPPUNIT_ASSERT(find_ringing(picker.channel(), [&](const Channel& each) { return &each == &second->channel(); }) == &second->channel());
            CPPUNIT_ASSERT(dial_leg_of(second->channel()) == second.get());
            first.reset();
            CPPUNIT_ASSERT(find_ringing(picker.channel(), anything) == &second->channel());
        });
    }
    void what_is_answered_or_ones_own_is_not_picked_up() {
        run([&] {
            auto caller = incoming("a"), picker = incoming("d");
            auto leg = ring("b", &caller.channel());
            CPPUNIT_ASSERT(!can_pick_up(leg->channel(), caller.channel()));  // who calls
            CPPUNIT_ASSERT(!can_pick_up(picker.channel(), caller.channel()));  // nobody calls it
            CPPUNIT_ASSERT(can_pick_up(leg->channel(), picker.channel()));
            phone("b").channel->remote_answered();
            while (leg->next_event()) {
            }
            CPPUNIT_ASSERT(!can_pick_up(leg->channel(), picker.channel()));
            auto refused = pick_up(leg->channel(), std::move(picker));
            CPPUNIT_ASSERT(code_of(refused) == ErrorCode::not_found);
        });
    }
    void it_is_told_before_the_devices_change_places() {
        run([&] {
            auto leg = ring("b");
            auto picker = incoming("c", false);
            std::string told;
            const auto subscription = subscribe<CallPickedUp>([&](const CallPickedUp& event) {
                told = event.picker.name() + " " + event.ringing.name();
            });
            const std::string expected = picker->name() + " " + leg->channel().name();
            CPPUNIT_ASSERT(pick_up(leg->channel(), std::move(picker)).has_value());
            CPPUNIT_ASSERT_EQUAL(expected, told);
            CPPUNIT_ASSERT(phone("b").was("hang up 26"));
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PickupTest);
