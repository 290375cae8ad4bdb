#include "core/media/pipe.hpp"

#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class PipeTest : public MediaTest {
    CPPUNIT_TEST_SUITE(PipeTest);
    CPPUNIT_TEST(carries_audio_and_digits_on_one_thread);
    CPPUNIT_TEST(carries_audio_and_digits_between_threads);
    CPPUNIT_TEST(goes_on_when_an_end_moves);
    CPPUNIT_TEST(a_circle_of_pipes_ends);
    CPPUNIT_TEST(either_end_may_go_first);
    CPPUNIT_TEST_SUITE_END();

    // Left party - left half | right half - right party.
    struct Chain {
        Chain(MediaTest&, bool same_thread) : a("ulaw", 400), b("alaw", 700) {
            auto pipe = make_pipe();
            CPPUNIT_ASSERT(pipe);
            left.set_port(std::move(pipe->first), a.stream.get());
            right.set_port(std::move(pipe->second), same_thread ? a.stream.get() : b.stream.get());
            for (MediaStream* half : {&left, &right}) half->set_formats(find_codec("ulaw"), find_codec("ulaw"), 20ms);
            right.on_digit([this](const Digit& digit) { digits += digit.key; });
            CPPUNIT_ASSERT(MediaStream::connect(*a.stream, left));
            CPPUNIT_ASSERT(MediaStream::connect(right, *b.stream));
        }
        Party a, b;
        MediaStream left, right;
        std::string digits;
    };
    void check(Chain& chain) {
        CPPUNIT_ASSERT(wait_for([&] { return chain.a.ear->hears(700) && chain.b.ear->hears(400); }));
        chain.a.dial('3');
        CPPUNIT_ASSERT(wait_for([&] { return chain.digits == "33" && chain.b.ear->digits() == "3/3"; }));
    }

  public:
    void carries_audio_and_digits_on_one_thread() {
        Chain chain(*this, true);
        CPPUNIT_ASSERT_EQUAL(chain.left.thread_index(), chain.right.thread_index());
        check(chain);
    }
    void carries_audio_and_digits_between_threads() {
        Chain chain(*this, false);
        CPPUNIT_ASSERT(chain.left.thread_index() != chain.right.thread_index());
        check(chain);
    }
    void goes_on_when_an_end_moves() {
        Chain chain(*this, false);
        Party c("ulaw", 1000), d("ulaw", 1300);
        for (int round = 0; round < 40; ++round) {
            CPPUNIT_ASSERT(MediaStream::connect(round % 2 ? *c.stream : *d.stream, chain.left));
            loop->run_for(3ms, [] { return false; });
        }
        CPPUNIT_ASSERT(MediaStream::connect(*c.stream, chain.left));
        CPPUNIT_ASSERT(wait_for([&] { return c.ear->hears(700) && chain.b.ear->hears(1000); }));
    }
    void a_circle_of_pipes_ends() {
        auto pipe = make_pipe();
        CPPUNIT_ASSERT(pipe);
        MediaStream left, right;
        left.set_port(std::move(pipe->first));
        right.set_port(std::move(pipe->second), &left);
        for (MediaStream* half : {&left, &right}) {
            half->set_formats(find_codec("ulaw"), find_codec("ulaw"), 20ms);
            half->loop_back(true);
        }
        bool ended = false;
        left.play(std::make_unique<ToneSource>(400, 5, find_codec("slin")), [&] { ended = true; });
        CPPUNIT_ASSERT(wait_for([&] { return ended; }));
        CPPUNIT_ASSERT(right.statistics().frames_in >= 5);
    }
    void either_end_may_go_first() {
        for (const bool left_first : {true, false}) {
            Party a("ulaw", 400), b("ulaw", 700);
            auto pipe = make_pipe();
            CPPUNIT_ASSERT(pipe);
            auto left = std::make_unique<MediaStream>(), right = std::make_unique<MediaStream>();
            left->set_port(std::move(pipe->first), a.stream.get());
            right->set_port(std::move(pipe->second), b.stream.get());
            CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *left));
            CPPUNIT_ASSERT(MediaStream::connect(*b.stream, *right));
            CPPUNIT_ASSERT(wait_for([&] { return a.ear->hears(700) && b.ear->hears(400); }));
            (left_first ? left : right).reset();
            loop->run_for(50ms, [] { return false; });
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(PipeTest);
