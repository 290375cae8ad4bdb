// Copies of packets between two threads.
#include "channels/sip/stack/packet_queue.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <thread>

using namespace jackfield;
using namespace jackfield::sip;

namespace {

class PacketQueueTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PacketQueueTest);
    CPPUNIT_TEST(gives_back_what_went_in_in_order);
    CPPUNIT_TEST(what_does_not_fit_is_counted);
    CPPUNIT_TEST(one_thread_puts_while_another_takes);
    CPPUNIT_TEST_SUITE_END();

    static PacketQueue::Packet head(std::uint64_t time) { return {time, {}, *SocketAddress::parse("192.0.2.1:4000"), true, 0}; }

    void gives_back_what_went_in_in_order() {
        PacketQueue queue(500);
        PacketQueue::Packet packet{};
        std::vector<std::uint8_t> bytes;
        for (std::uint8_t i = 0; i < 100; ++i) {  // many times round
            const std::vector<std::uint8_t> sent(i, i);
            CPPUNIT_ASSERT(queue.put(head(i), sent));
            CPPUNIT_ASSERT(queue.take(packet, bytes));
            CPPUNIT_ASSERT(packet.time == i && packet.remote.to_string() == "192.0.2.1:4000" && bytes == sent);
        }
        CPPUNIT_ASSERT(!queue.take(packet, bytes));
    }
    void what_does_not_fit_is_counted() {
        PacketQueue queue(500);
        const std::vector<std::uint8_t> sent(200, 7);
        unsigned taken = 0;
        while (queue.put(head(taken), sent)) ++taken;
        CPPUNIT_ASSERT(taken >= 1 && taken < 5);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, queue.lost());
        PacketQueue::Packet packet{};
        std::vector<std::uint8_t> bytes;
        for (unsigned i = 0; i < taken; ++i) CPPUNIT_ASSERT(queue.take(packet, bytes) && packet.time == i);
        CPPUNIT_ASSERT(!queue.take(packet, bytes));
        CPPUNIT_ASSERT(queue.put(head(9), sent));
    }
    void one_thread_puts_while_another_takes() {
        constexpr std::uint64_t count = 20000;
        PacketQueue queue(4096);
        std::jthread producer([&queue] {
            for (std::uint64_t i = 0; i < count;) {
                const std::vector<std::uint8_t> sent(i % 200, static_cast<std::uint8_t>(i));
                if (queue.put(head(i), sent)) ++i;
            }
        });
        PacketQueue::Packet packet{};
        std::vector<std::uint8_t> bytes;
        for (std::uint64_t i = 0; i < count;) {
            if (!queue.take(packet, bytes)) continue;
            CPPUNIT_ASSERT_EQUAL(i, packet.time);
            CPPUNIT_ASSERT(bytes.size() == i % 200 && (bytes.empty() || bytes.back() == static_cast<std::uint8_t>(i)));
            ++i;
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PacketQueueTest);

}  // namespace
