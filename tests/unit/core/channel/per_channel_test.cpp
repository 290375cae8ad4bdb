#include "core/channel/per_channel.hpp"

#include "tests/unit/core/channel/fake_driver.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class PerChannelTest : public ChannelTest {
    CPPUNIT_TEST_SUITE(PerChannelTest);
    CPPUNIT_TEST(keeps_one_for_each_until_it_ends);
    CPPUNIT_TEST_SUITE_END();

    void keeps_one_for_each_until_it_ends() {
        PerChannel<std::string> kept;
        run([&] {
            auto a = incoming("a"), b = incoming("b");
            kept.of(a.channel()) = "first";
            kept.of(b.channel()) = "second";
            CPPUNIT_ASSERT_EQUAL(std::string("first"), *kept.find(a.channel()));
            kept.erase(a.channel());
            CPPUNIT_ASSERT(!kept.find(a.channel()) && kept.find(b.channel()));
            b->hang_up(HangupCause::normal_clearing);
            b.release();
            CPPUNIT_ASSERT(until([&] { return kept.begin() == kept.end(); }));
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PerChannelTest);
