#include "modules/res_rtp/bundle.hpp"

#include "modules/res_rtp/header_extension.hpp"
#include "modules/res_rtp/rtp_transport.hpp"
#include "tests/unit/modules/res_rtp/rtp_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

class BundleTest : public RtpTest {
    CPPUNIT_TEST_SUITE(BundleTest);
    CPPUNIT_TEST(packets_are_told_apart_by_source_then_mid_then_payload_type);
    CPPUNIT_TEST(two_streams_go_by_one_port_both_ways);
    CPPUNIT_TEST(streams_on_two_threads_get_their_packets);
    CPPUNIT_TEST(whoever_ends_first_does_no_harm);
    CPPUNIT_TEST(only_a_session_with_ice_carries);
    CPPUNIT_TEST_SUITE_END();

    static RtpParameters video_to(const SocketAddress& remote, std::uint8_t type) {
        RtpParameters parameters;
        parameters.remote = remote;
        parameters.send = parameters.receive = {{type, find_codec("vp8")}};
        parameters.write_codec = find_codec("vp8");
        parameters.rtcp_mux = true;
        return parameters;
    }

    // One side of a call: audio, and video that it carries.
    struct Side {
        explicit Side(RtpTest& test, RtpService& service) : audio(test, {}, "ulaw", RtpOptions{.ice = true}) {
            auto made = service.create({.type = MediaType::video, .cname = "test", .carrier = audio.session.get()});
            CPPUNIT_ASSERT(made);
            video = std::move(*made);
            stream = std::make_unique<MediaStream>(MediaType::video);
            stream->set_port(video->take_port(), audio.stream.get());
            stream->set_formats(find_codec("vp8"), find_codec("vp8"), 20ms);
        }
        RtpRemoteTransport described() const {
            const RtpTransport& transport = *audio.session->transport();
            return {.ice = true, .credentials = transport.credentials(), .candidates = transport.candidates(true), .rtcp_mux = true};
        }
        void begin(const Side& other, bool offered, std::uint8_t mid_extension) {
            auto parameters = video_to({}, 96);
            parameters.feedback = rtp_pli;
            parameters.bundle = std::make_shared<const RtpBundle>(RtpBundle{"1", mid_extension, {}});
            video->set(std::move(parameters));
            audio.session->transport()->set_remote(other.described(), offered, false);
            auto of_audio = to(loopback(9));
            of_audio.rtcp_mux = true;
            audio.session->set(of_audio);
        }
        Leg audio;
        std::unique_ptr<RtpSession> video;
        std::unique_ptr<MediaStream> stream;
    };
    std::unique_ptr<Side> left_, right_;
    void begin(std::uint8_t mid_extension) {
        left_ = std::make_unique<Side>(*this, **service);
        right_ = std::make_unique<Side>(*this, **service);
        left_->begin(*right_, true, mid_extension);
        right_->begin(*left_, false, mid_extension);
    }
    // A phone whose video goes by the left side, and one that the right side shows it to. The right side's video lives where
    // `near` does.
    void video_passes(const MediaStream& near) {
        Phone camera, screen;
        const auto session = [&](const Phone& phone) {
            auto made = (*service)->create({.type = MediaType::video, .local = loopback(), .cname = "test"});
            CPPUNIT_ASSERT(made);
            (*made)->set(video_to(phone.address, 97));
            return *std::move(made);
        };
        const auto in = session(camera), out = session(screen);
        MediaStream from(MediaType::video), to(MediaType::video);
        from.set_port(in->take_port());
        to.set_port(out->take_port(), &near);
        CPPUNIT_ASSERT(MediaStream::connect(from, *left_->stream));
        CPPUNIT_ASSERT(MediaStream::connect(to, *right_->stream));
        CPPUNIT_ASSERT_EQUAL(near.thread_index(), right_->stream->thread_index());
        std::vector<Phone::Heard> heard;
        CPPUNIT_ASSERT(wait_for([&] {
            camera.speak(in->local(), 0x3c, 97);
            for (auto& each : screen.listen()) heard.push_back(std::move(each));
            return heard.size() >= 5;
        }));
        for (const auto& each : heard) CPPUNIT_ASSERT(each.header.payload_type == 97 && each.payload == std::vector<std::uint8_t>(160, 0x3c));
        CPPUNIT_ASSERT(wait_for([&] { return right_->video->quality().packets_received > 0; }));
    }

  public:
    void tearDown() override {
        left_.reset();
        right_.reset();
        RtpTest::tearDown();
    }

    void packets_are_told_apart_by_source_then_mid_then_payload_type() {
        rtp::Routes routes;
        for (const char* mid : {"1", "2", "3"}) routes.all.push_back({mid, 4, {96}, std::make_shared<rtp::Crossing>()});
        routes.all[2].types = {96, 97};
        const auto found = [&](std::uint32_t ssrc, std::uint8_t type, std::string_view mid) {
            std::vector<std::uint8_t> bytes(rtp::header_size + rtp::largest_extension);
            const rtp::Header header{type, false, 1, 2, ssrc};
            rtp::write(header, bytes.data());
            bytes.resize(rtp::insert_extension(bytes, rtp::header_size, 4, mid));
            const rtp::Crossing* const crossing = routes.find(bytes, header);
            for (std::size_t i = 0; i < routes.all.size(); ++i)
                if (routes.all[i].crossing.get() == crossing) return static_cast<int>(i + 1);
            return 0;
        };
        CPPUNIT_ASSERT_EQUAL(0, found(10, 96, ""));   // three have that type
        CPPUNIT_ASSERT_EQUAL(3, found(11, 97, ""));
        CPPUNIT_ASSERT_EQUAL(2, found(12, 96, "2"));
        CPPUNIT_ASSERT_EQUAL(2, found(12, 96, ""));   // its source is known
        CPPUNIT_ASSERT_EQUAL(3, found(11, 96, ""));
        CPPUNIT_ASSERT_EQUAL(0, found(13, 97, "9"));  // a name that nobody has
        CPPUNIT_ASSERT_EQUAL(2, found(14, 96, "2"));  // a new source of the same stream
        CPPUNIT_ASSERT_EQUAL(0, found(12, 96, ""));
    }
    void two_streams_go_by_one_port_both_ways() {
        for (const std::uint8_t mid_extension : {0, 4}) {
            begin(mid_extension);
            CPPUNIT_ASSERT(left_->video->local() == left_->audio.session->local());
            CPPUNIT_ASSERT(left_->video->quality().ssrc != left_->audio.session->quality().ssrc);
            Party a("ulaw", 400), b("alaw", 700);
            CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left_->audio.stream));
            CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right_->audio.stream));
            CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
            video_passes(*right_->audio.stream);
            CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
            // Each stream's reports are its own.
            CPPUNIT_ASSERT(wait_for([&] { return left_->video->quality().remote_ssrc == 0 && right_->video->quality().remote_ssrc == left_->video->quality().ssrc; }));
            CPPUNIT_ASSERT_EQUAL(left_->audio.session->quality().ssrc, right_->audio.session->quality().remote_ssrc);
        }
    }
    void streams_on_two_threads_get_their_packets() {
        begin(4);
        std::vector<std::unique_ptr<MediaStream>> streams;  // the engine spreads them over its threads
        while (streams.size() < 16 && (streams.empty() || streams.back()->thread_index() == right_->audio.stream->thread_index()))
            streams.push_back(std::make_unique<MediaStream>());
        CPPUNIT_ASSERT(streams.back()->thread_index() != right_->audio.stream->thread_index());
        video_passes(*streams.back());
    }
    void whoever_ends_first_does_no_harm() {
        begin(4);
        left_->video.reset();
        right_->audio.session.reset();
        left_->audio.session->set(to(loopback(9)));
        right_->video->set(to(loopback(9), "ulaw"));
        right_->audio.stream.reset();
        left_->stream.reset();
    }
    void only_a_session_with_ice_carries() {
        Leg plain(*this, loopback(9));
        const auto made = (*service)->create({.type = MediaType::video, .carrier = plain.session.get()});
        CPPUNIT_ASSERT(!made && made.error().code == ErrorCode::unsupported);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(BundleTest);
