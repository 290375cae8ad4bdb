// Hints: states of extensions by those of their devices, watched over reloads.
#include "core/dialplan/hints.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "core/channel/device_state.hpp"
#include "tests/unit/core/dialplan/dialplan_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class HintsTest : public DialplanTest {
  public:
    void setUp() override {
        DialplanTest::setUp();
        // What the test before left is news to those who remember.
        for (const char* device : {"a", "b", "c", "d"}) device_state_changed(fmt::format("Fake/{}", device));
        settle();
    }
    void set(const char* device, DeviceState state) {
        phone(device).state = state;
        device_state_changed(fmt::format("Fake/{}", device));
        settle();
    }
    void settle() { loop->run_for(std::chrono::milliseconds(20), [] { return false; }); }
    HintWatch::Changed keep() {
        return [this](ExtensionState state, DeviceState) { trace.emplace_back(to_string(state)); };
    }

    void an_extension_shows_the_busiest_of_its_devices() {
        plan("[default]\nexten => 1,hint,Fake/a&Fake/b\nexten => 2,hint,Fake/nobody\n");
        settle();
        CPPUNIT_ASSERT(*extension_state("default", "1") == ExtensionState::not_in_use);
        CPPUNIT_ASSERT(*extension_state("default", "2") == ExtensionState::unavailable);
        CPPUNIT_ASSERT(!extension_state("default", "3"));
        set("b", DeviceState::ringing);
        CPPUNIT_ASSERT(*extension_state("default", "1") == ExtensionState::ringing);
        set("a", DeviceState::in_use);
        CPPUNIT_ASSERT(*extension_state("default", "1") == ExtensionState::in_use_ringing);
    }
    void changes_are_published_once() {
        plan("[default]\nexten => 1,hint,Fake/a&Fake/b\n");
        settle();
        std::vector<std::string> seen;
        const auto subscription = subscribe<ExtensionStateChanged>([&](const ExtensionStateChanged& change) {
            seen.push_back(fmt::format("{}@{}:{}:{}", change.extension, change.context, change.hint, to_string(change.state)));
        });
        set("a", DeviceState::in_use);
        set("a", DeviceState::in_use);
        set("c", DeviceState::in_use);
        CPPUNIT_ASSERT_EQUAL(std::string("1@default:Fake/a&Fake/b:InUse"), join(seen, " "));
    }
    void a_watch_survives_reloads() {
        plan("[default]\nexten => 1,hint,Fake/a\n");
        settle();
        const HintWatch watch("default", "1", keep());
        CPPUNIT_ASSERT(watch.state() == ExtensionState::not_in_use);
        set("a", DeviceState::in_use);
        plan("[default]\nexten => 1,hint,Fake/b\n");
        settle();
        set("a", DeviceState::not_in_use);
        set("b", DeviceState::busy);
        plan("[default]\nexten => 2,hint,Fake/b\n");
        settle();
        set("b", DeviceState::in_use);
        plan("[default]\nexten => 1,hint,Fake/b\n");
        settle();
        CPPUNIT_ASSERT_EQUAL(std::string("InUse Idle Busy Removed InUse"), traced());
    }
    void a_pattern_gives_hints_to_those_who_ask() {
        plan("[default]\nexten => _9a,hint,Fake/${EXTEN:1}\n");
        settle();
        CPPUNIT_ASSERT(list_hints().empty());
        {
            const HintWatch watch("default", "9a", keep());
            CPPUNIT_ASSERT_EQUAL(std::size_t(1), list_hints().size());
            CPPUNIT_ASSERT_EQUAL(std::string("Fake/a"), list_hints().front().hint);
            set("a", DeviceState::in_use);
            CPPUNIT_ASSERT_EQUAL(std::string("InUse"), traced());
            plan("[default]\nexten => _9!,hint,Fake/${EXTEN:1}\nexten => 5,1,NoOp()\n");
            settle();
            set("a", DeviceState::on_hold);
            CPPUNIT_ASSERT_EQUAL(std::string("InUse Hold"), traced());
        }
        CPPUNIT_ASSERT(list_hints().empty());
    }
    void a_watch_may_end_in_its_own_function() {
        plan("[default]\nexten => 1,hint,Fake/a\n");
        settle();
        std::unique_ptr<HintWatch> watch;
        int calls = 0;
        watch = std::make_unique<HintWatch>("default", "1", [&](ExtensionState, DeviceState) {
            ++calls;
            watch.reset();
        });
        set("a", DeviceState::in_use);
        set("a", DeviceState::busy);
        CPPUNIT_ASSERT_EQUAL(1, calls);
    }
    void hints_are_listed_with_their_watchers() {
        plan("[default]\nexten => 1,hint,Fake/a\n[b]\nexten => 1,hint,Fake/b,CustomPresence:b(Bob)\n");
        settle();
        const HintWatch one("b", "1", keep()), two("b", "1", keep());
        const auto hints = list_hints();
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), hints.size());
        CPPUNIT_ASSERT_EQUAL(std::string("b"), hints.front().context);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), hints.front().watchers);
        CPPUNIT_ASSERT_EQUAL(std::string("Bob"), *hint_name("b", "1"));
        CPPUNIT_ASSERT_EQUAL(std::string("Fake/b,CustomPresence:b"), *hint_text("b", "1"));
    }

    CPPUNIT_TEST_SUITE(HintsTest);
    CPPUNIT_TEST(an_extension_shows_the_busiest_of_its_devices);
    CPPUNIT_TEST(changes_are_published_once);
    CPPUNIT_TEST(a_watch_survives_reloads);
    CPPUNIT_TEST(a_pattern_gives_hints_to_those_who_ask);
    CPPUNIT_TEST(a_watch_may_end_in_its_own_function);
    CPPUNIT_TEST(hints_are_listed_with_their_watchers);
    CPPUNIT_TEST_SUITE_END();
};
CPPUNIT_TEST_SUITE_REGISTRATION(HintsTest);

}  // namespace
