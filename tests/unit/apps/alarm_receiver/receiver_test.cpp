#include "apps/alarm_receiver/receiver.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::alarm;
using namespace std::chrono_literals;
using Step = Receiver::Step;

class AlarmReceiverTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AlarmReceiverTest);
    CPPUNIT_TEST(takes_what_the_checksum_of_its_protocol_confirms);
    CPPUNIT_TEST(refuses_one_wrong_digit_wherever_it_is);
    CPPUNIT_TEST(refuses_lengths_and_keys_of_no_protocol);
    CPPUNIT_TEST(takes_several_reports_with_one_handshake);
    CPPUNIT_TEST(repeats_the_handshake_while_nobody_answers);
    CPPUNIT_TEST(does_not_acknowledge_a_wrong_message_and_takes_its_repetition);
    CPPUNIT_TEST(ends_a_message_that_breaks_off_by_the_pause);
    CPPUNIT_TEST(does_not_count_what_could_not_be_kept);
    CPPUNIT_TEST(ends_at_its_limits);
    CPPUNIT_TEST_SUITE_END();

  public:
    static constexpr std::string_view burglary = "1234181137010152", restored = "123418313701015C";

    void takes_what_the_checksum_of_its_protocol_confirms() {
        struct {
            std::string_view keys, protocol, digits;
        } const cases[]{
            {burglary, "ADEMCO_CONTACT_ID", "1234181137010152"},
            {restored, "ADEMCO_CONTACT_ID", "123418313701015F"},
            {"1234983137010157", "ADEMCO_CONTACT_ID", "1234983137010157"},
            {"*#AB181131000005", "ADEMCO_CONTACT_ID", "BCDE181131000005"},
            {"123427899", "ADEMCO_EXPRESS_4_2", "123427899"},
            {"12341757", "ADEMCO_EXPRESS_4_1", "12341757"},
            {"12345515555577", "ADEMCO_HIGH_SPEED", "12345515555577"},
        };
        for (const auto& one : cases) {
            std::string keys(one.keys), digits(one.digits);
            // The last digit is what makes the sum a multiple of 15; the first two are from a manufacturer's manual.
            const auto report = read_report(keys);
            CPPUNIT_ASSERT_MESSAGE(report ? "" : report.error().text, report.has_value());
            CPPUNIT_ASSERT_EQUAL(one.protocol, report->protocol);
            CPPUNIT_ASSERT_EQUAL(digits, report->digits);
        }
    }

    void refuses_one_wrong_digit_wherever_it_is() {
        for (std::size_t at = 0; at < burglary.size(); ++at) {
            if (at == 4 || at == 5) continue;  // another protocol then, of another length
            for (const char key : std::string_view("1234567890*#ABC")) {
                std::string keys(burglary);
                if (keys[at] == key) continue;
                keys[at] = key;
                const auto report = read_report(keys);
                CPPUNIT_ASSERT_MESSAGE(keys, !report && report.error().code == ErrorCode::refused);
            }
        }
    }

    void refuses_lengths_and_keys_of_no_protocol() {
        for (std::size_t length = 0; length < burglary.size(); ++length) {
            const auto report = read_report(burglary.substr(0, length));
            CPPUNIT_ASSERT(!report && report.error().code == ErrorCode::invalid);
        }
        CPPUNIT_ASSERT(!read_report("123418113701015D"));
        CPPUNIT_ASSERT(!read_report("123418113701015\n"));
        CPPUNIT_ASSERT(!read_report(std::string(100, '1')));
    }

    void takes_several_reports_with_one_handshake() {
        begin({});
        greet();
        for (const auto message : {burglary, restored}) {
            press(message);
            CPPUNIT_ASSERT(step() == Step::accept);
            CPPUNIT_ASSERT_EQUAL(read_report(message)->digits, receiver_->report().digits);
            clock_.advance(900ms);
            receiver_->sent(Clock::now());
            CPPUNIT_ASSERT(step() == Step::listen);
        }
        CPPUNIT_ASSERT_EQUAL(2u, receiver_->counts().reports);
        CPPUNIT_ASSERT_EQUAL(0u, receiver_->counts().retries());
    }

    void repeats_the_handshake_while_nobody_answers() {
        begin({});
        for (unsigned i = 0; i < 5; ++i) {
            greet();
            clock_.advance(1999ms);
            CPPUNIT_ASSERT(step() == Step::listen);
            clock_.advance(1ms);
        }
        CPPUNIT_ASSERT(step() == Step::handshake);
        CPPUNIT_ASSERT_EQUAL(5u, receiver_->counts().silences);
    }

    void does_not_acknowledge_a_wrong_message_and_takes_its_repetition() {
        begin({});
        greet();
        press("1234181137010153");
        CPPUNIT_ASSERT(step() == Step::listen);
        CPPUNIT_ASSERT_EQUAL(1u, receiver_->counts().wrong_checksums);
        clock_.advance(1250ms);  // what a panel waits for the kiss-off
        press(burglary);
        CPPUNIT_ASSERT(step() == Step::accept);
    }

    void ends_a_message_that_breaks_off_by_the_pause() {
        begin({});
        greet();
        press(burglary.substr(0, 10));
        clock_.advance(199ms);
        CPPUNIT_ASSERT(step() == Step::listen);
        CPPUNIT_ASSERT_EQUAL(0u, receiver_->counts().wrong_formats);
        clock_.advance(1ms);
        CPPUNIT_ASSERT(step() == Step::listen);
        CPPUNIT_ASSERT_EQUAL(1u, receiver_->counts().wrong_formats);
        press(burglary);
        CPPUNIT_ASSERT(step() == Step::accept);
    }

    void does_not_count_what_could_not_be_kept() {
        begin({});
        greet();
        press(burglary);
        CPPUNIT_ASSERT(step() == Step::accept);
        receiver_->not_kept(Clock::now());
        CPPUNIT_ASSERT(step() == Step::listen);
        press(burglary);
        CPPUNIT_ASSERT(step() == Step::accept);
        receiver_->sent(Clock::now());
        CPPUNIT_ASSERT_EQUAL(1u, receiver_->counts().reports);
    }

    void ends_at_its_limits() {
        Receiver::Limits limits;
        limits.retries = 2;
        begin(limits);
        greet();
        press("1234181137010153");
        CPPUNIT_ASSERT(step() == Step::listen);
        clock_.advance(2s);
        CPPUNIT_ASSERT(step() == Step::end);

        limits = {};
        limits.reports = 1;
        begin(limits);
        greet();
        press(burglary);
        CPPUNIT_ASSERT(step() == Step::accept);
        receiver_->sent(Clock::now());
        CPPUNIT_ASSERT(step() == Step::end);

        limits = {};
        limits.call = 1500ms;
        begin(limits);
        greet();
        CPPUNIT_ASSERT(receiver_->until() == Clock::now() + 1200ms);
        clock_.advance(1200ms);
        CPPUNIT_ASSERT(step() == Step::end);
        CPPUNIT_ASSERT(step() == Step::end);
    }

  private:
    static constexpr auto between = 100ms;
    void begin(Receiver::Limits limits) { receiver_.emplace(limits, Clock::now()); }
    Step step() { return receiver_->step(Clock::now()); }
    void greet() {
        CPPUNIT_ASSERT(step() == Step::handshake);
        clock_.advance(300ms);
        receiver_->sent(Clock::now());
        CPPUNIT_ASSERT(step() == Step::listen);
    }
    void press(std::string_view keys) {
        for (const char& key : keys) {
            CPPUNIT_ASSERT(step() == Step::listen);
            receiver_->digit(key, Clock::now());
            if (&key != &keys.back()) clock_.advance(between);
        }
    }
    ManualClock clock_;
    std::optional<Receiver> receiver_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(AlarmReceiverTest);
