#include "modules/res_rtp/extended_reception.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <set>

using namespace jackfield;
using namespace jackfield::rtp;

class ExtendedReceptionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ExtendedReceptionTest);
    CPPUNIT_TEST(tells_bursts_from_single_losses);
    CPPUNIT_TEST(a_late_packet_counts_as_discarded_not_as_lost);
    CPPUNIT_TEST(sums_up_what_came_since_the_last_summary);
    CPPUNIT_TEST(a_jump_is_no_loss);
    CPPUNIT_TEST(rates_by_the_e_model);
    CPPUNIT_TEST_SUITE_END();

    // Packets of 20 ms with these left out, across the wrap of the numbers.
    static ExtendedReception heard(unsigned packets, const std::set<unsigned>& missing) {
        ExtendedReception reception;
        for (unsigned i = 0; i < packets; ++i)
            if (!missing.contains(i)) reception.hear(static_cast<std::uint16_t>(65500 + i), i * 160, i * 160);
        return reception;
    }

  public:
    void tells_bursts_from_single_losses() {
        // 232 packets, 200 of them settled: one alone, one burst of 5 with 3 missing.
        const auto reception = heard(232, {50, 100, 102, 104});
        VoipMetrics metrics;
        reception.describe(metrics, 8000);
        CPPUNIT_ASSERT_EQUAL(4u * 256 / 200, unsigned{metrics.loss_rate});
        CPPUNIT_ASSERT_EQUAL(0u, unsigned{metrics.discard_rate});
        CPPUNIT_ASSERT_EQUAL(3u * 256 / 5, unsigned{metrics.burst_density});
        CPPUNIT_ASSERT_EQUAL(1u * 256 / 195, unsigned{metrics.gap_density});
        CPPUNIT_ASSERT_EQUAL(100u, unsigned{metrics.burst_duration});
        CPPUNIT_ASSERT_EQUAL(195u * 20 / 2, unsigned{metrics.gap_duration});
        CPPUNIT_ASSERT_EQUAL(16u, unsigned{metrics.minimum_gap});
        // Sixteen good ones end a burst, fifteen do not.
        VoipMetrics two, one;
        heard(232, {20, 21, 38, 39}).describe(two, 8000);
        heard(232, {20, 21, 37, 38}).describe(one, 8000);
        CPPUNIT_ASSERT_EQUAL(40u, unsigned{two.burst_duration});
        CPPUNIT_ASSERT_EQUAL(19u * 20, unsigned{one.burst_duration});
    }
    void a_late_packet_counts_as_discarded_not_as_lost() {
        ExtendedReception reception;
        for (unsigned i = 0; i < 132; ++i) {
            if (i != 40) reception.hear(static_cast<std::uint16_t>(i), i * 160, i * 160);
            if (i == 45) reception.hear(40, 40 * 160, i * 160);
            if (i == 45) reception.discard(40);
            if (i == 60) reception.hear(50, 50 * 160, i * 160);  // twice
        }
        VoipMetrics metrics;
        reception.describe(metrics, 8000);
        CPPUNIT_ASSERT_EQUAL(0u, unsigned{metrics.loss_rate});
        CPPUNIT_ASSERT_EQUAL(2u, unsigned{metrics.discard_rate});
        CPPUNIT_ASSERT_EQUAL(1u, reception.summary()->doubled);
    }
    void sums_up_what_came_since_the_last_summary() {
        ExtendedReception reception;
        CPPUNIT_ASSERT(!reception.summary());
        for (unsigned i = 0; i < 132; ++i)
            if (i % 10 != 3) reception.hear(static_cast<std::uint16_t>(65500 + i), i * 160, i * 160 + (i % 2 ? 40 : 0));
        const auto first = reception.summary();
        CPPUNIT_ASSERT(first);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{65500}, first->begin);
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(65600), first->end);
        CPPUNIT_ASSERT_EQUAL(10u, first->lost);
        CPPUNIT_ASSERT_EQUAL(0u, first->jitter_least);  // over a packet that is missing
        CPPUNIT_ASSERT_EQUAL(40u, first->jitter_most);
        CPPUNIT_ASSERT(first->jitter_mean > 30 && first->jitter_mean < 40 && first->jitter_deviation > 0);
        CPPUNIT_ASSERT(!reception.summary());
        for (unsigned i = 132; i < 142; ++i) reception.hear(static_cast<std::uint16_t>(65500 + i), i * 160, i * 160);
        const auto second = reception.summary();
        CPPUNIT_ASSERT(second);
        CPPUNIT_ASSERT_EQUAL(first->end, second->begin);
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(first->end + 10), second->end);
        CPPUNIT_ASSERT_EQUAL(1u, second->lost);
    }
    void a_jump_is_no_loss() {
        auto reception = heard(100, {});
        for (unsigned i = 0; i < 100; ++i) reception.hear(static_cast<std::uint16_t>(20000 + i), i * 160, i * 160);
        VoipMetrics metrics;
        reception.describe(metrics, 8000);
        CPPUNIT_ASSERT_EQUAL(0u, unsigned{metrics.loss_rate});
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{20000}, reception.summary()->begin);
    }
    void rates_by_the_e_model() {
        CPPUNIT_ASSERT_DOUBLES_EQUAL(93.2, *transmission_rating("ulaw", 0, 0), 0.01);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(4.41, mean_opinion(93.2), 0.01);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(82.2, *transmission_rating("g729", 0, 0), 0.01);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(93.2 - 0.024 * 200 - 0.11 * 22.7, *transmission_rating("alaw", 0, 200), 0.01);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(93.2 - 95 / 2.0, *transmission_rating("ulaw", 0.043, 0), 0.01);  // as much as it can bear
        CPPUNIT_ASSERT_DOUBLES_EQUAL(0, *transmission_rating("ulaw", 1, 3000), 0.01);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(1, mean_opinion(0), 0.01);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(4.5, mean_opinion(100), 0.01);
        CPPUNIT_ASSERT(!transmission_rating("opus", 0, 0));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ExtendedReceptionTest);
