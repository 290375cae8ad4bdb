#include "channels/sip/stack/sdes.hpp"

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;

class SdesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SdesTest);
    CPPUNIT_TEST(reads_the_example_of_the_rfc);
    CPPUNIT_TEST(writes_what_it_reads);
    CPPUNIT_TEST(reads_identifiers_of_keys);
    CPPUNIT_TEST(passes_over_what_it_can_not_do);
    CPPUNIT_TEST_SUITE_END();

  public:
    void reads_the_example_of_the_rfc() {  // RFC 4568 section 4
        const auto line = parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:32");
        CPPUNIT_ASSERT(line);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, line->tag);
        CPPUNIT_ASSERT(line->suite == SrtpSuite::aes_cm_128_hmac_sha1_80);
        CPPUNIT_ASSERT_EQUAL(std::size_t{30}, line->key.size());
        CPPUNIT_ASSERT_EQUAL(std::string("=-n@%^x!Bjuf"), std::string(line->key.begin(), line->key.begin() + 12));
    }

    void writes_what_it_reads() {
        for (std::size_t i = 0; i < srtp_suites; ++i) {
            CryptoLine line{7, static_cast<SrtpSuite>(i), std::vector<std::uint8_t>(key_size(static_cast<SrtpSuite>(i)), 0xA5), {}};
            CPPUNIT_ASSERT(parse_crypto(write_crypto(line)) == line);
        }
    }

    void reads_identifiers_of_keys() {
        const std::string key = "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
        CPPUNIT_ASSERT(parse_crypto(key)->identifier.empty());
        CPPUNIT_ASSERT(parse_crypto(key + "|2^20")->identifier.empty());
        CPPUNIT_ASSERT(parse_crypto(key + "|258:4")->identifier == (std::vector<std::uint8_t>{0, 0, 1, 2}));
        CPPUNIT_ASSERT(parse_crypto(key + "|2^31|1:1")->identifier == std::vector<std::uint8_t>{1});
        CPPUNIT_ASSERT_EQUAL(std::size_t{32}, parse_crypto(key + "|2^20|1:32")->identifier.size());
        const auto line = parse_crypto(key + "|258:4");
        CPPUNIT_ASSERT(parse_crypto(write_crypto(*line)) == line);
        for (const char* wrong : {"|1:0", "|1:129", "|256:1", "|x:1", "|1:x", "|2^20|", "|2^20|1", "|1:1|2:1:1"})
            CPPUNIT_ASSERT_MESSAGE(wrong, !parse_crypto(key + wrong));
    }

    void passes_over_what_it_can_not_do() {
        const std::string key = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";
        CPPUNIT_ASSERT(!parse_crypto(""));
        CPPUNIT_ASSERT(!parse_crypto("x AES_CM_128_HMAC_SHA1_80 " + key));
        CPPUNIT_ASSERT(!parse_crypto("1 F8_128_HMAC_SHA1_80 " + key));
        CPPUNIT_ASSERT(!parse_crypto("1 AES_256_CM_HMAC_SHA1_80 " + key));                       // too short a key
        CPPUNIT_ASSERT(!parse_crypto("1 AES_CM_128_HMAC_SHA1_80 " + key + ";" + key));           // two keys
        CPPUNIT_ASSERT(!parse_crypto("1 AES_CM_128_HMAC_SHA1_80 " + key + " UNENCRYPTED_SRTP"));
        CPPUNIT_ASSERT(!parse_crypto("1 AES_CM_128_HMAC_SHA1_80 inline:!!!"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SdesTest);
