// What a relayed packet costs: no allocation and no lock on the media thread (DESIGN.md 1, media plane).
#include "tests/unit/modules/res_rtp/counted_calls.hpp"
#include "tests/unit/modules/res_rtp/rtp_fixture.hpp"

#include <mutex>

#include "core/media/snoop.hpp"

using namespace jackfield;
using namespace jackfield::testing;

namespace {

class Half final : public AudioProcessor {
  public:
    Half() : AudioProcessor(Direction::both) {}
    void process(std::span<std::int16_t> audio, Direction) override {
        for (auto& sample : audio) sample = static_cast<std::int16_t>(sample / 2);
    }
};

}  // namespace

class RelayCostTest : public RtpTest {
    CPPUNIT_TEST_SUITE(RelayCostTest);
    CPPUNIT_TEST(the_counters_count);
    CPPUNIT_TEST(a_relayed_packet_allocates_nothing_and_takes_no_lock);
    CPPUNIT_TEST(a_translated_packet_allocates_nothing_and_takes_no_lock);
    CPPUNIT_TEST(a_packet_that_is_changed_and_spied_on_allocates_nothing_and_takes_no_lock);
    CPPUNIT_TEST_SUITE_END();

  public:
    // A guard that could not fail would prove nothing.
    void the_counters_count() {
        const CallCounts before = counted_calls();
        static std::unique_ptr<std::string> kept;  // the compiler may leave out what nobody sees
        kept = std::make_unique<std::string>(1000, 'x');
        std::mutex mutex;
        { const std::lock_guard lock(mutex); }
        const CallCounts after = counted_calls();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, after.allocations - before.allocations);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, after.locks - before.locks);
        kept.reset();
    }

    // Counts of the media thread that the stream lives on, when what was ordered before has been done.
    CallCounts counts_of(MediaStream& stream) {
        std::atomic<bool> told{false};
        CallCounts counts;
        stream.with_port<Port>([&](Port&) {
            counts = counted_calls();
            told = true;
        });
        CPPUNIT_ASSERT(wait_for([&] { return told.load(); }));
        return counts;
    }
    void relay(const char* codec_of_one, const char* codec_of_two, bool changed = false) {
        Phone one, two;
        Leg a(*this, one.address, codec_of_one), b(*this, two.address, codec_of_two);
        CPPUNIT_ASSERT(MediaStream::connect(*a.stream, *b.stream));
        std::unique_ptr<MediaStream::Attached> half;
        std::unique_ptr<Snoop> snoop;
        MediaStream ear;
        if (changed) {
            half = a.stream->add(std::make_unique<Half>());
            snoop = std::make_unique<Snoop>(*a.stream, Snoop::Options{.whisper = SnoopWays::both});
            ear.set_port(snoop->take_port(), a.stream.get());
            ear.set_formats(snoop->codec(), snoop->codec(), 20ms);
            ear.loop_back(true);  // who listens whispers what is heard
        }
        std::size_t heard = 0;
        const auto talk = [&](int packets) {
            heard = 0;
            for (int i = 0; i < packets; ++i) {
                one.speak(a.session->local(), 0x55, type_of(codec_of_one));
                two.speak(b.session->local(), 0x66, type_of(codec_of_two));
                loop->run_for(1ms, [] { return false; });
                heard += one.listen().size() + two.listen().size();
            }
        };
        talk(200);  // both sources are learnt, the pools of the thread are filled, a report was sent
        CPPUNIT_ASSERT(heard > 300);
        CPPUNIT_ASSERT_EQUAL(std::string_view(codec_of_one) == codec_of_two && !changed, a.stream->statistics().relayed);
        const CallCounts before = counts_of(*a.stream);
        const CallCounts nothing = counts_of(*a.stream);  // what asking costs
        talk(2000);
        const CallCounts after = counts_of(*a.stream);
        CPPUNIT_ASSERT(heard > 3900);
        CPPUNIT_ASSERT_EQUAL(nothing.allocations - before.allocations, after.allocations - nothing.allocations);
        CPPUNIT_ASSERT_EQUAL(nothing.locks - before.locks, after.locks - nothing.locks);
    }
    static std::uint8_t type_of(const char* codec) { return static_cast<std::uint8_t>(find_codec(codec)->static_payload_type); }

    void a_relayed_packet_allocates_nothing_and_takes_no_lock() { relay("ulaw", "ulaw"); }
    void a_translated_packet_allocates_nothing_and_takes_no_lock() { relay("ulaw", "alaw"); }
    void a_packet_that_is_changed_and_spied_on_allocates_nothing_and_takes_no_lock() { relay("ulaw", "ulaw", true); }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RelayCostTest);

class RelayCostRingTest : public RelayCostTest {
    CPPUNIT_TEST_SUB_SUITE(RelayCostRingTest, RelayCostTest);
    CPPUNIT_TEST_SUITE_END();

  public:
    std::string transport() const override { return "auto"; }
};
CPPUNIT_TEST_SUITE_REGISTRATION(RelayCostRingTest);
