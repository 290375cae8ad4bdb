#include "core/runtime/dns_message.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <vector>

using namespace jackfield;

class DnsMessageTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DnsMessageTest);
    CPPUNIT_TEST(finds_the_smallest_of_several);
    CPPUNIT_TEST(survives_every_cut);
    CPPUNIT_TEST_SUITE_END();

    // a.b IN A, answered by two records: one with a pointer as its name, one with labels.
    static std::vector<std::uint8_t> message() {
        return {0,    1,   0x81, 0x80, 0, 1, 0, 2, 0, 0,  0, 0,                            // header
                1,    'a', 1,    'b',  0, 0, 1, 0, 1,                                      // question
                0xC0, 12,  0,    1,    0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 1,              // 300 s
                1,    'a', 1,    'b',  0, 0, 1, 0, 1, 0,  0, 0, 60,  0, 4, 192, 0, 2, 2};  // 60 s
    }

  public:
    void finds_the_smallest_of_several() {
        CPPUNIT_ASSERT_EQUAL(std::int64_t{60}, std::int64_t{shortest_time_to_live(message()).count()});
    }
    void survives_every_cut() {
        auto bytes = message();
        while (!bytes.empty()) {
            bytes.pop_back();
            const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());  // so that sanitizers see an overrun
            CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, std::int64_t{shortest_time_to_live(exact).count()});
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DnsMessageTest);
