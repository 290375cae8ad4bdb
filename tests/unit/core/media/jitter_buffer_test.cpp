#include "core/media/jitter_buffer.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <random>
#include <string>

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t ms = 1'000'000;

// A sender with 20 ms packets, a network that the test shapes, and a player that asks every 10 ms.
struct Line {
    explicit Line(JitterBuffer::Settings settings) : buffer(settings) {}
    JitterBuffer buffer;
    std::string heard;              // one letter per packet: its number modulo 26, '-' for a lost one
    std::vector<std::uint64_t> at;  // when each was heard, in ms
    std::uint64_t now = 1'000'000 * ms;

    JitterBuffer::Put send(unsigned number, std::uint64_t arrival_ms, std::uint32_t timestamp_offset = 0) {
        play_until(arrival_ms);
        const std::uint8_t letter = static_cast<std::uint8_t>('a' + number % 26);
        return buffer.put({static_cast<std::uint16_t>(65530 + number), 4294966000u + number * 160 + timestamp_offset, 0,
                           false, std::span(&letter, 1)},
                          now + arrival_ms * ms);
    }
    void play_until(std::uint64_t until_ms) {
        for (; asked <= until_ms; asked += 10)
            while (const auto due = buffer.get(now + asked * ms)) {
                heard += due->lost ? '-' : static_cast<char>(due->packet.payload[0]);
                at.push_back(asked);
            }
    }
    std::uint64_t asked = 0;
};

std::string letters(unsigned count) {
    std::string all;
    for (unsigned i = 0; i < count; ++i) all += static_cast<char>('a' + i % 26);
    return all;
}

}  // namespace

class JitterBufferTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JitterBufferTest);
    CPPUNIT_TEST(gives_even_packets_back_evenly_across_the_wrap);
    CPPUNIT_TEST(puts_reordered_packets_in_order);
    CPPUNIT_TEST(reports_a_lost_packet_when_it_should_be_heard);
    CPPUNIT_TEST(drops_late_and_doubled_packets);
    CPPUNIT_TEST(an_adaptive_delay_follows_the_jitter_and_comes_back);
    CPPUNIT_TEST(a_fixed_delay_stays);
    CPPUNIT_TEST(the_delay_has_a_maximum);
    CPPUNIT_TEST(follows_a_clock_that_drifts);
    CPPUNIT_TEST(begins_anew_after_a_jump);
    CPPUNIT_TEST(a_pause_is_no_loss);
    CPPUNIT_TEST(digits_on_another_way_are_not_missing);
    CPPUNIT_TEST(hostile_numbers_do_no_harm);
    CPPUNIT_TEST_SUITE_END();

    void gives_even_packets_back_evenly_across_the_wrap() {
        Line line({.adaptive = false, .delay = 60ms});
        for (unsigned i = 0; i < 50; ++i) line.send(i, 20 * i);
        line.play_until(2000);
        CPPUNIT_ASSERT_EQUAL(letters(50), line.heard);
        for (std::size_t i = 1; i < line.at.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{20}, line.at[i] - line.at[i - 1]);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{60}, line.at[0]);
    }
    void puts_reordered_packets_in_order() {
        Line line({.adaptive = false, .delay = 60ms});
        line.send(0, 0);
        line.send(2, 30);
        line.send(1, 35);
        line.send(4, 70);
        line.send(3, 75);
        line.play_until(1000);
        CPPUNIT_ASSERT_EQUAL(letters(5), line.heard);
    }
    void reports_a_lost_packet_when_it_should_be_heard() {
        Line line({.adaptive = false, .delay = 60ms});
        for (unsigned i = 0; i < 10; ++i)
            if (i != 3 && i != 4 && i != 7) line.send(i, 20 * i);
        line.play_until(1000);
        CPPUNIT_ASSERT_EQUAL(std::string("abc--fg-ij"), line.heard);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, line.buffer.statistics().lost);
        for (std::size_t i = 1; i < line.at.size(); ++i)
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{20}, line.at[i] - line.at[i - 1]);
    }
    void drops_late_and_doubled_packets() {
        Line line({.adaptive = false, .delay = 40ms});
        line.send(0, 0);
        line.send(1, 20);
        CPPUNIT_ASSERT(line.send(1, 22) == JitterBuffer::Put::doubled);
        line.send(3, 60);
        line.play_until(120);
        CPPUNIT_ASSERT(line.send(2, 130) == JitterBuffer::Put::late);
        line.play_until(1000);
        CPPUNIT_ASSERT_EQUAL(std::string("ab-d"), line.heard);
    }
    void an_adaptive_delay_follows_the_jitter_and_comes_back() {
        Line line({.adaptive = true, .delay = 20ms, .maximum = 300ms});
        std::mt19937 random(1);
        for (unsigned i = 0; i < 400; ++i) line.send(i, 20 * i + random() % 90);
        CPPUNIT_ASSERT(line.buffer.delay() >= 80ms && line.buffer.delay() <= 120ms);
        // Once it knew the jitter nothing was late any more.
        const auto late = line.buffer.statistics().late;
        CPPUNIT_ASSERT(late < 5);
        for (unsigned i = 400; i < 1400; ++i) line.send(i, 20 * i + 45);
        CPPUNIT_ASSERT(line.buffer.delay() <= 15ms);
        CPPUNIT_ASSERT_EQUAL(late, line.buffer.statistics().late);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, line.buffer.statistics().restarts);
    }
    void a_fixed_delay_stays() {
        Line line({.adaptive = false, .delay = 60ms});
        std::mt19937 random(2);
        for (unsigned i = 0; i < 200; ++i) line.send(i, 20 * i + random() % 50);
        line.play_until(5000);
        CPPUNIT_ASSERT(line.buffer.delay() == 60ms);
        CPPUNIT_ASSERT_EQUAL(letters(200), line.heard);
    }
    void the_delay_has_a_maximum() {
        Line line({.adaptive = true, .delay = 20ms, .maximum = 100ms});
        std::mt19937 random(3);
        std::vector<std::pair<std::uint64_t, unsigned>> arrivals;
        for (unsigned i = 0; i < 300; ++i) arrivals.emplace_back(20 * i + (i % 10 == 9 ? 500 : 0), i);
        std::sort(arrivals.begin(), arrivals.end());
        for (const auto& [when, number] : arrivals) line.send(number, when);
        CPPUNIT_ASSERT(line.buffer.delay() == 100ms);
    }
    void follows_a_clock_that_drifts() {
        for (const double rate : {0.997, 1.003}) {
            Line line({.adaptive = true, .delay = 40ms});
            for (unsigned i = 0; i < 20'000; ++i) line.send(i, static_cast<std::uint64_t>(20 * i * rate) + 1000);
            CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, line.buffer.statistics().restarts);
            CPPUNIT_ASSERT(line.buffer.statistics().late < 20);
            CPPUNIT_ASSERT(line.buffer.delay() < 60ms);
            CPPUNIT_ASSERT(line.buffer.waiting() < 6);
        }
    }
    void begins_anew_after_a_jump() {
        Line line({.adaptive = false, .delay = 60ms});
        for (unsigned i = 0; i < 10; ++i) line.send(i, 20 * i);
        CPPUNIT_ASSERT(line.send(10, 200, 900'000) == JitterBuffer::Put::restarted);
        for (unsigned i = 11; i < 20; ++i) line.send(i, 20 * i, 900'000);
        CPPUNIT_ASSERT(line.send(7000, 400, 900'000 - 7000 * 160) == JitterBuffer::Put::restarted);
        line.play_until(2000);
        CPPUNIT_ASSERT(line.heard.find("klmno") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(static_cast<char>('a' + 7000 % 26), line.heard.back());
    }
    void a_pause_is_no_loss() {
        Line line({.adaptive = false, .delay = 60ms});
        for (unsigned i = 0; i < 5; ++i) line.send(i, 20 * i);
        // The sender was silent for two seconds: numbers go on, timestamps follow the time.
        for (unsigned i = 5; i < 10; ++i) line.send(i, 20 * i + 2000, 16'000);
        line.play_until(4000);
        CPPUNIT_ASSERT_EQUAL(letters(10), line.heard);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2020}, line.at[5] - line.at[4]);
    }
    void digits_on_another_way_are_not_missing() {
        Line line({.adaptive = false, .delay = 60ms});
        for (unsigned i = 0; i < 3; ++i) line.send(i, 20 * i);
        for (unsigned i = 3; i < 6; ++i) {
            line.play_until(20 * i);
            line.buffer.pass(static_cast<std::uint16_t>(65530 + i));
        }
        for (unsigned i = 6; i < 9; ++i) line.send(i, 20 * i);
        line.play_until(1000);
        CPPUNIT_ASSERT_EQUAL(std::string("abcghi"), line.heard);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0}, line.buffer.statistics().lost);
    }
    void hostile_numbers_do_no_harm() {
        JitterBuffer buffer({.adaptive = true});
        std::mt19937 random(4);
        std::uint64_t now = 0;
        const std::vector<std::uint8_t> payload(200);
        for (int i = 0; i < 200'000; ++i) {
            now += random() % 30 * ms;
            const std::uint16_t sequence = static_cast<std::uint16_t>(i % 3 ? random() : static_cast<unsigned>(i));
            if (i % 7 == 0) buffer.pass(static_cast<std::uint16_t>(random()));
            buffer.put(
                {sequence, static_cast<std::uint32_t>(random()), 0, false, std::span(payload).first(random() % 200)},
                now);
            for (int got = 0; buffer.get(now); ++got) CPPUNIT_ASSERT(got < 1000);
            CPPUNIT_ASSERT(buffer.waiting() <= 128);
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(JitterBufferTest);
