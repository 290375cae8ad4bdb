#include "core/media/media_socket.hpp"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/media/media_thread.hpp"
#include "core/media/packet_ring.hpp"
#include "core/runtime/control.hpp"

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

// A bound socket of the loopback interface.
struct Bound {
    explicit Bound(std::uint16_t port = 0) : descriptor(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
        const SocketAddress wanted = *SocketAddress::parse("127.0.0.1", port);
        CPPUNIT_ASSERT_EQUAL(0, bind(descriptor, wanted.raw(), wanted.raw_size()));
        sockaddr_in bound{};
        socklen_t size = sizeof(bound);
        getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
        address = SocketAddress(reinterpret_cast<const sockaddr*>(&bound));
    }
    ~Bound() { close(descriptor); }
    void send(const std::string& text, const SocketAddress& to) const {
        sendto(descriptor, text.data(), text.size(), 0, to.raw(), to.raw_size());
    }
    int listen() const {  // packets that are there
        int count = 0;
        for (char bytes[256]; recv(descriptor, bytes, sizeof(bytes), 0) > 0;) ++count;
        return count;
    }
    int descriptor;
    SocketAddress address;
};

struct Listener final : MediaSocket::Receiver {
    void packet(std::span<std::uint8_t> bytes, const sockaddr* from) override {
        last.assign(bytes.begin(), bytes.end());
        sender = SocketAddress(from);
        ++heard;
    }
    std::string last;      // media thread
    SocketAddress sender;  // media thread
    std::atomic<int> heard{0};
};

struct Reader final : Pollable {
    explicit Reader(int its_descriptor) : descriptor(its_descriptor) {}
    void readable() override {
        eventfd_t value;
        eventfd_read(descriptor, &value);
        ++reads;
    }
    int descriptor;
    std::atomic<int> reads{0};
};

class Job final : public MediaCommand {
  public:
    explicit Job(std::function<void(MediaLoop&)> work) : work_(std::move(work)) {}
    void run(MediaLoop& loop) override { work_(loop); }

  private:
    std::function<void(MediaLoop&)> work_;
};

bool soon(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(1ms);
    }
    return false;
}

}  // namespace

// Everything with a system call for each packet; the suite below does the same by io_uring.
class MediaSocketTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MediaSocketTest);
    CPPUNIT_TEST(moves_packets_as_it_was_told);
    CPPUNIT_TEST(hands_over_packets_with_their_sender);
    CPPUNIT_TEST(sends_any_number_at_once);
    CPPUNIT_TEST(a_burst_beyond_all_buffers_is_heard_to_its_end);
    CPPUNIT_TEST(a_detached_socket_hears_no_more_and_its_port_is_free);
    CPPUNIT_TEST(what_came_before_detach_is_heard);
    CPPUNIT_TEST(outlives_a_far_side_that_is_gone);
    CPPUNIT_TEST(other_descriptors_are_served_beside_it);
    CPPUNIT_TEST_SUITE_END();

  public:
    virtual PacketTransport transport() const { return PacketTransport::epoll; }
    void setUp() override {
        set_packet_transport(transport());
        control_ = std::make_unique<ControlLoop>();
        loop_ = std::make_unique<MediaLoop>(0);
        loop_->start();
    }
    void tearDown() override {
        loop_.reset();
        control_.reset();
        set_packet_transport(PacketTransport::automatic);
    }
    // On the media thread; waits for it.
    void there(std::function<void(MediaLoop&)> work) {
        std::atomic<bool> done{false};
        loop_->submit(std::make_unique<Job>([&](MediaLoop& loop) {
            work(loop);
            done = true;
        }));
        loop_->flush();
        CPPUNIT_ASSERT(soon([&] { return done.load(); }));
    }

    void moves_packets_as_it_was_told() {
        Bound here;
        Listener listener;
        MediaSocket socket(listener);
        there([&](MediaLoop& loop) { socket.attach(loop, here.descriptor); });
        const bool ring = transport() != PacketTransport::epoll && PacketRing::make();
        CPPUNIT_ASSERT_EQUAL(std::string(ring ? "io_uring" : "epoll"), packet_transport_in_use());
        there([&](MediaLoop&) { socket.detach(); });
    }
    void hands_over_packets_with_their_sender() {
        Bound here, far;
        Listener listener;
        MediaSocket socket(listener);
        far.send("early", here.address);
        there([&](MediaLoop& loop) { socket.attach(loop, here.descriptor); });
        CPPUNIT_ASSERT(soon([&] { return listener.heard == 1; }));
        for (int i = 2; i <= 50; ++i) {
            far.send("packet " + std::to_string(i), here.address);
            CPPUNIT_ASSERT(soon([&] { return listener.heard == i; }));
        }
        there([&](MediaLoop&) {
            CPPUNIT_ASSERT_EQUAL(std::string("packet 50"), listener.last);
            CPPUNIT_ASSERT(listener.sender == far.address);
            socket.detach();
        });
    }
    void sends_any_number_at_once() {
        Bound here, far;
        Listener listener;
        MediaSocket socket(listener);
        const int large = 4 << 20;
        setsockopt(far.descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof(large));
        there([&](MediaLoop& loop) {
            socket.attach(loop, here.descriptor);
            for (int i = 0; i < 600; ++i) {
                std::fill_n(socket.outgoing(), 172, std::uint8_t{7});
                socket.send(172, &far.address);
            }
            CPPUNIT_ASSERT_EQUAL(0, connect(here.descriptor, far.address.raw(), far.address.raw_size()));
            for (int i = 0; i < 600; ++i) {
                std::fill_n(socket.outgoing(), 172, std::uint8_t{8});
                socket.send(172, nullptr);
            }
        });
        int heard = 0;
        CPPUNIT_ASSERT(soon([&] { return (heard += far.listen()) == 1200; }));
        there([&](MediaLoop&) { socket.detach(); });
    }
    void a_burst_beyond_all_buffers_is_heard_to_its_end() {
        constexpr int sockets = 12, packets = 150;  // more than a thread has buffers, less than a socket keeps
        Bound far;
        std::vector<std::unique_ptr<Bound>> here;
        std::vector<std::unique_ptr<Listener>> listeners;
        std::vector<std::unique_ptr<MediaSocket>> attached;
        for (int i = 0; i < sockets; ++i) {
            here.push_back(std::make_unique<Bound>());
            listeners.push_back(std::make_unique<Listener>());
            attached.push_back(std::make_unique<MediaSocket>(*listeners.back()));
        }
        there([&](MediaLoop& loop) {
            for (int i = 0; i < sockets; ++i) attached[i]->attach(loop, here[i]->descriptor);
        });
        for (int round = 1; round <= 3; ++round) {
            there([&](MediaLoop&) {  // which reads nothing meanwhile
                for (const auto& each : here)
                    for (int i = 0; i < packets; ++i) far.send("x", each->address);
            });
            for (const auto& listener : listeners) CPPUNIT_ASSERT(soon([&] { return listener->heard == round * packets; }));
        }
        there([&](MediaLoop&) {
            for (const auto& each : attached) each->detach();
        });
    }
    void a_detached_socket_hears_no_more_and_its_port_is_free() {
        auto here = std::make_unique<Bound>();
        Bound far;
        Listener listener, other;
        const std::uint16_t port = here->address.port();
        for (int i = 0; i < 100; ++i) {
            MediaSocket socket(listener);
            there([&](MediaLoop& loop) { socket.attach(loop, here->descriptor); });
            there([&](MediaLoop&) { socket.detach(); });
            if (i % 2) {  // read by others at once, or closed
                far.send("x", here->address);
                char byte;
                CPPUNIT_ASSERT(soon([&] { return recv(here->descriptor, &byte, 1, 0) == 1; }));
            } else {
                here.reset();
                here = std::make_unique<Bound>(port);
            }
        }
        CPPUNIT_ASSERT_EQUAL(0, listener.heard.load());
    }
    void what_came_before_detach_is_heard() {
        Bound here, far;
        Listener listener;
        MediaSocket socket(listener);
        there([&](MediaLoop& loop) { socket.attach(loop, here.descriptor); });
        int left = 0;
        there([&](MediaLoop&) {
            for (int i = 0; i < 20; ++i) far.send("x", here.address);
            socket.detach();
            left = here.listen();  // or is left to who has it next
        });
        CPPUNIT_ASSERT_EQUAL(20, listener.heard + left);
    }
    void outlives_a_far_side_that_is_gone() {
        Bound here;
        auto far = std::make_unique<Bound>();
        const SocketAddress there_was = far->address;
        Listener listener;
        MediaSocket socket(listener);
        connect(here.descriptor, there_was.raw(), there_was.raw_size());
        there([&](MediaLoop& loop) { socket.attach(loop, here.descriptor); });
        far.reset();
        for (int i = 0; i < 200; ++i)  // each is answered by an ICMP message
            there([&](MediaLoop&) {
                *socket.outgoing() = 1;
                socket.send(1, nullptr);
            });
        far = std::make_unique<Bound>(there_was.port());
        far->send("back", here.address);
        CPPUNIT_ASSERT(soon([&] { return listener.heard == 1; }));
        there([&](MediaLoop&) { socket.detach(); });
    }
    void other_descriptors_are_served_beside_it() {
        Bound here, far;
        Listener listener;
        MediaSocket socket(listener);
        Reader reader(eventfd(0, EFD_NONBLOCK));
        there([&](MediaLoop& loop) {
            socket.attach(loop, here.descriptor);
            loop.add(reader.descriptor, reader);
        });
        for (int i = 1; i <= 50; ++i) {
            eventfd_write(reader.descriptor, 1);
            CPPUNIT_ASSERT(soon([&] { return reader.reads == i; }));
            if (i % 3) far.send("x", here.address);
        }
        CPPUNIT_ASSERT(soon([&] { return listener.heard == 34; }));
        there([&](MediaLoop& loop) {
            loop.remove(reader.descriptor);
            socket.detach();
        });
        close(reader.descriptor);
    }

  private:
    std::unique_ptr<ControlLoop> control_;
    std::unique_ptr<MediaLoop> loop_;
};
CPPUNIT_TEST_SUITE_REGISTRATION(MediaSocketTest);

class MediaSocketRingTest : public MediaSocketTest {
    CPPUNIT_TEST_SUB_SUITE(MediaSocketRingTest, MediaSocketTest);
    CPPUNIT_TEST_SUITE_END();

  public:
    PacketTransport transport() const override { return PacketTransport::automatic; }
};
CPPUNIT_TEST_SUITE_REGISTRATION(MediaSocketRingTest);
