#include "core/channel/device_state.hpp"

#include "core/channel/remote_device_state.hpp"
#include "tests/unit/core/channel/fake_driver.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class DeviceStateTest : public ChannelTest {
    CPPUNIT_TEST_SUITE(DeviceStateTest);
    CPPUNIT_TEST(drivers_and_providers_are_asked);
    CPPUNIT_TEST(a_change_is_told_once_and_later);
    CPPUNIT_TEST(what_has_not_changed_is_not_told);
    CPPUNIT_TEST(a_driver_of_two_names_is_told_under_both);
    CPPUNIT_TEST(a_channel_that_changes_tells_its_device);
    CPPUNIT_TEST(states_of_other_servers_count_until_they_are_forgotten);
    CPPUNIT_TEST_SUITE_END();

    void drivers_and_providers_are_asked() {
        CPPUNIT_ASSERT(module->add(DeviceStateProvider{"Custom", [](std::string_view rest) {
            return rest == "lamp" ? DeviceState::in_use : DeviceState::unknown;
        }}));
        CPPUNIT_ASSERT(device_state("Custom:lamp") == DeviceState::in_use);
        CPPUNIT_ASSERT(device_state("Queue:x") == DeviceState::invalid);
        CPPUNIT_ASSERT(device_state("fake/a") == DeviceState::not_in_use);
        CPPUNIT_ASSERT(device_state("Fake/nobody") == DeviceState::invalid);
        CPPUNIT_ASSERT(device_state("nonsense") == DeviceState::invalid);
    }
    void states_of_other_servers_count_until_they_are_forgotten() {
        std::string told;
        const auto subscription = subscribe<DeviceStateChange>([&](const auto& change) { told += fmt::format("{} {} ", change.device, to_string(change.state)); });
        CPPUNIT_ASSERT(set_remote_device_state("one", "Fake/far", DeviceState::in_use));
        CPPUNIT_ASSERT(set_remote_device_state("two", "Fake/far", DeviceState::not_in_use));
        CPPUNIT_ASSERT(set_remote_device_state("two", "Fake/d", DeviceState::ringing));
        CPPUNIT_ASSERT(!set_remote_device_state("two", "nonsense", DeviceState::ringing));
        loop->run_until_idle();
        CPPUNIT_ASSERT(device_state("Fake/far") == DeviceState::in_use);
        CPPUNIT_ASSERT(device_state("fake/FAR") == DeviceState::in_use);
        CPPUNIT_ASSERT(local_device_state("Fake/far") == DeviceState::invalid);
        phone("d").state = DeviceState::in_use;
        CPPUNIT_ASSERT(device_state("Fake/d") == DeviceState::ring_in_use);
        CPPUNIT_ASSERT(told.contains("Fake/far INUSE "));
        forget_remote_device_states("one");
        loop->run_until_idle();
        CPPUNIT_ASSERT(device_state("Fake/far") == DeviceState::not_in_use);
        forget_remote_device_states("two");
        forget_remote_device_states("two");
        loop->run_until_idle();
        CPPUNIT_ASSERT(device_state("Fake/far") == DeviceState::invalid);
        CPPUNIT_ASSERT(device_state("Fake/d") == DeviceState::in_use);
    }
    void a_change_is_told_once_and_later() {
        std::string told;
        const auto subscription = subscribe<DeviceStateChange>(
            [&](const auto& change) { told += fmt::format("{} {} ", change.device, to_string(change.state)); });
        phone("a").state = DeviceState::ringing;
        device_state_changed("Fake/a");
        device_state_changed("Fake/a");
        phone("a").state = DeviceState::in_use;
        CPPUNIT_ASSERT_EQUAL(std::string(), told);
        loop->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::string("Fake/a INUSE "), told);
    }
    void what_has_not_changed_is_not_told() {
        device_state_changed("Fake/b");
        loop->run_until_idle();
        int told = 0;
        const auto subscription = subscribe<DeviceStateChange>([&](const auto&) { ++told; });
        device_state_changed("Fake/b");
        loop->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(0, told);
        phone("b").state = DeviceState::unavailable;
        device_state_changed("Fake/b");
        loop->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(1, told);
    }
    void a_driver_of_two_names_is_told_under_both() {
        CPPUNIT_ASSERT(module->add("Alias", *driver).has_value());
        std::set<std::string> told;
        const auto subscription = subscribe<DeviceStateChange>([&](const auto& change) { told.insert(change.device); });
        phone("c").state = DeviceState::busy;
        device_state_changed("Fake/c");
        loop->run_until_idle();
        CPPUNIT_ASSERT((told == std::set<std::string>{"Fake/c", "Alias/c"}));
    }
    void a_channel_that_changes_tells_its_device() {
        std::set<std::string> told;
        const auto subscription = subscribe<DeviceStateChange>([&](const auto& change) { told.insert(change.device); });
        run([&] {
            auto d = incoming("d", false);
            (void)yield();
            told.clear();
            phone("d").state = DeviceState::in_use;
            d->set_state(ChannelState::up);
            CPPUNIT_ASSERT(until([&] { return told.contains("Fake/d"); }));
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DeviceStateTest);
