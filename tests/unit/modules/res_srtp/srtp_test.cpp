#include "modules/res_srtp/srtp.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "core/module/module.hpp"
#include "core/module/module_config.hpp"
#include "tests/unit/core/media/media_fixture.hpp"

extern "C" const jackfield::ModuleDescriptor jackfield_module_descriptor;

using namespace jackfield;
using namespace jackfield::testing;

class SrtpTest : public MediaTest {
    CPPUNIT_TEST_SUITE(SrtpTest);
    CPPUNIT_TEST(decrypts_what_it_encrypts);
    CPPUNIT_TEST(a_sender_with_a_new_key_may_begin_its_roll_over_counter_anew);
    CPPUNIT_TEST(a_sender_with_a_new_key_may_keep_its_roll_over_counter);
    CPPUNIT_TEST(its_numbers_may_go_round_while_the_key_changes);
    CPPUNIT_TEST(what_is_still_under_the_old_key_does_not_settle_it);
    CPPUNIT_TEST(it_is_tried_for_some_packets_and_no_longer);
    CPPUNIT_TEST_SUITE_END();

    static constexpr std::uint32_t source = 0x01020304;
    static constexpr std::array suites{SrtpSuite::aes_cm_128_hmac_sha1_80, SrtpSuite::aes_cm_128_hmac_sha1_32, SrtpSuite::aes_256_cm_hmac_sha1_80,
                                       SrtpSuite::aead_aes_128_gcm, SrtpSuite::aead_aes_256_gcm};
    std::unique_ptr<Module> module_;
    std::optional<Service<SrtpService>> service_;

    static std::vector<std::uint8_t> key(SrtpSuite suite, std::uint8_t filler) { return std::vector<std::uint8_t>(key_size(suite), filler); }
    std::shared_ptr<RtpCipher> sender(SrtpSuite suite, std::uint8_t filler) { return (*service_)->encryption(suite, key(suite, filler)).value(); }
    std::shared_ptr<RtpCipher> receiver(SrtpSuite suite, std::uint8_t filler, std::span<const std::uint8_t> identifier = {}) {
        return (*service_)->decryption(suite, key(suite, filler), identifier).value();
    }
    struct Packet {
        alignas(std::uint32_t) std::array<std::uint8_t, 400> bytes{};
        std::size_t size = 0;
    };
    static Packet packet(RtpCipher& cipher, std::uint16_t sequence, std::uint32_t ssrc = source) {
        Packet made;
        made.size = 12 + 160;
        std::fill_n(made.bytes.begin(), made.size, std::uint8_t{0x55});
        made.bytes[0] = 0x80;
        made.bytes[1] = 0;
        made.bytes[2] = static_cast<std::uint8_t>(sequence >> 8);
        made.bytes[3] = static_cast<std::uint8_t>(sequence);
        for (unsigned i = 0; i < 4; ++i) made.bytes[8 + i] = static_cast<std::uint8_t>(ssrc >> (24 - 8 * i));
        made.size = cipher.rtp(made.bytes, made.size);
        CPPUNIT_ASSERT(made.size > 12 + 160);
        return made;
    }
    static bool heard(RtpCipher& cipher, Packet packet) {
        const std::size_t size = cipher.rtp(packet.bytes, packet.size);
        if (size == 0) return false;
        CPPUNIT_ASSERT_EQUAL(std::size_t{12 + 160}, size);
        CPPUNIT_ASSERT(std::all_of(packet.bytes.begin() + 12, packet.bytes.begin() + 12 + 160, [](std::uint8_t each) { return each == 0x55; }));
        return true;
    }
    // Both ends, the numbers gone round `rounds` times; the sender's last number is `last`.
    static void run(RtpCipher& from, RtpCipher& to, unsigned rounds, std::uint16_t last) {
        for (std::uint32_t at = 0; at < rounds * 65536 + last; at += 16384) CPPUNIT_ASSERT(heard(to, packet(from, static_cast<std::uint16_t>(at))));
        CPPUNIT_ASSERT(heard(to, packet(from, last)));
    }
    // A sender under the new key whose counter stands at `count`.
    std::shared_ptr<RtpCipher> sender_at(SrtpSuite suite, std::uint8_t filler, unsigned count, std::uint16_t last) {
        auto made = sender(suite, filler);
        for (std::uint32_t at = 0; at < count * 65536 + last; at += 16384) packet(*made, static_cast<std::uint16_t>(at));
        return made;
    }

  public:
    void setUp() override {
        MediaTest::setUp();
        module_ = std::make_unique<Module>("res_srtp");
        Result<void> loaded;
        on_fiber([&] { loaded = jackfield_module_descriptor.load(*module_); });
        CPPUNIT_ASSERT_MESSAGE(loaded ? "" : loaded.error().text, loaded.has_value());
        service_.emplace(*find_service<SrtpService>());
    }
    void tearDown() override {
        service_.reset();
        CPPUNIT_ASSERT(wait_for([&] { return module_->gate().inside() == 0; }));
        module_.reset();
        MediaTest::tearDown();
    }

    void decrypts_what_it_encrypts() {
        for (const SrtpSuite suite : suites) {
            const auto from = sender(suite, 1), to = receiver(suite, 1), other = receiver(suite, 2);
            run(*from, *to, 2, 100);
            CPPUNIT_ASSERT_EQUAL(2u, to->roll_over(source).value());
            CPPUNIT_ASSERT(!to->roll_over(source + 1));
            CPPUNIT_ASSERT(!heard(*other, packet(*from, 101)));
        }
    }
    void a_sender_with_a_new_key_may_begin_its_roll_over_counter_anew() {
        for (const SrtpSuite suite : suites) {
            const auto from = sender(suite, 1), to = receiver(suite, 1);
            run(*from, *to, 2, 100);
            const auto fresh = sender(suite, 2), next = receiver(suite, 2);
            next->expect(source, *to->roll_over(source));
            for (std::uint16_t i = 101; i < 120; ++i) CPPUNIT_ASSERT(heard(*next, packet(*fresh, i)));
            CPPUNIT_ASSERT_EQUAL(0u, next->roll_over(source).value());
        }
    }
    void a_sender_with_a_new_key_may_keep_its_roll_over_counter() {
        for (const SrtpSuite suite : suites) {
            const auto from = sender(suite, 1), to = receiver(suite, 1);
            run(*from, *to, 2, 100);
            const auto kept = sender_at(suite, 2, 2, 100), deaf = receiver(suite, 2), next = receiver(suite, 2);
            next->expect(source, *to->roll_over(source));
            CPPUNIT_ASSERT(!heard(*deaf, packet(*kept, 101)));  // who does not expect it
            for (std::uint16_t i = 102; i < 120; ++i) CPPUNIT_ASSERT(heard(*next, packet(*kept, i)));
            CPPUNIT_ASSERT_EQUAL(2u, next->roll_over(source).value());
            const Packet twice = packet(*kept, 120);
            CPPUNIT_ASSERT(heard(*next, twice) && !heard(*next, twice));
            // Another source begins anew as ever, and the next key follows on that.
            CPPUNIT_ASSERT(heard(*next, packet(*sender(suite, 2), 7, source + 1)));
            const auto third = sender_at(suite, 3, 2, 120), last = receiver(suite, 3);
            last->expect(source, *next->roll_over(source));
            CPPUNIT_ASSERT(heard(*last, packet(*third, 121)));
        }
    }
    void its_numbers_may_go_round_while_the_key_changes() {
        const auto suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
        for (const unsigned rounds : {0u, 1u}) {
            const auto from = sender(suite, 1), to = receiver(suite, 1);
            run(*from, *to, rounds, 65530);
            const auto kept = sender_at(suite, 2, rounds, 65535), next = receiver(suite, 2);
            CPPUNIT_ASSERT_EQUAL(rounds, to->roll_over(source).value());
            next->expect(source, *to->roll_over(source));
            packet(*kept, 65535);  // lost
            for (std::uint16_t i = 0; i < 5; ++i) CPPUNIT_ASSERT(heard(*next, packet(*kept, i)));
            CPPUNIT_ASSERT_EQUAL(rounds + 1, next->roll_over(source).value());
        }
    }
    void what_is_still_under_the_old_key_does_not_settle_it() {
        for (const SrtpSuite suite : suites) {
            const auto from = sender(suite, 1), to = receiver(suite, 1);
            run(*from, *to, 1, 100);
            const auto kept = sender_at(suite, 2, 1, 100), next = receiver(suite, 2);
            next->expect(source, *to->roll_over(source));
            for (std::uint16_t i = 101; i < 111; ++i) CPPUNIT_ASSERT(!heard(*next, packet(*from, i)));
            CPPUNIT_ASSERT(heard(*next, packet(*sender(suite, 2), 7, source + 1)));  // of another source
            for (std::uint16_t i = 111; i < 120; ++i) CPPUNIT_ASSERT(heard(*next, packet(*kept, i)));
        }
    }
    void it_is_tried_for_some_packets_and_no_longer() {
        const auto suite = SrtpSuite::aes_cm_128_hmac_sha1_80;
        const auto from = sender(suite, 1), to = receiver(suite, 1);
        run(*from, *to, 1, 100);
        const auto kept = sender_at(suite, 2, 1, 100), fresh = sender(suite, 2), next = receiver(suite, 2);
        next->expect(source, *to->roll_over(source));
        for (std::uint16_t i = 101; i < 101 + 128; ++i) CPPUNIT_ASSERT(!heard(*next, packet(*from, i)));
        CPPUNIT_ASSERT(!heard(*next, packet(*kept, 300)));
        CPPUNIT_ASSERT(heard(*next, packet(*fresh, 300)));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SrtpTest);
