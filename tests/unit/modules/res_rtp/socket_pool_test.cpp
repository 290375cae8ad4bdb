#include "modules/res_rtp/socket_pool.hpp"

#include <set>

#include "tests/unit/modules/res_rtp/rtp_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;

class SocketPoolTest : public RtpTest {
    CPPUNIT_TEST_SUITE(SocketPoolTest);
    CPPUNIT_TEST(uses_sockets_again_and_drained);
    CPPUNIT_TEST(closes_sockets_that_a_peak_left);
    CPPUNIT_TEST_SUITE_END();

  public:
    void uses_sockets_again_and_drained() {
        rtp::SocketPool pool;
        pool.set_range(21300, 21341, true);
        std::set<std::uint16_t> ports;
        Phone stranger;
        for (int i = 0; i < 200; ++i) {
            const auto pair = pool.take(loopback(), 46);
            CPPUNIT_ASSERT(pair);
            const auto& got = **pair;
            CPPUNIT_ASSERT(got.local.port() % 2 == 0 && got.local.port() >= 21300 && got.local.port() < 21341);
            ports.insert(got.local.port());
            char byte;
            CPPUNIT_ASSERT(recv(got.rtp, &byte, 1, 0) < 0);
            CPPUNIT_ASSERT_EQUAL(0, connect(got.rtp, stranger.address.raw(), stranger.address.raw_size()));
            stranger.speak(got.local);  // stays in the socket that goes back
            rtp::disconnect(got.rtp);
            sockaddr_storage peer;
            socklen_t size = sizeof(peer);
            CPPUNIT_ASSERT(getpeername(got.rtp, reinterpret_cast<sockaddr*>(&peer), &size) != 0);
        }
        CPPUNIT_ASSERT(ports.size() > 15);
        CPPUNIT_ASSERT(pool.usage().idle <= ports.size());
    }
    void closes_sockets_that_a_peak_left() {
        rtp::SocketPool pool;
        pool.set_range(21300, 21399, true);
        std::vector<rtp::OwnedPair> taken;
        for (int i = 0; i < 40; ++i) taken.push_back(std::move(*pool.take(loopback(), 0)));
        CPPUNIT_ASSERT_EQUAL(std::size_t{40}, pool.usage().in_use);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, pool.usage().idle);
        taken.clear();
        pool.shrink();  // they were needed just now
        CPPUNIT_ASSERT_EQUAL(std::size_t{40}, pool.usage().idle);
        CPPUNIT_ASSERT_EQUAL(std::size_t{80}, pool.usage().idle_descriptors);
        for (int i = 0; i < 5; ++i) taken.push_back(std::move(*pool.take(loopback(), 0)));
        taken.clear();
        pool.shrink();  // 35 were not needed: half of those above the 16 that stay
        CPPUNIT_ASSERT_EQUAL(std::size_t{30}, pool.usage().idle);
        for (int i = 0; i < 10; ++i) pool.shrink();
        CPPUNIT_ASSERT_EQUAL(std::size_t{16}, pool.usage().idle);
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, pool.usage().in_use);
        for (int i = 0; i < 50; ++i) {  // every port can be had again
            auto pair = pool.take(loopback(), 0);
            CPPUNIT_ASSERT(pair);
            taken.push_back(std::move(*pair));
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(SocketPoolTest);
