#include "modules/res_rtp/packet_inbox.hpp"

#include <thread>

#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

class PacketInboxTest : public jackfield::testing::LoopTest {
    CPPUNIT_TEST_SUITE(PacketInboxTest);
    CPPUNIT_TEST(hands_packets_over_in_their_order);
    CPPUNIT_TEST(bounds_what_waits);
    CPPUNIT_TEST(bounds_the_rate);
    CPPUNIT_TEST(drops_what_nobody_takes);
    CPPUNIT_TEST(loses_nothing_between_threads);
    CPPUNIT_TEST_SUITE_END();

    static constexpr std::uint64_t second = 1'000'000'000;
    Gate gate_{"res_rtp"};
    std::unique_ptr<ControlLoop> loop_;
    std::shared_ptr<PacketInbox> inbox_;
    std::vector<unsigned> taken_;

    void take_packets() {
        inbox_->set_receiver([this](PacketInbox::Packet& packet) { taken_.push_back(packet.bytes.at(0)); });
    }
    void put(unsigned number, std::uint64_t now_ns) {
        const std::vector<std::uint8_t> bytes(100, static_cast<std::uint8_t>(number));
        inbox_->put(1, SocketAddress::parse("192.0.2.1:5000").value(), bytes, now_ns);
    }

  public:
    void setUp() override {
        LoopTest::setUp();
        loop_ = std::make_unique<ControlLoop>();
        inbox_ = std::make_shared<PacketInbox>(gate_.hold());
    }
    void tearDown() override {
        inbox_.reset();
        loop_.reset();
        LoopTest::tearDown();
    }
    void hands_packets_over_in_their_order() {
        take_packets();
        for (unsigned i = 0; i < 10; ++i) put(i, second);
        loop_->run_until_idle();
        put(10, second);
        loop_->run_until_idle();
        CPPUNIT_ASSERT((taken_ == std::vector<unsigned>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
    }
    void bounds_what_waits() {
        take_packets();
        for (unsigned i = 0; i < 100; ++i) put(i, second);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{100 - PacketInbox::most_waiting}, inbox_->dropped());
        loop_->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(PacketInbox::most_waiting, taken_.size());
        inbox_->put(1, {}, std::vector<std::uint8_t>(PacketInbox::largest + 1), second);
        inbox_->put(1, {}, {}, second);
        loop_->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(PacketInbox::most_waiting, taken_.size());
    }
    void bounds_the_rate() {
        take_packets();
        for (unsigned i = 0; i < 1000; ++i) {
            put(i, 7 * second + i);
            loop_->run_until_idle();
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{PacketInbox::most_per_second}, taken_.size());
        put(1, 8 * second);
        loop_->run_until_idle();
        CPPUNIT_ASSERT_EQUAL(std::size_t{PacketInbox::most_per_second} + 1, taken_.size());
    }
    void drops_what_nobody_takes() {
        put(1, second);
        loop_->run_until_idle();
        put(2, second);  // and this is still there at the end
        CPPUNIT_ASSERT(taken_.empty());
    }
    void loses_nothing_between_threads() {
        take_packets();
        std::thread media([this] {
            for (unsigned i = 0; i < 4000; ++i) put(i, i * second / 100);
        });
        CPPUNIT_ASSERT(loop_->run_for(std::chrono::seconds(20), [this] { return taken_.size() + inbox_->dropped() == 4000; }));
        media.join();
        CPPUNIT_ASSERT(taken_.size() >= PacketInbox::most_waiting);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PacketInboxTest);
