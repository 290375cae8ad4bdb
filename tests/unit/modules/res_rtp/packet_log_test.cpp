// What is printed of packets.
#include "modules/res_rtp/packet_log.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "core/base/log_sink.hpp"
#include "core/base/strings.hpp"
#include "modules/res_rtp/rtp_packet.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

namespace {

class PacketLogTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PacketLogTest);
    CPPUNIT_TEST(tells_number_time_and_length_of_each_packet_of_the_address);
    CPPUNIT_TEST(prints_so_many_a_second_and_counts_the_others);
    CPPUNIT_TEST(reports_have_what_they_say_and_statistics_a_line);
    CPPUNIT_TEST_SUITE_END();

    static constexpr std::uint64_t second = 1'000'000'000;
    static SocketAddress at(std::string_view text) { return *SocketAddress::parse(text); }
    static std::array<std::uint8_t, header_size + 160> packet(std::uint16_t sequence) {
        std::array<std::uint8_t, header_size + 160> bytes{};
        write({8, false, sequence, 1600, 7}, bytes.data());
        return bytes;
    }
    // The lines that `use` logs.
    template <class F>
    static std::vector<std::string> logged(F use) {
        std::mutex mutex;
        std::vector<std::string> lines;
        const LogSubscription subscription("verbose", [&](const LogLine& line) {
            const std::lock_guard lock(mutex);
            lines.emplace_back(line.text);
        });
        use();
        flush_log();
        const std::lock_guard lock(mutex);
        return lines;
    }

    void tells_number_time_and_length_of_each_packet_of_the_address() {
        PacketLog log({.rtp = true, .rtp_of = at("192.0.2.1")});
        const auto truncated = packet(8);
        const auto lines = logged([&] {
            log.rtp(true, packet(5), at("192.0.2.1:4000"), second);
            log.rtp(false, packet(6), at("192.0.2.1:4002"), second);
            log.rtp(false, packet(7), at("192.0.2.2:4000"), second);
            log.rtp(false, std::span(truncated).first(3), at("192.0.2.1:4000"), second);
            log.rtcp(CompoundReport{}, at("192.0.2.1:4001"), second);
        });
        CPPUNIT_ASSERT_EQUAL(std::string("Sent RTP packet to      192.0.2.1:4000 (type 08, seq 000005, ts 001600, len 000160)|"
                                         "Got  RTP packet from    192.0.2.1:4002 (type 08, seq 000006, ts 001600, len 000160)"),
                             join(lines, "|"));
        PacketLog one_port({.rtp = true, .rtp_of = at("192.0.2.1:4000")});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, logged([&] {
                                                 one_port.rtp(true, packet(5), at("192.0.2.1:4000"), second);
                                                 one_port.rtp(true, packet(5), at("192.0.2.1:4002"), second);
                                             }).size());
    }
    void prints_so_many_a_second_and_counts_the_others() {
        PacketLog log({.rtp = true});
        const auto lines = logged([&] {
            for (unsigned i = 0; i < PacketLog::most_per_second + 50; ++i) log.rtp(true, packet(1), at("192.0.2.1:4000"), 5 * second);
            log.rtp(true, packet(2), at("192.0.2.1:4000"), 6 * second);
        });
        CPPUNIT_ASSERT_EQUAL(std::size_t{PacketLog::most_per_second + 2}, lines.size());
        CPPUNIT_ASSERT_EQUAL(std::string("50 more packets were not printed"), lines[PacketLog::most_per_second]);
    }
    void reports_have_what_they_say_and_statistics_a_line() {
        PacketLog log({.rtcp = true, .statistics = true});
        CompoundReport heard{.ssrc = 9, .sender = SenderInfo{1ull << 32, 160, 3, 480}, .about_us = ReportBlock{.ssrc = 7, .lost = 2}, .bye = true};
        const auto lines = logged([&] {
            log.rtcp(heard, at("192.0.2.1:4001"), second);
            log.rtcp(OutgoingReport{.ssrc = 7}, at("192.0.2.1:4001"), second);
            log.statistics({.packets_sent = 10, .packets_received = 12, .lost = 1}, at("192.0.2.1:4001"), second);
            log.rtp(true, packet(1), at("192.0.2.1:4000"), second);
        });
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, lines.size());
        for (const char* part : {"Got RTCP SR from 192.0.2.1:4001", "SSRC: 9", "Packets sent: 3", "Cumulative loss: 2", "BYE"}) CPPUNIT_ASSERT_MESSAGE(part, lines[0].contains(part));
        CPPUNIT_ASSERT_EQUAL(std::string("Sent RTCP RR to 192.0.2.1:4001\n  SSRC: 7"), lines[1]);
        CPPUNIT_ASSERT(lines[2].contains("sent 10, ") && lines[2].contains("received 12, lost 1, "));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PacketLogTest);

}  // namespace
