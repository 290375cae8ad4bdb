#include "core/media/comfort_noise.hpp"

#include <vector>

#include "modules/res_rtp/rtp.hpp"
#include "tests/unit/modules/res_rtp/rtp_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class ComfortNoiseTest : public RtpTest {
    CPPUNIT_TEST_SUITE(ComfortNoiseTest);
    CPPUNIT_TEST(comfort_noise_is_relayed_to_who_has_it);
    CPPUNIT_TEST(comfort_noise_leaves_no_gap_where_there_is_none);
    CPPUNIT_TEST(comfort_noise_is_silence_for_who_listens);
    CPPUNIT_TEST_SUITE_END();

  public:
    static RtpParameters with_noise(const Phone& phone, int type) {
        RtpParameters parameters = to(phone.address);
        parameters.comfort_noise_payload = parameters.comfort_noise_receive_payload = static_cast<std::int8_t>(type);
        return parameters;
    }
    static void hush(Phone& phone, const SocketAddress& to, std::uint8_t type) {
        std::vector<std::uint8_t> bytes(rtp::header_size + 1, 70);
        rtp::write({type, false, phone.sequence++, phone.timestamp, phone.ssrc}, bytes.data());
        phone.timestamp += 160 * 50;  // and a second of nothing
        phone.send(bytes, to);
    }
    // What `ear` hears while `mouth` speaks, is silent for a second and speaks on.
    std::vector<Phone::Heard> heard_around_a_silence(Phone& mouth, Leg& from, Phone& ear, std::uint8_t type) {
        std::vector<Phone::Heard> heard;
        const auto more = [&](std::size_t least) {
            return [&heard, &ear, least] {
                for (auto& each : ear.listen()) heard.push_back(std::move(each));
                return heard.size() >= least;
            };
        };
        CPPUNIT_ASSERT(speaking({{&mouth, &from}}, more(5)));
        from.events = 0;
        hush(mouth, from.session->local(), type);
        CPPUNIT_ASSERT(speaking({{&mouth, &from}}, more(heard.size() + 8)));
        CPPUNIT_ASSERT_EQUAL(0u, from.events & (rtp_codec_changed | rtp_timeout));
        return heard;
    }
    void comfort_noise_is_relayed_to_who_has_it() {
        Phone one, two;
        Leg a(*this, one.address), b(*this, two.address);
        a.session->set(with_noise(one, 13));
        b.session->set(with_noise(two, 98));
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        const auto heard = heard_around_a_silence(one, a, two, 13);
        CPPUNIT_ASSERT(a.stream->statistics().relayed);
        std::size_t noises = 0;
        for (std::size_t i = 1; i < heard.size(); ++i) {
            const auto &before = heard[i - 1].header, &header = heard[i].header;
            CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(before.sequence + 1), header.sequence);
            CPPUNIT_ASSERT_EQUAL(before.payload_type == 98 ? 8000u : 160u, header.timestamp - before.timestamp);
            if (header.payload_type != 98) continue;
            ++noises;
            CPPUNIT_ASSERT(heard[i].payload == std::vector<std::uint8_t>{70});
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, noises);
    }
    void comfort_noise_leaves_no_gap_where_there_is_none() {
        Phone one, two;
        Leg a(*this, one.address), b(*this, two.address);
        a.session->set(with_noise(one, 13));
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        const auto heard = heard_around_a_silence(one, a, two, 13);
        std::size_t pauses = 0;
        for (std::size_t i = 1; i < heard.size(); ++i) {
            const auto &before = heard[i - 1].header, &header = heard[i].header;
            CPPUNIT_ASSERT_EQUAL(std::uint8_t{0}, header.payload_type);
            CPPUNIT_ASSERT_EQUAL(static_cast<std::uint16_t>(before.sequence + 1), header.sequence);
            pauses += header.timestamp - before.timestamp == 8160 ? 1u : 0u;
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, pauses);
    }
    // Nothing that looks into the packets gets it, and none of it counts as another codec.
    void comfort_noise_is_silence_for_who_listens() {
        Phone one;
        Leg a(*this, one.address);
        a.session->set(with_noise(one, 13));
        Party party("alaw", 400);
        CPPUNIT_ASSERT(MediaStream::connect(*party.stream, *a.stream));
        const auto heard = heard_around_a_silence(one, a, one, 13);
        CPPUNIT_ASSERT(std::ranges::all_of(heard, [](const auto& each) { return each.header.payload_type == 0; }));
    }
    // RFC 5761: reports come by the port of the media, the other one is given up and had again.
};
CPPUNIT_TEST_SUITE_REGISTRATION(ComfortNoiseTest);

// The same with packets moved by io_uring, where the kernel has it.
class ComfortNoiseRingTest : public ComfortNoiseTest {
    CPPUNIT_TEST_SUB_SUITE(ComfortNoiseRingTest, ComfortNoiseTest);
    CPPUNIT_TEST_SUITE_END();

  public:
    std::string transport() const override { return "auto"; }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ComfortNoiseRingTest);
