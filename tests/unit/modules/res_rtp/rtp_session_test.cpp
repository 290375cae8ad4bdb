#include "modules/res_rtp/rtp.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "modules/res_manager/manager.hpp"
#include "modules/res_rtp/rtcp_events.hpp"
#include "modules/res_rtp/rtcp_packet.hpp"
#include "modules/res_rtp/socket_pool.hpp"
#include "tests/unit/modules/res_rtp/rtp_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class RtpSessionTest : public RtpTest {
    CPPUNIT_TEST_SUITE(RtpSessionTest);
    CPPUNIT_TEST(carries_a_tone_between_two_streams);
    CPPUNIT_TEST(relays_with_numbers_of_its_own_and_goes_on_seamlessly);
    CPPUNIT_TEST(answers_to_where_media_comes_from);
    CPPUNIT_TEST(sends_where_signalling_says_when_not_symmetric);
    CPPUNIT_TEST(drops_what_others_inject);
    CPPUNIT_TEST(learns_anew_when_signalling_moves_the_far_side);
    CPPUNIT_TEST(hears_and_sends_digits_as_events);
    CPPUNIT_TEST(maps_payload_types_of_both_sides);
    CPPUNIT_TEST(keeps_quiet_on_hold);
    CPPUNIT_TEST(tells_that_nothing_comes_any_more);
    CPPUNIT_TEST(a_call_on_hold_may_be_silent_for_longer);
    CPPUNIT_TEST(reports_quality_to_each_other);
    CPPUNIT_TEST(the_round_trip_does_not_count_how_late_a_report_is_read);
    CPPUNIT_TEST(keeps_reports_while_somebody_wants_to_hear_of_them);
    CPPUNIT_TEST(tells_extended_reports_to_who_wants_them);
    CPPUNIT_TEST(answers_a_reference_time);
    CPPUNIT_TEST(multiplexes_reports_with_media);
    CPPUNIT_TEST(an_event_of_a_report_has_asterisk_s_lines);
    CPPUNIT_TEST(nothing_is_sent_or_heard_past_a_cipher);
    CPPUNIT_TEST(reports_pass_the_cipher_on_the_port_of_media_too);
    CPPUNIT_TEST(feedback_on_video_goes_to_its_sender);
    CPPUNIT_TEST(a_worn_key_is_told_and_the_next_one_has_a_source_of_its_own);
    CPPUNIT_TEST(a_capture_sees_packets_as_they_are_on_the_wire_until_it_ends);
    CPPUNIT_TEST(plays_out_of_a_jitter_buffer_in_order);
    CPPUNIT_TEST(moves_between_threads_while_packets_come);
    CPPUNIT_TEST(rubbish_does_no_harm);
    CPPUNIT_TEST(gives_its_socket_back_for_everybody);
    CPPUNIT_TEST(says_when_the_ports_are_used_up);
    CPPUNIT_TEST(refuses_a_wrong_rtp_conf);
    CPPUNIT_TEST_SUITE_END();

  public:
    void carries_a_tone_between_two_streams() {
        Leg left(*this, loopback(1)), right(*this, left.session->local());
        left.session->set(to(right.session->local()));
        Party a("ulaw", 400), b("alaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left.stream));
        CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right.stream));
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
        CPPUNIT_ASSERT(wait_for([&] { return !a.ear->hears(400, 500); }));
        CPPUNIT_ASSERT(
            wait_for([&] { return (left.events & rtp_source_learnt) && (right.events & rtp_source_learnt); }));
        CPPUNIT_ASSERT(left.session->learnt_source() == right.session->local());
        // Digits go the whole way as events.
        a.dial('8');
        CPPUNIT_ASSERT(wait_for([&] { return b.ear->digits() == "8/8"; }));
        CPPUNIT_ASSERT_EQUAL(std::string("8/8"), right.digits);
        CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
    }
    void relays_with_numbers_of_its_own_and_goes_on_seamlessly() {
        Phone one, two;
        Leg a(*this, one.address), b(*this, two.address);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        std::vector<Phone::Heard> heard;
        const auto gather = [&](std::size_t least) {
            return [&, least] {
                for (auto& each : two.listen()) heard.push_back(std::move(each));
                return heard.size() >= least;
            };
        };
        CPPUNIT_ASSERT(speaking({{&one, &a}}, gather(20)));
        CPPUNIT_ASSERT(a.stream->statistics().relayed);
        for (const auto& each : heard) {
            CPPUNIT_ASSERT(each.header.ssrc != one.ssrc);
            CPPUNIT_ASSERT_EQUAL(std::uint8_t{0x55}, each.payload[0]);
        }
        // Play to the second phone, then relay again, then from another source: one stream all the time.
        b.stream->play(std::make_unique<ToneSource>(1037, 5));
        CPPUNIT_ASSERT(speaking({{&one, &a}}, gather(heard.size() + 20)));
        one.ssrc = 999;
        one.sequence = 40000;
        one.timestamp = 77;
        CPPUNIT_ASSERT(speaking({{&one, &a}}, gather(heard.size() + 10)));
        std::set<std::uint8_t> samples;
        for (std::size_t i = 1; i < heard.size(); ++i) {
            CPPUNIT_ASSERT_EQUAL(heard[0].header.ssrc, heard[i].header.ssrc);
            CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(heard[i - 1].header.sequence + 1),
                                 heard[i].header.sequence);
            const std::uint32_t step = heard[i].header.timestamp - heard[i - 1].header.timestamp;
            CPPUNIT_ASSERT_MESSAGE(std::to_string(step), step > 0 && step < 2000);
            samples.insert(heard[i].payload[80]);
        }
        CPPUNIT_ASSERT(samples.size() > 2);  // the tone was among it
        // Loss on the way in is loss on the way out: nothing is renumbered.
        const std::uint16_t last = heard.back().header.sequence;
        one.sequence += 3;
        one.timestamp += 480;
        heard.clear();
        CPPUNIT_ASSERT(speaking({{&one, &a}}, gather(1)));
        CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(last + 4), heard[0].header.sequence);
    }
    void answers_to_where_media_comes_from() {
        Phone behind_nat;
        Leg leg(*this, loopback(9));  // what its SDP said
        leg.stream->loop_back(true);
        std::size_t echoed = 0;
        CPPUNIT_ASSERT(speaking({{&behind_nat, &leg}}, [&] { return (echoed += behind_nat.listen().size()) > 5; }));
        CPPUNIT_ASSERT(leg.session->learnt_source() == behind_nat.address);
    }
    void sends_where_signalling_says_when_not_symmetric() {
        Phone mouth, ear;
        RtpOptions options;
        options.symmetric = false;
        Leg leg(*this, ear.address, "ulaw", options);
        leg.stream->loop_back(true);
        std::size_t heard = 0;
        CPPUNIT_ASSERT(speaking({{&mouth, &leg}}, [&] { return (heard += ear.listen().size()) > 10; }));
        CPPUNIT_ASSERT(mouth.listen().empty());
        CPPUNIT_ASSERT(leg.session->learnt_source() == mouth.address);
    }
    void drops_what_others_inject() {
        Phone phone, attacker;
        Leg leg(*this, phone.address);
        auto ear = std::make_shared<Ear>();
        MediaStream other;
        other.set_port(std::make_unique<TestPort>(find_codec("ulaw"), 0, ear));
        other.set_formats(find_codec("ulaw"), find_codec("ulaw"), 20ms);
        CPPUNIT_ASSERT(MediaStream::connect(*leg.stream, other));
        attacker.ssrc = phone.ssrc;
        on_fiber([&] { CPPUNIT_ASSERT(engine->pass_turn()); });
        // Before, while and after the source is learnt.
        for (int i = 0; i < 30; ++i) {
            phone.speak(leg.session->local(), 0x10);
            for (int k = 0; k < 3; ++k) attacker.speak(leg.session->local(), 0x90);
            loop->run_for(3ms, [] { return false; });
        }
        CPPUNIT_ASSERT(wait_for([&] { return ear->frames() >= 30; }));
        CPPUNIT_ASSERT_EQUAL(std::size_t{30}, ear->frames());
        for (const auto sample : ear->latest(30 * 160)) CPPUNIT_ASSERT_EQUAL(g711::from_ulaw(0x10), sample);
        CPPUNIT_ASSERT(leg.session->learnt_source() == phone.address);
    }
    void learns_anew_when_signalling_moves_the_far_side() {
        Phone first, second;
        Leg leg(*this, first.address);
        leg.stream->loop_back(true);
        std::size_t echoed = 0;
        CPPUNIT_ASSERT(speaking({{&first, &leg}}, [&] { return (echoed += first.listen().size()) > 5; }));
        leg.session->set(to(second.address));
        echoed = 0;
        CPPUNIT_ASSERT(speaking({{&second, &leg}}, [&] { return (echoed += second.listen().size()) > 5; }));
        CPPUNIT_ASSERT(leg.session->learnt_source() == second.address);
    }
    void hears_and_sends_digits_as_events() {
        Phone one, two;
        Leg a(*this, one.address), b(*this, two.address);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        std::vector<Phone::Heard> heard;
        const auto gather = [&] {
            for (auto& each : two.listen()) heard.push_back(std::move(each));
            return heard.size() >= 8;
        };
        CPPUNIT_ASSERT(speaking({{&one, &a}}, gather));
        one.press(a.session->local(), '5', 101);
        CPPUNIT_ASSERT(speaking({{&one, &a}}, [&] {
            return gather(), a.digits == "5/5" && heard.back().header.payload_type == 0 && heard.size() > 20;
        }));
        rtp::EventReceiver receiver;
        std::string digits;
        unsigned ends = 0, markers = 0;
        for (std::size_t i = 1; i < heard.size(); ++i) {
            CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(heard[i - 1].header.sequence + 1),
                                 heard[i].header.sequence);
            if (heard[i].header.payload_type != 101) continue;
            const auto event = rtp::parse_event(heard[i].payload);
            ends += event->end;
            markers += heard[i].header.marker;
            const auto found = receiver.hear(*event, heard[i].header.timestamp, i * 20'000'000, 8000);
            for (std::size_t k = 0; k < found.count; ++k) digits += found.digits[k].key;
        }
        CPPUNIT_ASSERT_EQUAL(std::string("55"), digits);
        CPPUNIT_ASSERT_EQUAL(3u, ends);
        CPPUNIT_ASSERT_EQUAL(1u, markers);
    }
    void maps_payload_types_of_both_sides() {
        Phone phone;
        Leg leg(*this, phone.address);
        RtpParameters parameters = to(phone.address);
        parameters.send = {{96, find_codec("alaw")}, {97, find_codec("ulaw")}};
        parameters.receive = {{110, find_codec("alaw")}};
        leg.session->set(parameters);
        leg.stream->loop_back(true);
        leg.stream->set_formats(find_codec("alaw"), find_codec("alaw"), 20ms);
        std::map<int, int> types;
        for (int i = 0; i < 100 && types[96] < 5; ++i) {
            phone.speak(leg.session->local(), 0x55, 110);
            phone.speak(leg.session->local(), 0x55, 13);   // comfort noise
            phone.speak(leg.session->local(), 0x55, 120);  // nobody offered that
            loop->run_for(5ms, [] { return false; });
            for (const auto& each : phone.listen()) ++types[each.header.payload_type];
        }
        CPPUNIT_ASSERT(types[96] >= 5);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, types.size());
    }
    void keeps_quiet_on_hold() {
        Phone phone;
        Leg leg(*this, phone.address);
        leg.stream->loop_back(true);
        std::size_t echoed = 0;
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (echoed += phone.listen().size()) > 3; }));
        RtpParameters held = to(phone.address);
        held.sending = false;
        leg.session->set(held);
        speaking(
            {{&phone, &leg}}, [] { return false; }, 5);
        phone.listen();
        speaking(
            {{&phone, &leg}}, [] { return false; }, 10);
        CPPUNIT_ASSERT(phone.listen().empty());
        leg.session->set(to(phone.address));
        echoed = 0;
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (echoed += phone.listen().size()) > 3; }));
        CPPUNIT_ASSERT(leg.session->learnt_source() == phone.address);
    }
    void a_call_on_hold_may_be_silent_for_longer() {
        Phone phone;
        RtpOptions options;
        options.timeout = 1s;
        options.hold_timeout = 2s;
        Leg leg(*this, phone.address, "ulaw", options);
        RtpParameters held = to(phone.address);
        held.receiving = false;
        leg.session->set(held);
        const auto started = std::chrono::steady_clock::now();
        CPPUNIT_ASSERT(wait_for([&] { return leg.events & rtp_timeout; }));
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() - started >= 1900ms);
    }
    void tells_that_nothing_comes_any_more() {
        Phone phone;
        RtpOptions options;
        options.timeout = 1s;
        options.keepalive = 1s;
        Leg leg(*this, phone.address, "ulaw", options);
        phone.speak(leg.session->local());
        CPPUNIT_ASSERT(wait_for([&] { return leg.events & rtp_timeout; }));
        bool kept_alive = false;
        CPPUNIT_ASSERT(wait_for([&] {
            for (const auto& each : phone.listen()) kept_alive |= each.header.payload_type == 13;
            return kept_alive;
        }));
    }
    void reports_quality_to_each_other() {
        Leg left(*this, loopback(1)), right(*this, left.session->local());
        left.session->set(to(right.session->local()));
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left.stream));
        CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right.stream));
        CPPUNIT_ASSERT(wait_for([&] {
            const RtpQuality quality = left.session->quality();
            return (left.events & rtp_quality_report) && quality.packets_received > 20 && quality.packets_sent > 20;
        }));
        const RtpQuality mine = left.session->quality(), others = right.session->quality();
        CPPUNIT_ASSERT_EQUAL(others.ssrc, mine.remote_ssrc);
        CPPUNIT_ASSERT(mine.ssrc != mine.remote_ssrc);
        CPPUNIT_ASSERT_EQUAL(0u, mine.lost);
        CPPUNIT_ASSERT(mine.round_trip_ms < 100);
    }
    // The next RTCP packet that `wanted` takes.
    template <class F>
    bool reported(Phone& phone, std::uint32_t ssrc, F wanted) {
        return wait_for([&] {
            std::uint8_t bytes[2048];
            for (;;) {
                const ssize_t size = recv(phone.socket(), bytes, sizeof(bytes), 0);
                if (size < 0) return false;
                const std::span packet(bytes, static_cast<std::size_t>(size));
                const auto report = rtp::is_rtcp(packet) ? rtp::parse_rtcp(packet, ssrc) : std::nullopt;
                if (report && wanted(*report)) return true;
            }
        });
    }
    // RFC 4585: who sends is asked in the numbers that it sends with.
    void feedback_on_video_goes_to_its_sender() {
        Phone one, two;
        const auto video = [](const Phone& phone) {
            RtpParameters parameters;
            parameters.remote = phone.address;
            parameters.send = parameters.receive = {{96, find_codec("vp8")}};
            parameters.write_codec = find_codec("vp8");
            parameters.rtcp_mux = true;
            parameters.feedback = rtp_nack | rtp_fir;
            return parameters;
        };
        Leg a(*this, one.address, "vp8", {.type = MediaType::video}), b(*this, two.address, "vp8", {.type = MediaType::video});
        a.session->set(video(one));
        b.session->set(video(two));
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        one.sequence = 0;
        std::vector<Phone::Heard> heard;
        CPPUNIT_ASSERT(wait_for([&] {
            one.speak(a.session->local(), static_cast<std::uint8_t>(one.sequence), 96);  // it says which it is
            for (auto& each : two.listen()) heard.push_back(std::move(each));
            return heard.size() > 3;
        }));
        CPPUNIT_ASSERT(!heard[0].header.marker);  // it would end a picture
        CPPUNIT_ASSERT_MESSAGE("a key frame, for who begins to look", reported(one, one.ssrc, [](const auto& report) { return report.full_intra.has_value(); }));
        const auto tell = [&](rtp::OutgoingFeedback feedback) {
            feedback.ssrc = two.ssrc;
            feedback.media_ssrc = heard[0].header.ssrc;
            std::uint8_t bytes[600];
            const std::size_t size = rtp::write_rtcp({.ssrc = two.ssrc, .cname = "two"}, std::span(bytes).first(512));
            two.send(std::span(bytes).first(size + rtp::write_feedback(feedback, std::span(bytes).subspan(size))), b.session->local());
        };
        const auto first = static_cast<std::uint16_t>(one.sequence - 2);
        const auto as_sent = static_cast<std::uint16_t>(heard[0].header.sequence + (first - heard[0].payload[0]));
        tell({.kind = rtp::OutgoingFeedback::Kind::nack, .lost = {static_cast<std::uint16_t>(heard[0].header.sequence - 9), 0}});  // was never sent
        tell({.kind = rtp::OutgoingFeedback::Kind::nack, .lost = {as_sent, 1}});
        rtp::LostPackets lost;
        CPPUNIT_ASSERT(reported(one, one.ssrc, [&](const auto& report) {
            if (report.lost_count) lost = report.lost[0];
            return report.lost_count != 0;
        }));
        CPPUNIT_ASSERT_EQUAL(first, lost.first);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{1}, lost.following);
        // Whoever is not told by RTCP is to be told otherwise.
        RtpParameters plain = video(one);
        plain.feedback = 0;
        a.session->set(std::move(plain));
        CPPUNIT_ASSERT(wait_for([&] {
            tell({});
            return (a.events & rtp_key_frame_wanted) != 0;
        }));
    }
    // What the middle of the NTP time was so long ago (RFC 3550 6.4.1).
    static std::uint32_t ntp_middle(std::chrono::milliseconds ago) {
        const auto wall = std::chrono::system_clock::now() - ago;
        const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(wall.time_since_epoch()).count();
        constexpr std::int64_t second = 1'000'000'000;
        return static_cast<std::uint32_t>((ns / second + 2'208'988'800) << 16 | (ns % second << 16) / second);
    }
    static void report_about(const Leg& leg, Phone& phone, const SocketAddress& where, std::chrono::milliseconds ago) {
        rtp::OutgoingReport report{.ssrc = phone.ssrc, .cname = "phone"};
        report.block = rtp::ReportBlock{.ssrc = leg.session->quality().ssrc, .lost = 7, .last_report = ntp_middle(ago)};
        std::uint8_t bytes[512];
        phone.send({bytes, rtp::write_rtcp(report, bytes)}, where);
    }
    void the_round_trip_does_not_count_how_late_a_report_is_read() {
        Phone phone;
        Leg leg(*this, phone.address);
        leg.stream->loop_back(true);
        const SocketAddress rtp = leg.session->local();
        for (int i = 0; i < 3; ++i) {
            const auto ago = std::chrono::milliseconds(1000 + 300 * i);
            // On a busy machine the report itself may leave late, which counts: then it is sent once more.
            for (int attempt = 0; attempt < 20; ++attempt) {
                leg.events = 0;
                report_about(leg, phone, rtp.with_port(static_cast<std::uint16_t>(rtp.port() + 1)), ago);
                CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (leg.events & rtp_quality_report) != 0; }));
                if (leg.session->quality().round_trip_ms < static_cast<double>(ago.count()) + 55) break;
            }
            CPPUNIT_ASSERT_DOUBLES_EQUAL(static_cast<double>(ago.count()) + 25, leg.session->quality().round_trip_ms, 30);
        }
        CPPUNIT_ASSERT_EQUAL(7u, leg.session->quality().remote_lost);
    }
    void keeps_reports_while_somebody_wants_to_hear_of_them() {
        Phone phone;
        Leg leg(*this, phone.address);
        leg.stream->loop_back(true);
        const SocketAddress rtp = leg.session->local(), rtcp = rtp.with_port(static_cast<std::uint16_t>(rtp.port() + 1));
        report_about(leg, phone, rtcp, 1000ms);
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (leg.events & rtp_quality_report) != 0; }));
        CPPUNIT_ASSERT((leg.events & (rtcp_sent | rtcp_received)) == 0);
        CPPUNIT_ASSERT(!leg.session->last_report(true).peer.valid());

        rtp::rtcp_wanted = true;
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (leg.events & rtcp_sent) != 0; }));
        report_about(leg, phone, rtcp, 1000ms);
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (leg.events & rtcp_received) != 0; }));
        rtp::rtcp_wanted = false;
        const RtcpReport sent = leg.session->last_report(true), received = leg.session->last_report(false);
        CPPUNIT_ASSERT_EQUAL(leg.session->quality().ssrc, sent.ssrc);
        CPPUNIT_ASSERT(sent.peer.same_host(phone.address) && sent.by_sender && sent.has_block && sent.packets > 0);
        CPPUNIT_ASSERT_EQUAL(phone.ssrc, sent.block_ssrc);
        CPPUNIT_ASSERT(received.peer == phone.address && !received.by_sender && received.has_block);
        CPPUNIT_ASSERT_EQUAL(phone.ssrc, received.ssrc);
        CPPUNIT_ASSERT_EQUAL(7, received.lost);
        CPPUNIT_ASSERT(received.round_trip_ms >= 900);
    }
    void an_event_of_a_report_has_asterisk_s_lines() {
        RtcpReport report{.peer = *SocketAddress::parse("192.0.2.1", 4001), .ssrc = 0xab, .by_sender = true, .has_block = true};
        report.ntp_time = (2'208'988'800ull + 5) << 32 | 0x80000000u;
        report.rtp_time = 160;
        report.packets = 2;
        report.octets = 320;
        report.block_ssrc = 0xcd;
        report.fraction_lost = 3;
        report.lost = -1;
        report.highest_sequence = 0x20007;
        report.jitter = 9;
        report.last_report = 11;
        report.delay = 32768;
        report.round_trip_ms = 12.5;
        const std::string common = "ReportCount: 1\r\nSentNTP: 5.500000\r\nSentRTP: 160\r\nSentPackets: 2\r\nSentOctets: 320\r\n"
                                   "Report0SourceSSRC: 0x000000cd\r\nReport0FractionLost: 3\r\nReport0CumulativeLost: -1\r\n"
                                   "Report0HighestSequence: 7\r\nReport0SequenceNumberCycles: 2\r\nReport0IAJitter: 9\r\nReport0LSR: 11\r\n"
                                   "Report0DLSR: 0.5000\r\n";
        ManagerFields sent, received;
        rtp::add_rtcp_fields(sent, report, true);
        rtp::add_rtcp_fields(received, report, false);
        CPPUNIT_ASSERT_EQUAL("SSRC: 0x000000ab\r\nPT: 200(SR)\r\nTo: 192.0.2.1:4001\r\n" + common, sent.text());
        CPPUNIT_ASSERT_EQUAL("SSRC: 0x000000ab\r\nPT: 200(SR)\r\nFrom: 192.0.2.1:4001\r\nRTT: 0.0125\r\n" + common, received.text());
        ManagerFields shorter;
        rtp::add_rtcp_fields(shorter, RtcpReport{.peer = report.peer, .ssrc = 1}, true);
        CPPUNIT_ASSERT_EQUAL(std::string("SSRC: 0x00000001\r\nPT: 201(RR)\r\nTo: 192.0.2.1:4001\r\nReportCount: 0\r\n"), shorter.text());
        ManagerFields extended;
        RtcpReport with{.peer = report.peer, .ssrc = 1, .voip = VoipMetrics{.loss_rate = 64}};
        with.voip->mos_listening = 43;
        rtp::add_rtcp_fields(extended, with, true);
        CPPUNIT_ASSERT_EQUAL(shorter.text() + "VoIPLossRate: 0.2500\r\nVoIPDiscardRate: 0.0000\r\nVoIPBurstDensity: 0.0000\r\nVoIPBurstDuration: 0\r\n"
                             "VoIPGapDensity: 0.0000\r\nVoIPGapDuration: 0\r\nVoIPMOSLQ: 4.3\r\n", extended.text());
    }
    void tells_extended_reports_to_who_wants_them() {
        Leg left(*this, loopback(1)), right(*this, left.session->local());
        RtpParameters asked = to(right.session->local());
        asked.extended = rtp_voip_metrics | rtp_statistics;
        left.session->set(asked);
        Party a("ulaw", 400), b("ulaw", 700);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left.stream));
        CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right.stream));
        ExtendedReport told;
        CPPUNIT_ASSERT(wait_for([&] {
            told = right.session->extended_report();
            return told.voip && told.statistics && told.voip->mos_listening != VoipMetrics::unavailable;
        }));
        CPPUNIT_ASSERT_EQUAL(right.session->quality().ssrc, told.voip->ssrc);
        CPPUNIT_ASSERT_EQUAL(right.session->quality().ssrc, told.statistics->ssrc);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{0}, told.voip->loss_rate);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{44}, told.voip->mos_listening);
        CPPUNIT_ASSERT_EQUAL(VoipMetrics::unavailable, told.voip->signal_level);
        CPPUNIT_ASSERT_EQUAL(std::uint16_t{20}, told.voip->end_system_delay);
        CPPUNIT_ASSERT_EQUAL(0u, told.statistics->lost);
        CPPUNIT_ASSERT(told.statistics->begin != told.statistics->end);
        CPPUNIT_ASSERT(!left.session->extended_report().voip);  // the other one was not asked
    }
    // RFC 3611 4.5: of whoever sends it, as it is asked for by that.
    void answers_a_reference_time() {
        Phone phone;
        Leg leg(*this, phone.address);
        leg.stream->loop_back(true);
        RtpParameters parameters = to(phone.address);
        parameters.rtcp_mux = true;
        leg.session->set(parameters);
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return !phone.listen().empty(); }));
        rtp::OutgoingReport question{.ssrc = phone.ssrc, .cname = "phone"};
        question.reference_time = 0x0000abcdef010000;
        std::uint8_t bytes[512];
        phone.send({bytes, rtp::write_rtcp(question, bytes)}, leg.session->local());
        std::optional<rtp::ReferenceAnswer> answer;
        CPPUNIT_ASSERT(reported(phone, phone.ssrc, [&](const rtp::CompoundReport& report) {
            CPPUNIT_ASSERT(!report.extended.voip && !report.extended.statistics && !report.reference_time);
            answer = report.reference_answer;
            return answer.has_value();
        }));
        CPPUNIT_ASSERT_EQUAL(0xabcdef01u, answer->last_reference);
        CPPUNIT_ASSERT(answer->delay < 10 * 65536);
    }
    void multiplexes_reports_with_media() {
        Phone phone;
        Leg leg(*this, phone.address);
        leg.stream->loop_back(true);
        const SocketAddress rtp = leg.session->local(), rtcp = rtp.with_port(static_cast<std::uint16_t>(rtp.port() + 1));
        const auto is_free = [&] {
            const int probe = ::socket(AF_INET, SOCK_DGRAM, 0);
            const bool could = bind(probe, rtcp.raw(), rtcp.raw_size()) == 0;
            close(probe);
            return could;
        };
        CPPUNIT_ASSERT(!is_free());
        RtpParameters parameters = to(phone.address);
        parameters.rtcp_mux = true;
        parameters.remote_rtcp = phone.address.with_port(static_cast<std::uint16_t>(phone.address.port() + 1));  // does not count
        leg.session->set(parameters);
        std::size_t media = 0, reports = 0;
        const auto talked = [&] {
            std::uint8_t bytes[2048];
            for (ssize_t size; (size = recv(phone.socket(), bytes, sizeof(bytes), 0)) > 0;)
                ++(rtp::is_rtcp(std::span(bytes, static_cast<std::size_t>(size))) ? reports : media);
            return media > 10 && reports > 0;
        };
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, talked));
        CPPUNIT_ASSERT(is_free());
        leg.events = 0;
        report_about(leg, phone, rtp, 1000ms);
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (leg.events & rtp_quality_report) != 0; }));
        CPPUNIT_ASSERT_EQUAL(7u, leg.session->quality().remote_lost);
        // A new answer without it.
        leg.session->set(to(phone.address));
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return !is_free(); }));
        leg.events = 0;
        report_about(leg, phone, rtcp, 1000ms);
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (leg.events & rtp_quality_report) != 0; }));
    }
    // Keeps the head, so that numbers can be read, turns the rest over, and adds a tag of four bytes.
    class TestCipher final : public RtpCipher {
      public:
        explicit TestCipher(bool encrypts) : encrypts_(encrypts) {}
        std::size_t rtp(std::span<std::uint8_t> buffer, std::size_t size) override { return run(buffer, size, rtp::header_size, 0x5a); }
        std::size_t rtcp(std::span<std::uint8_t> buffer, std::size_t size) override { return run(buffer, size, 8, 0xa5); }

      private:
        std::size_t run(std::span<std::uint8_t> buffer, std::size_t size, std::size_t head, std::uint8_t tag) const {
            constexpr std::size_t tag_size = 4;
            if (encrypts_) {
                if (buffer.size() < size + overhead) return 0;
                std::ranges::fill(buffer.subspan(size, tag_size), tag);
            } else {
                if (size < head + tag_size || std::ranges::count(buffer.subspan(size - tag_size, tag_size), tag) != tag_size) return 0;
                size -= tag_size;
            }
            for (std::uint8_t& byte : buffer.subspan(head, size - head)) byte ^= 0xff;
            return encrypts_ ? size + tag_size : size;
        }
        bool encrypts_;
    };
    static RtpParameters secured(const SocketAddress& remote, bool multiplexed = false) {
        RtpParameters parameters = to(remote);
        parameters.encrypt = std::make_shared<TestCipher>(true);
        parameters.decrypt = std::make_shared<TestCipher>(false);
        parameters.rtcp_mux = multiplexed;
        return parameters;
    }
    void a_worn_key_is_told_and_the_next_one_has_a_source_of_its_own() {
        Phone phone;
        Leg leg(*this, phone.address);
        RtpParameters parameters = secured(phone.address);
        parameters.key_life = 20;
        leg.session->set(parameters);
        leg.stream->loop_back(true);
        std::set<std::uint32_t> sources;
        const auto speak = [&] {
            std::vector<std::uint8_t> bytes(rtp::header_size + 160 + RtpCipher::overhead, 0x55);
            rtp::write({0, false, phone.sequence++, phone.timestamp += 160, phone.ssrc}, bytes.data());
            phone.send(std::span(bytes).first(TestCipher(true).rtp(bytes, rtp::header_size + 160)), leg.session->local());
            loop->run_for(5ms, [] { return false; });
            for (const auto& each : phone.listen()) sources.insert(each.header.ssrc);
        };
        for (int i = 0; i < 10; ++i) speak();
        CPPUNIT_ASSERT(!(leg.events & rtp_key_worn));
        for (int i = 0; i < 1000 && !(leg.events & rtp_key_worn); ++i) speak();
        CPPUNIT_ASSERT(leg.events & rtp_key_worn);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, sources.size());
        leg.events = 0;
        RtpParameters renewed = secured(phone.address);
        renewed.key_number = 1;
        leg.session->set(renewed);
        for (int i = 0; i < 300 && sources.size() < 2; ++i) speak();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, sources.size());
        CPPUNIT_ASSERT(sources.contains(leg.session->quality().ssrc) || wait_for([&] { return sources.contains(leg.session->quality().ssrc); }));
        CPPUNIT_ASSERT(!(leg.events & rtp_key_worn));
    }
    void a_capture_sees_packets_as_they_are_on_the_wire_until_it_ends() {
        struct Sink final : RtpPacketSink {
            void packet(const Packet& packet) override {
                right = right && packet.local.port() == local && packet.remote.port() == remote;
                if (packet.rtcp) return;
                ++(packet.sent ? sent : received);
                right = right && packet.bytes.size() == rtp::header_size + 164 && packet.bytes[rtp::header_size] == 0xaa;  // encrypted
            }
            std::atomic<unsigned> sent{0}, received{0};
            std::atomic<bool> right{true};
            std::uint16_t local = 0, remote = 0;
        };
        Phone phone;
        Leg leg(*this, phone.address);
        RtpParameters parameters = secured(phone.address);
        parameters.rtcp_mux = true;
        leg.session->set(parameters);
        leg.stream->loop_back(true);
        const auto sink = std::make_shared<Sink>();
        sink->local = leg.session->local().port();
        sink->remote = phone.address.port();
        leg.session->capture(sink);
        const auto speak = [&] {
            std::vector<std::uint8_t> bytes(rtp::header_size + 160 + RtpCipher::overhead, 0x55);
            rtp::write({0, false, phone.sequence++, phone.timestamp += 160, phone.ssrc}, bytes.data());
            phone.send(std::span(bytes).first(TestCipher(true).rtp(bytes, rtp::header_size + 160)), leg.session->local());
            loop->run_for(5ms, [] { return false; });
        };
        for (int i = 0; i < 300 && (sink->sent < 5 || sink->received < 5); ++i) speak();
        CPPUNIT_ASSERT(sink->sent >= 5 && sink->received >= 5 && sink->right);
        // The port takes the end with the next packet, and lets go of the sink.
        leg.session->capture(nullptr);
        for (int i = 0; i < 300 && sink.use_count() > 1; ++i) speak();
        const unsigned received = sink->received;
        for (int i = 0; i < 5; ++i) speak();
        CPPUNIT_ASSERT_EQUAL(received, sink->received.load());
    }
    void nothing_is_sent_or_heard_past_a_cipher() {
        Phone phone;
        Leg leg(*this, phone.address);
        leg.session->set(secured(phone.address));
        leg.stream->loop_back(true);
        CPPUNIT_ASSERT(!speaking({{&phone, &leg}}, [&] { return !phone.listen().empty(); }, 20));  // in plain
        CPPUNIT_ASSERT(!leg.session->learnt_source().valid());
        const auto speak = [&] {
            std::vector<std::uint8_t> bytes(rtp::header_size + 160 + RtpCipher::overhead, 0x55);
            rtp::write({0, false, phone.sequence++, phone.timestamp += 160, phone.ssrc}, bytes.data());
            phone.send(std::span(bytes).first(TestCipher(true).rtp(bytes, rtp::header_size + 160)), leg.session->local());
            loop->run_for(5ms, [] { return false; });
        };
        std::vector<Phone::Heard> heard;
        for (int i = 0; i < 300 && heard.size() < 5; ++i) {
            speak();
            for (auto& each : phone.listen()) heard.push_back(std::move(each));
        }
        CPPUNIT_ASSERT(heard.size() >= 5);
        for (const auto& each : heard) {
            CPPUNIT_ASSERT_EQUAL(std::size_t{164}, each.payload.size());
            CPPUNIT_ASSERT_EQUAL(std::uint8_t{0xaa}, each.payload[0]);
            CPPUNIT_ASSERT_EQUAL(std::uint8_t{0x5a}, each.payload[163]);
        }
        // Digits go through it too.
        leg.stream->send_digit('5', 100ms);
        CPPUNIT_ASSERT(wait_for([&] {
            for (const auto& each : phone.listen())
                if (each.header.payload_type == 101) return each.payload.size() == rtp::event_size + 4 && each.payload[0] == (5 ^ 0xff);
            return false;
        }));
    }
    void reports_pass_the_cipher_on_the_port_of_media_too() {
        for (const bool multiplexed : {false, true}) {
            Leg left(*this, loopback(1)), right(*this, left.session->local());
            left.session->set(secured(right.session->local(), multiplexed));
            right.session->set(secured(left.session->local(), multiplexed));
            Party a("ulaw", 400), b("ulaw", 700);
            CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left.stream));
            CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right.stream));
            CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
            CPPUNIT_ASSERT(wait_for([&] { return (left.events & rtp_quality_report) && (right.events & rtp_quality_report); }));
            // What has no tag is none of the far side's.
            Phone stranger;
            const SocketAddress rtp = left.session->local();
            report_about(left, stranger, rtp.with_port(static_cast<std::uint16_t>(rtp.port() + (multiplexed ? 0 : 1))), 1000ms);
            CPPUNIT_ASSERT(!wait_for([&] { return left.session->quality().remote_lost == 7; }, 300ms));
        }
    }
    void plays_out_of_a_jitter_buffer_in_order() {
        Phone one, two;
        RtpOptions options;
        options.jitter_buffer = true;
        options.jitter_implementation = "fixed";
        Leg a(*this, one.address, "ulaw", options), b(*this, two.address);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        // In pairs that the network swapped.
        std::vector<std::uint8_t> numbers;
        for (std::uint8_t i = 0; i < 30; ++i) {
            const auto number = static_cast<std::uint8_t>(i < 6 ? i : i ^ 1);
            one.sequence = static_cast<std::uint16_t>(100 + number);
            one.timestamp = 5000u + number * 160u;
            one.speak(a.session->local(), number);
            // Both of a pair at once: however slow this machine is, the second is not late.
            if (i % 2) loop->run_for(40ms, [] { return false; });
            for (const auto& each : two.listen()) numbers.push_back(each.payload[0]);
        }
        CPPUNIT_ASSERT(wait_for([&] {
            for (const auto& each : two.listen()) numbers.push_back(each.payload[0]);
            return numbers.size() >= 20;
        }));
        CPPUNIT_ASSERT(std::is_sorted(numbers.begin(), numbers.end()));
    }
    void moves_between_threads_while_packets_come() {
        Phone one, two, three;
        Leg a(*this, one.address), b(*this, two.address), c(*this, three.address);
        std::set<unsigned> threads;
        std::size_t heard = 0;
        for (int round = 0; round < 60; ++round) {
            CPPUNIT_ASSERT(MediaStream::connect(round % 2 ? *b.stream : *a.stream, *c.stream));
            threads.insert(c.stream->thread_index());
            speaking(
                {{&one, &a}, {&two, &b}}, [] { return false; }, 3);
            heard += three.listen().size();
        }
        CPPUNIT_ASSERT(heard > 100);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, threads.size());
    }
    void rubbish_does_no_harm() {
        Phone phone, noise;
        Leg leg(*this, phone.address);
        leg.stream->loop_back(true);
        unsigned state = 1;
        for (int i = 0; i < 2000; ++i) {
            std::vector<std::uint8_t> bytes(state % 200);
            for (auto& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1103515245 + 12345) >> 16);
            if (i % 2 && bytes.size() > 1) bytes[0] = static_cast<std::uint8_t>(0x80 | (bytes[0] & 0x3f));
            noise.send(bytes, leg.session->local());
            noise.send(bytes,
                       leg.session->local().with_port(static_cast<std::uint16_t>(leg.session->local().port() + 1)));
            phone.send(bytes,
                       leg.session->local().with_port(static_cast<std::uint16_t>(leg.session->local().port() + 1)));
        }
        std::size_t echoed = 0;
        CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return (echoed += phone.listen().size()) > 5; }));
    }
    // A socket that stayed connected to the last call's phone would keep the next one's out.
    void gives_its_socket_back_for_everybody() {
        Phone phone;
        SocketAddress used;
        {
            Leg leg(*this, phone.address);
            CPPUNIT_ASSERT(speaking({{&phone, &leg}}, [&] { return leg.session->learnt_source() == phone.address; }));
            used = leg.session->local();
        }
        const int stranger = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        CPPUNIT_ASSERT_EQUAL(0, connect(stranger, used.raw(), used.raw_size()));
        const auto refused = [&] {  // the first one draws the ICMP message, the second one tells of it
            (void)send(stranger, "x", 1, 0);
            return send(stranger, "x", 1, 0) < 0;
        };
        CPPUNIT_ASSERT(wait_for([&] { return !refused(); }));
        close(stranger);
    }
    void says_when_the_ports_are_used_up() {
        rtp::SocketPool pool;
        pool.set_range(21350, 21357, true);
        std::vector<rtp::OwnedPair> taken;
        for (int i = 0; i < 4; ++i) {
            auto pair = pool.take(loopback(), 0);
            CPPUNIT_ASSERT(pair);
            taken.push_back(std::move(*pair));
        }
        const auto none = pool.take(loopback(), 0);
        CPPUNIT_ASSERT(!none && none.error().code == ErrorCode::limit);
        CPPUNIT_ASSERT(none.error().text.find("rtpend") != std::string::npos);
        taken.pop_back();
        CPPUNIT_ASSERT(pool.take(loopback(), 0));
        const auto foreign = pool.take(*SocketAddress::parse("192.0.2.1"), 0);
        CPPUNIT_ASSERT(!foreign && foreign.error().code == ErrorCode::failed);
    }
    void refuses_a_wrong_rtp_conf() {
        start("[general]\nrtpstart=hello\n");
        CPPUNIT_ASSERT(!loaded);
        start("[general]\nturnaddress=turn.example\n");
        CPPUNIT_ASSERT(!loaded);
        start("[general]\nstrictrtp=seqno\nicesupport=yes\n");
        CPPUNIT_ASSERT(loaded);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RtpSessionTest);

// All of it with packets moved by io_uring, where the kernel has it.
class RtpSessionRingTest : public RtpSessionTest {
    CPPUNIT_TEST_SUB_SUITE(RtpSessionRingTest, RtpSessionTest);
    CPPUNIT_TEST_SUITE_END();

  public:
    std::string transport() const override { return "auto"; }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RtpSessionRingTest);
