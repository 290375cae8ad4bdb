#include "core/media/inband_digits.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <string>
#include <vector>

using namespace jackfield;

class InbandDigitsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(InbandDigitsTest);
    CPPUNIT_TEST(finds_every_digit_that_it_makes);
    CPPUNIT_TEST(finds_nothing_in_a_single_tone);
    CPPUNIT_TEST(measures_the_length);
    CPPUNIT_TEST(knows_the_sixteen_keys);
    CPPUNIT_TEST_SUITE_END();

    static void note(void* context, const Digit& digit) { static_cast<std::vector<Digit>*>(context)->push_back(digit); }
    static std::vector<Digit> heard(const std::vector<std::int16_t>& audio) {
        std::vector<Digit> digits;
        DigitDetector detector;
        for (std::size_t at = 0; at < audio.size(); at += 160)
            detector.hear(std::span(audio).subspan(at, std::min<std::size_t>(160, audio.size() - at)), note, &digits);
        return digits;
    }
    static void append(std::vector<std::int16_t>& audio, char key, std::size_t samples) {
        DigitTone tone;
        tone.start(key, {8000});
        audio.resize(audio.size() + samples + 800);
        tone.fill(std::span(audio).last(samples + 800).first(samples));
    }

    void finds_every_digit_that_it_makes() {
        const std::string keys = "0123456789*#ABCD";
        std::vector<std::int16_t> audio;
        for (const char key : keys) append(audio, key, 640);
        std::string found;
        for (const Digit& digit : heard(audio))
            if (digit.end) found += digit.key;
        CPPUNIT_ASSERT_EQUAL(keys, found);
    }
    void finds_nothing_in_a_single_tone() {
        std::vector<std::int16_t> audio;
        append(audio, '5', 1600);
        std::vector<std::int16_t> low(1600);
        for (std::size_t i = 0; i < low.size(); ++i) low[i] = i / 6 % 2 ? 8000 : -8000;
        CPPUNIT_ASSERT(heard(low).empty());
        CPPUNIT_ASSERT(!heard(audio).empty());
    }
    void measures_the_length() {
        std::vector<std::int16_t> audio;
        append(audio, '7', 2400);
        const auto digits = heard(audio);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, digits.size());
        CPPUNIT_ASSERT(!digits[0].end && digits[1].end);
        CPPUNIT_ASSERT(digits[1].duration_ms >= 250 && digits[1].duration_ms <= 350);
    }
    void knows_the_sixteen_keys() {
        CPPUNIT_ASSERT(DigitTone::knows('#') && DigitTone::knows('d'));
        CPPUNIT_ASSERT(!DigitTone::knows('f') && !DigitTone::knows('!') && !DigitTone::knows('\0'));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(InbandDigitsTest);
