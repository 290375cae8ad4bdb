#include "modules/res_rtp/telephone_events.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

#include "modules/res_rtp/source_learning.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

namespace {

constexpr std::uint64_t ms = 1'000'000;

struct EventListener {
    EventReceiver receiver;
    std::string heard;
    std::uint32_t length = 0;
    void take(const FoundDigits& found) {
        for (std::size_t i = 0; i < found.count; ++i) {
            heard += found.digits[i].end ? std::string("/") + found.digits[i].key : std::string(1, found.digits[i].key);
            if (found.digits[i].end) length = found.digits[i].duration_ms;
        }
    }
    void hear(std::uint8_t event, std::uint32_t timestamp, std::uint16_t duration, bool end, std::uint64_t at_ms) {
        take(receiver.hear({event, end, 10, duration}, timestamp, at_ms * ms, 8000));
    }
};

}  // namespace

class TelephoneEventsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TelephoneEventsTest);
    CPPUNIT_TEST(one_digit_of_many_packets);
    CPPUNIT_TEST(a_digit_of_which_only_the_end_arrived);
    CPPUNIT_TEST(a_lost_end_is_found_by_the_next_digit);
    CPPUNIT_TEST(a_lost_end_is_found_by_time);
    CPPUNIT_TEST(the_same_digit_twice_is_two_digits);
    CPPUNIT_TEST(an_overtaken_packet_changes_nothing);
    CPPUNIT_TEST(a_long_digit_goes_on_in_segments);
    CPPUNIT_TEST(unknown_events_are_left_alone);
    CPPUNIT_TEST(a_sender_grows_and_repeats_the_end);
    CPPUNIT_TEST(what_is_sent_is_heard);
    CPPUNIT_TEST(a_source_is_learnt_by_packets_in_sequence);
    CPPUNIT_TEST(a_stranger_is_not_heard_beside_the_expected_source);
    CPPUNIT_TEST(a_stranger_does_not_disturb_the_learning_of_another);
    CPPUNIT_TEST_SUITE_END();

    void one_digit_of_many_packets() {
        EventListener phone;
        for (unsigned i = 1; i <= 5; ++i) phone.hear(5, 1000, static_cast<std::uint16_t>(160 * i), false, 20 * i);
        CPPUNIT_ASSERT_EQUAL(std::string("5"), phone.heard);
        for (int i = 0; i < 3; ++i) phone.hear(5, 1000, 960, true, 120);
        CPPUNIT_ASSERT_EQUAL(std::string("5/5"), phone.heard);
        CPPUNIT_ASSERT_EQUAL(120u, phone.length);
    }
    void a_digit_of_which_only_the_end_arrived() {
        EventListener phone;
        phone.hear(11, 1000, 960, true, 0);
        phone.hear(11, 1000, 960, true, 1);
        CPPUNIT_ASSERT_EQUAL(std::string("#/#"), phone.heard);
    }
    void a_lost_end_is_found_by_the_next_digit() {
        EventListener phone;
        phone.hear(1, 1000, 160, false, 0);
        phone.hear(2, 5000, 160, false, 300);
        CPPUNIT_ASSERT_EQUAL(std::string("1/12"), phone.heard);
    }
    void a_lost_end_is_found_by_time() {
        EventListener phone;
        phone.hear(1, 1000, 160, false, 0);
        phone.take(phone.receiver.check(300 * ms));
        CPPUNIT_ASSERT_EQUAL(std::string("1"), phone.heard);
        phone.take(phone.receiver.check(400 * ms));
        phone.take(phone.receiver.check(500 * ms));
        CPPUNIT_ASSERT_EQUAL(std::string("1/1"), phone.heard);
        phone.hear(1, 1000, 320, false, 520);  // it comes too late to be another one
        CPPUNIT_ASSERT_EQUAL(std::string("1/1"), phone.heard);
    }
    void the_same_digit_twice_is_two_digits() {
        EventListener phone;
        for (const std::uint32_t timestamp : {1000u, 3000u}) {
            phone.hear(7, timestamp, 160, false, timestamp / 8);
            phone.hear(7, timestamp, 320, true, timestamp / 8 + 40);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("7/77/7"), phone.heard);
    }
    void an_overtaken_packet_changes_nothing() {
        EventListener phone;
        phone.hear(1, 1000, 960, true, 0);
        phone.hear(2, 3000, 160, false, 100);
        phone.hear(1, 1000, 960, true, 101);
        phone.hear(2, 3000, 320, true, 120);
        CPPUNIT_ASSERT_EQUAL(std::string("1/12/2"), phone.heard);
    }
    void a_long_digit_goes_on_in_segments() {
        EventListener phone;
        phone.hear(3, 1000, 0xffff, false, 0);
        phone.hear(3, 1000 + 0xffff, 160, false, 20);
        phone.hear(3, 1000 + 0xffff, 800, true, 100);
        CPPUNIT_ASSERT_EQUAL(std::string("3/3"), phone.heard);
        CPPUNIT_ASSERT_EQUAL((65535u + 800) / 8, phone.length);
    }
    void unknown_events_are_left_alone() {
        EventListener phone;
        phone.hear(200, 1000, 160, true, 0);
        CPPUNIT_ASSERT_EQUAL(std::string(), phone.heard);
    }
    void a_sender_grows_and_repeats_the_end() {
        EventSender sender;
        CPPUNIT_ASSERT(!sender.next(160));
        sender.begin(9, 5000);
        const auto first = sender.next(160), second = sender.next(160);
        CPPUNIT_ASSERT(first->marker && !second->marker);
        CPPUNIT_ASSERT(first->event.duration == 160 && second->event.duration == 320 && !second->event.end);
        CPPUNIT_ASSERT(first->timestamp == 5000 && second->timestamp == 5000);
        sender.end(800);
        for (int i = 3; i <= 4; ++i) CPPUNIT_ASSERT(!sender.next(160)->event.end);
        for (int i = 0; i < 3; ++i) {
            const auto last = sender.next(160);
            CPPUNIT_ASSERT(last && last->event.end);
            CPPUNIT_ASSERT_EQUAL(std::uint16_t{800}, last->event.duration);
        }
        CPPUNIT_ASSERT(!sender.next(160) && !sender.active());
    }
    void what_is_sent_is_heard() {
        EventListener phone;
        EventSender sender;
        std::uint64_t now = 0;
        for (const char key : std::string("19#")) {
            sender.begin(*event_of_key(key), static_cast<std::uint32_t>(now * 8));
            sender.end(12'000 * 8);  // 12 s: longer than one segment
            while (const auto packet = sender.next(160)) {
                now += 20;
                if (now % 60 == 0) phone.take(phone.receiver.hear(packet->event, packet->timestamp, now * ms, 8000));
            }
            now += 100;
        }
        CPPUNIT_ASSERT_EQUAL(std::string("1/19/9#/#"), phone.heard);
        CPPUNIT_ASSERT(phone.length > 11'900 && phone.length < 12'100);
    }

    using Verdict = SourceLearning::Verdict;
    static SocketAddress address(const char* text) { return *SocketAddress::parse(text); }
    void a_source_is_learnt_by_packets_in_sequence() {
        SourceLearning learning;
        learning.start(address("192.0.2.1:4000"), true, 4);
        const auto real = address("198.51.100.7:9000");
        std::uint16_t sequence = 65534;
        for (int i = 0; i < 3; ++i) CPPUNIT_ASSERT(learning.hear(real, sequence++, 0) == Verdict::drop);
        CPPUNIT_ASSERT(learning.hear(real, sequence++, 0) == Verdict::learnt);
        learning.start(address("192.0.2.1:4000"), true, 4);
        for (int i = 0; i < 20; ++i)  // never two in sequence
            CPPUNIT_ASSERT(learning.hear(real, static_cast<std::uint16_t>(i * 2), 0) == Verdict::drop);
    }
    void a_stranger_is_not_heard_beside_the_expected_source() {
        SourceLearning learning;
        const auto expected = address("192.0.2.1:4000"), stranger = address("203.0.113.9:1");
        learning.start(expected, true, 4);
        CPPUNIT_ASSERT(learning.hear(expected, 1, 0) == Verdict::pass);
        for (std::uint16_t i = 0; i < 20; ++i) CPPUNIT_ASSERT(learning.hear(stranger, i, 10 * ms) == Verdict::drop);
        CPPUNIT_ASSERT(learning.hear(expected, 2, 20 * ms) == Verdict::pass);
        CPPUNIT_ASSERT(learning.hear(expected, 3, 40 * ms) == Verdict::pass);
        CPPUNIT_ASSERT(learning.hear(expected, 4, 60 * ms) == Verdict::learnt);
    }
    void a_stranger_does_not_disturb_the_learning_of_another() {
        SourceLearning learning;
        learning.start({}, true, 3);
        const auto phone = address("198.51.100.7:9000"), stranger = address("203.0.113.9:1");
        CPPUNIT_ASSERT(learning.hear(phone, 1, 0) == Verdict::drop);
        CPPUNIT_ASSERT(learning.hear(stranger, 500, ms) == Verdict::drop);
        CPPUNIT_ASSERT(learning.hear(phone, 2, 20 * ms) == Verdict::drop);
        CPPUNIT_ASSERT(learning.hear(stranger, 501, 21 * ms) == Verdict::drop);
        CPPUNIT_ASSERT(learning.hear(phone, 3, 40 * ms) == Verdict::learnt);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(TelephoneEventsTest);
