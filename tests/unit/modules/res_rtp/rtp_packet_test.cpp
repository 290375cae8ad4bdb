#include "modules/res_rtp/rtp_packet.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <random>
#include <vector>

#include "modules/res_rtp/reception.hpp"
#include "modules/res_rtp/rtcp_packet.hpp"
#include "modules/res_rtp/snapshot.hpp"

using namespace jackfield::rtp;

class RtpPacketTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RtpPacketTest);
    CPPUNIT_TEST(reads_what_it_writes);
    CPPUNIT_TEST(passes_over_sources_extension_and_padding);
    CPPUNIT_TEST(refuses_lengths_that_do_not_fit);
    CPPUNIT_TEST(tells_rtcp_from_rtp_on_one_port);
    CPPUNIT_TEST(names_events_both_ways);
    CPPUNIT_TEST(reads_the_reports_that_it_writes);
    CPPUNIT_TEST(reads_the_feedback_that_it_writes);
    CPPUNIT_TEST(reads_the_extended_reports_that_it_writes);
    CPPUNIT_TEST(passes_over_extended_blocks_that_are_strange_or_cut_off);
    CPPUNIT_TEST(names_the_type_of_redundant_blocks_anew);
    CPPUNIT_TEST(says_goodbye);
    CPPUNIT_TEST(refuses_rtcp_that_is_cut_off);
    CPPUNIT_TEST(counts_loss_across_the_wrap);
    CPPUNIT_TEST(measures_jitter);
    CPPUNIT_TEST_SUITE_END();

    void reads_what_it_writes() {
        std::vector<std::uint8_t> bytes(header_size + 3, 7);
        write({101, true, 65535, 0xfedcba98, 0x12345678}, bytes.data());
        const auto packet = parse(bytes);
        CPPUNIT_ASSERT(packet);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{101}, packet->header.payload_type);
        CPPUNIT_ASSERT(packet->header.marker);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{65535}, packet->header.sequence);
        CPPUNIT_ASSERT_EQUAL(0xfedcba98u, packet->header.timestamp);
        CPPUNIT_ASSERT_EQUAL(0x12345678u, packet->header.ssrc);
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, packet->payload.size());
    }
    void passes_over_sources_extension_and_padding() {
        std::vector<std::uint8_t> bytes(header_size);
        write({0, false, 1, 2, 3}, bytes.data());
        bytes[0] |= 0x30 | 2;                                       // padding, extension, two sources
        bytes.insert(bytes.end(), 8, 0xaa);                         // the sources
        bytes.insert(bytes.end(), {0xbe, 0xde, 0, 1, 9, 9, 9, 9});  // the extension
        bytes.insert(bytes.end(), {'h', 'i', 0, 0, 3});
        const auto packet = parse(bytes);
        CPPUNIT_ASSERT(packet);
        CPPUNIT_ASSERT_EQUAL(std::string("hi"), std::string(packet->payload.begin(), packet->payload.end()));
    }
    void refuses_lengths_that_do_not_fit() {
        std::vector<std::uint8_t> bytes(header_size);
        write({0, false, 1, 2, 3}, bytes.data());
        CPPUNIT_ASSERT(parse(bytes));
        CPPUNIT_ASSERT(parse(bytes)->payload.empty());
        CPPUNIT_ASSERT(!parse(std::span(bytes).first(11)));
        for (const std::uint8_t first : {0x81, 0x90, 0xa0, 0x00, 0x40, 0xc0}) {
            bytes[0] = first;
            CPPUNIT_ASSERT(!parse(bytes));
        }
        bytes[0] = 0xa0;
        bytes.push_back(2);  // more padding than there is
        CPPUNIT_ASSERT(!parse(bytes));
        bytes.back() = 1;
        CPPUNIT_ASSERT(parse(bytes)->payload.empty());
        bytes[0] = 0x90;
        bytes.insert(bytes.end(), {0xde, 0xff, 0xff});  // an extension of 256 KiB
        CPPUNIT_ASSERT(!parse(bytes));
    }
    void tells_rtcp_from_rtp_on_one_port() {
        std::vector<std::uint8_t> report(64);
        const std::size_t size = write_rtcp({.ssrc = 1, .cname = "x"}, report);
        CPPUNIT_ASSERT(is_rtcp(std::span(report).first(size)));
        write({101, true, 1, 2, 3}, report.data());
        CPPUNIT_ASSERT(!is_rtcp(report));
    }
    void names_events_both_ways() {
        for (const char key : std::string("0123456789*#ABCD!f"))
            CPPUNIT_ASSERT_EQUAL(key, key_of_event(*event_of_key(key)));
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{15}, *event_of_key('d'));
        CPPUNIT_ASSERT(!event_of_key('x') && !event_of_key('\0'));
        CPPUNIT_ASSERT_EQUAL('\0', key_of_event(17));
        std::uint8_t bytes[event_size];
        write_event({.event = 11, .end = true, .volume = 10, .duration = 1600}, bytes);
        const auto event = parse_event(bytes);
        CPPUNIT_ASSERT(event && event->event == 11 && event->end && event->volume == 10 && event->duration == 1600);
        CPPUNIT_ASSERT(!parse_event(std::span(bytes).first(3)));
    }
    void reads_the_reports_that_it_writes() {
        std::vector<std::uint8_t> bytes(512);
        OutgoingReport report{.ssrc = 77, .cname = "someone@example"};
        report.sender = SenderInfo{0x1122334455667788, 99, 1000, 160000};
        report.block = ReportBlock{55, 64, -3, 0x10005, 40, 0xabcdef01, 65536};
        const std::size_t size = write_rtcp(report, bytes);
        CPPUNIT_ASSERT(size > 0 && size % 4 == 0);
        const auto read = parse_rtcp(std::span(bytes).first(size), 55);
        CPPUNIT_ASSERT(read && read->sender && read->about_us && !read->bye);
        CPPUNIT_ASSERT_EQUAL(77u, read->ssrc);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{0x1122334455667788}, read->sender->ntp_time);
        CPPUNIT_ASSERT_EQUAL(160000u, read->sender->octets);
        CPPUNIT_ASSERT_EQUAL(-3, read->about_us->lost);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{64}, read->about_us->fraction_lost);
        CPPUNIT_ASSERT_EQUAL(0xabcdef01u, read->about_us->last_report);
        CPPUNIT_ASSERT(!parse_rtcp(std::span(bytes).first(size), 56)->about_us);
    }
    void reads_the_feedback_that_it_writes() {
        using Kind = OutgoingFeedback::Kind;
        const auto compound = [](const OutgoingFeedback& feedback) {
            std::vector<std::uint8_t> bytes(600);
            std::size_t size = write_rtcp({.ssrc = 77, .cname = "x"}, std::span(bytes).first(512));
            const std::size_t more = write_feedback(feedback, std::span(bytes).subspan(size, 20));
            CPPUNIT_ASSERT(more > 0 && more % 4 == 0);
            bytes.resize(size + more);
            return bytes;
        };
        const auto nack = parse_rtcp(compound({Kind::nack, 77, 55, {65534, 0x8001}, 0}), 55);
        CPPUNIT_ASSERT(nack && !nack->picture_lost && !nack->full_intra);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, nack->lost_count);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{65534}, nack->lost[0].first);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{0x8001}, nack->lost[0].following);
        CPPUNIT_ASSERT(parse_rtcp(compound({Kind::pli, 77, 55, {}, 0}), 55)->picture_lost);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{9}, *parse_rtcp(compound({Kind::fir, 77, 55, {}, 9}), 55)->full_intra);
        for (const Kind kind : {Kind::nack, Kind::pli, Kind::fir}) {  // about another source
            const auto other = parse_rtcp(compound({kind, 77, 55, {1, 1}, 9}), 56);
            CPPUNIT_ASSERT(other && !other->picture_lost && !other->full_intra && other->lost_count == 0);
        }
        // Alone (RFC 5506), and more than is kept.
        std::vector<std::uint8_t> many(12 + 4 * 40, 1);
        write_32(many.data(), 0x81cd0000 + 2 + 40);
        write_32(&many[8], 55);
        CPPUNIT_ASSERT_EQUAL(std::size_t{32}, parse_rtcp(many, 55)->lost_count);
        many.resize(8);
        write_32(many.data(), 0x81cd0001);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, parse_rtcp(many, 55)->lost_count);
        std::array<std::uint8_t, 15> small;
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, write_feedback({Kind::nack, 1, 2, {}, 0}, small));
    }
    static OutgoingReport extended() {
        static const std::string name(255, 'x');
        OutgoingReport report{.ssrc = 77, .cname = name};
        report.sender = SenderInfo{};
        report.block = ReportBlock{};
        report.reference_time = 0x1122334455667788;
        report.reference_answer = ReferenceAnswer{55, 0xabcdef01, 65536};
        report.extended.statistics = jackfield::StatisticsSummary{55, jackfield::StatisticsSummary::losses | jackfield::StatisticsSummary::jitter, 65530, 100, 7, 0, 1, 90, 20, 5};
        jackfield::VoipMetrics voip{.ssrc = 55, .loss_rate = 1, .discard_rate = 2, .burst_density = 3, .gap_density = 4};
        voip.burst_duration = 500;
        voip.gap_duration = 60000;
        voip.round_trip = 80;
        voip.end_system_delay = 40;
        voip.r_factor = 92;
        voip.mos_listening = 43;
        voip.receiver = 0x30;
        voip.jitter_nominal = 60;
        voip.jitter_maximum = 200;
        voip.jitter_most = 300;
        report.extended.voip = voip;
        report.bye = true;
        return report;
    }
    void reads_the_extended_reports_that_it_writes() {
        std::vector<std::uint8_t> bytes(512);
        const OutgoingReport report = extended();
        bytes.resize(write_rtcp(report, bytes));
        CPPUNIT_ASSERT(bytes.size() > 300 && bytes.size() % 4 == 0);
        const auto read = parse_rtcp(bytes, 55);
        CPPUNIT_ASSERT(read && read->bye && read->is_extended());
        CPPUNIT_ASSERT(read->reference_time == report.reference_time);
        CPPUNIT_ASSERT(read->reference_answer && read->reference_answer->last_reference == 0xabcdef01 && read->reference_answer->delay == 65536);
        CPPUNIT_ASSERT(read->extended.voip == report.extended.voip);
        CPPUNIT_ASSERT(read->extended.statistics == report.extended.statistics);
        const auto other = parse_rtcp(bytes, 56);  // whose reports these are not
        CPPUNIT_ASSERT(other && other->reference_time && !other->reference_answer && !other->extended.voip && !other->extended.statistics);
        bytes.resize(write_rtcp({.ssrc = 77, .cname = "x"}, std::span(bytes)));
        CPPUNIT_ASSERT(!parse_rtcp(bytes, 55)->is_extended());
    }
    void passes_over_extended_blocks_that_are_strange_or_cut_off() {
        std::vector<std::uint8_t> bytes(512);
        OutgoingReport report{.ssrc = 77, .cname = "x"};
        report.reference_time = 5;
        report.extended.voip = extended().extended.voip;
        bytes.resize(write_rtcp(report, bytes));
        const std::size_t at = bytes.size() - 36 - 12;  // of the reference time's block
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{4}, bytes[at]);
        CPPUNIT_ASSERT(parse_rtcp(bytes, 55)->reference_time && parse_rtcp(bytes, 55)->extended.voip);
        auto strange = bytes;
        strange[at] = 200;
        CPPUNIT_ASSERT(!parse_rtcp(strange, 55)->reference_time && parse_rtcp(strange, 55)->extended.voip);
        strange = bytes;
        strange[at + 12 + 3] = 7;  // not its length, and a rest that is no block
        CPPUNIT_ASSERT(parse_rtcp(strange, 55)->reference_time && !parse_rtcp(strange, 55)->extended.voip);
        strange[at + 2] = 0xff;  // beyond the packet
        CPPUNIT_ASSERT(parse_rtcp(strange, 55) && !parse_rtcp(strange, 55)->is_extended());
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {  // whatever the length says
            const std::vector<std::uint8_t> shorter(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
            const auto read = parse_rtcp(shorter, 55);
            CPPUNIT_ASSERT(!read || !read->is_extended());
        }
    }
    void names_the_type_of_redundant_blocks_anew() {
        std::vector<std::uint8_t> payload{0x80 | 98, 0, 0, 2, 0x80 | 98, 0, 0, 1, 98, 'a', 'b', 'c', 'd'};
        set_block_types(payload, 101);
        CPPUNIT_ASSERT((payload == std::vector<std::uint8_t>{0x80 | 101, 0, 0, 2, 0x80 | 101, 0, 0, 1, 101, 'a', 'b', 'c', 'd'}));
        std::vector<std::uint8_t> cut{0x80 | 98, 0, 0};  // no last header
        set_block_types(cut, 101);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{0x80 | 101}, cut[0]);
        set_block_types({}, 101);
    }
    void says_goodbye() {
        std::vector<std::uint8_t> bytes(512);
        const std::size_t size = write_rtcp({.ssrc = 77, .cname = std::string(400, 'x'), .bye = true}, bytes);
        CPPUNIT_ASSERT(parse_rtcp(std::span(bytes).first(size), 1)->bye);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, write_rtcp({.ssrc = 77, .cname = "x"}, std::span(bytes).first(19)));
    }
    void refuses_rtcp_that_is_cut_off() {
        std::vector<std::uint8_t> bytes(512);
        OutgoingReport report{.ssrc = 77, .cname = "x"};
        report.block = ReportBlock{55, 64, 3, 5, 40, 1, 1};
        const std::size_t size = write_rtcp(report, bytes);
        for (std::size_t cut = 0; cut < 32; ++cut) CPPUNIT_ASSERT(!parse_rtcp(std::span(bytes).first(cut), 55));
        bytes[1] = 202;  // does not begin with a report
        CPPUNIT_ASSERT(!parse_rtcp(std::span(bytes).first(size), 55));
        std::mt19937 random(1);
        for (int i = 0; i < 20'000; ++i) {
            for (std::size_t at = 0; at < 64; ++at) bytes[at] = static_cast<std::uint8_t>(random());
            bytes[0] = static_cast<std::uint8_t>(0x80 | random() % 32);
            bytes[1] = 200;
            bytes[2] = 0;
            bytes[3] = static_cast<std::uint8_t>(random() % 20);
            (void)parse_rtcp(std::span(bytes).first(random() % 64), 55);
        }
    }
    void counts_loss_across_the_wrap() {
        Reception reception;
        reception.start(65530);
        for (unsigned i = 0; i < 100; ++i)
            if (i % 10 != 3) reception.hear(static_cast<std::uint16_t>(65530 + i), i * 160, i * 160);
        CPPUNIT_ASSERT_EQUAL(10, reception.lost());
        CPPUNIT_ASSERT_EQUAL(100u, reception.expected());
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{25}, reception.fraction_lost());
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{0}, reception.fraction_lost());
        CPPUNIT_ASSERT_EQUAL(65536u + 93, reception.extended_highest());
    }
    void measures_jitter() {
        Reception even, uneven;
        even.start(0);
        uneven.start(0);
        for (unsigned i = 0; i < 500; ++i) {
            even.hear(static_cast<std::uint16_t>(i), i * 160, i * 160 + 5);
            uneven.hear(static_cast<std::uint16_t>(i), i * 160, i * 160 + (i % 2 ? 80 : 0));
        }
        CPPUNIT_ASSERT_EQUAL(0u, even.jitter());
        CPPUNIT_ASSERT(uneven.jitter() >= 75 && uneven.jitter() <= 80);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RtpPacketTest);
