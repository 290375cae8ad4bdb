#include "core/runtime/datagram.hpp"

#include <string>
#include <vector>

#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

struct Copy {
    std::string text;
    SocketAddress from, to;
    std::chrono::nanoseconds age;
};

class Inbox {
  public:
    std::unique_ptr<Datagram> bind(const std::string& address) {
        return Datagram::bind(
                   SocketAddress::parse(address).value(),
                   [this](std::span<const ReceivedDatagram> batch) {
                       largest = std::max(largest, batch.size());
                       for (const auto& packet : batch)
                           packets.push_back(
                               {{packet.bytes.begin(), packet.bytes.end()}, packet.from, packet.to, packet.age});
                   })
            .value();
    }
    std::vector<Copy> packets;
    std::size_t largest = 0;
};

}  // namespace

class DatagramTest : public LoopTest {
    CPPUNIT_TEST_SUITE(DatagramTest);
    CPPUNIT_TEST(carries_packets_both_ways);
    CPPUNIT_TEST(reads_in_batches_of_32);
    CPPUNIT_TEST(tells_the_local_address_on_a_wildcard_socket);
    CPPUNIT_TEST(measures_the_time_in_the_queue);
    CPPUNIT_TEST(may_be_destroyed_by_its_receiver);
    CPPUNIT_TEST(lets_go_of_its_receiver_at_once);
    CPPUNIT_TEST(names_the_address_that_is_in_use);
    CPPUNIT_TEST(takes_packets_of_any_size);
    CPPUNIT_TEST(sends_what_waits_at_the_end_of_the_turn_in_order);
    CPPUNIT_TEST(tells_what_could_not_be_sent_and_sends_the_rest);
    CPPUNIT_TEST(sends_what_waits_before_it_goes);
    CPPUNIT_TEST(adopts_a_bound_socket);
    CPPUNIT_TEST(speaks_ipv6);
    CPPUNIT_TEST_SUITE_END();

    static std::span<const char> bytes(std::string_view text) { return {text.data(), text.size()}; }

  public:
    void carries_packets_both_ways() {
        ControlLoop loop;
        Inbox a, b;
        const auto first = a.bind("127.0.0.1:0"), second = b.bind("127.0.0.1:0");
        CPPUNIT_ASSERT(first->local().port() != 0);
        CPPUNIT_ASSERT(first->send(bytes("INVITE"), second->local()));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 1; }));
        CPPUNIT_ASSERT_EQUAL(std::string("INVITE"), b.packets[0].text);
        CPPUNIT_ASSERT(b.packets[0].from == first->local());
        CPPUNIT_ASSERT(b.packets[0].to == second->local());
        CPPUNIT_ASSERT(second->send(bytes("200 OK"), b.packets[0].from));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return a.packets.size() == 1; }));
        CPPUNIT_ASSERT_EQUAL(std::string("200 OK"), a.packets[0].text);
    }

    void reads_in_batches_of_32() {
        ControlLoop loop;
        Inbox a, b;
        const auto sender = a.bind("127.0.0.1:0"), receiver = b.bind("127.0.0.1:0");
        for (int i = 0; i < 100; ++i) CPPUNIT_ASSERT(sender->send(bytes(std::to_string(i)), receiver->local()));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 100; }));
        CPPUNIT_ASSERT_EQUAL(std::size_t{32}, b.largest);
        for (int i = 0; i < 100; ++i)
            CPPUNIT_ASSERT_EQUAL(std::to_string(i), b.packets[static_cast<std::size_t>(i)].text);
    }

    void tells_the_local_address_on_a_wildcard_socket() {
        ControlLoop loop;
        Inbox a, b;
        const auto sender = a.bind("127.0.0.1:0"), receiver = b.bind("0.0.0.0:0");
        const auto to = SocketAddress::parse("127.0.0.5")->with_port(receiver->local().port());
        CPPUNIT_ASSERT(sender->send(bytes("x"), to));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 1; }));
        CPPUNIT_ASSERT_EQUAL(to.to_string(), b.packets[0].to.to_string());
    }

    void measures_the_time_in_the_queue() {
        ControlLoop loop;
        Inbox a, b;
        const auto sender = a.bind("127.0.0.1:0"), receiver = b.bind("127.0.0.1:0");
        // The kernel begins to stamp packets a moment after the first socket that wants it; until then they are stamped when read.
        const auto end = std::chrono::steady_clock::now() + 10s;
        do {
            b.packets.clear();
            const auto before = std::chrono::steady_clock::now();
            CPPUNIT_ASSERT(sender->send(bytes("x"), receiver->local()));
            while (std::chrono::steady_clock::now() - before < 5ms) continue;
            CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 1; }));
        } while (b.packets[0].age < 4ms && std::chrono::steady_clock::now() < end);
        CPPUNIT_ASSERT(b.packets[0].age >= 4ms);
        CPPUNIT_ASSERT(b.packets[0].age < 10s);
    }

    // A module is unmapped soon after: what the reactor still has of the wait must hold none of its code.
    void lets_go_of_its_receiver_at_once() {
        ControlLoop loop;
        const auto kept = std::make_shared<int>(1);
        auto bound = Datagram::bind(SocketAddress::parse("127.0.0.1:0").value(), [kept](std::span<const ReceivedDatagram>) {});
        CPPUNIT_ASSERT(bound.has_value());
        loop.run_until_idle();
        CPPUNIT_ASSERT(kept.use_count() > 1);
        bound->reset();
        CPPUNIT_ASSERT_EQUAL(1L, kept.use_count());
    }

    void may_be_destroyed_by_its_receiver() {
        ControlLoop loop;
        Inbox a;
        const auto sender = a.bind("127.0.0.1:0");
        std::unique_ptr<Datagram> receiver;
        std::string seen;
        receiver = Datagram::bind(*SocketAddress::parse("127.0.0.1"), [&](std::span<const ReceivedDatagram> batch) {
                       receiver.reset();
                       seen.assign(batch[0].bytes.begin(), batch[0].bytes.end());
                   }).value();
        CPPUNIT_ASSERT(sender->send(bytes("last"), receiver->local()));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return !seen.empty(); }));
        CPPUNIT_ASSERT_EQUAL(std::string("last"), seen);
    }

    void names_the_address_that_is_in_use() {
        ControlLoop loop;
        Inbox a;
        const auto first = a.bind("127.0.0.1:0");
        const auto second = Datagram::bind(first->local(), [](auto) {});
        CPPUNIT_ASSERT(second.error().code == ErrorCode::busy);
        CPPUNIT_ASSERT(second.error().text.find(first->local().to_string()) != std::string::npos);
    }

    void takes_packets_of_any_size() {
        ControlLoop loop;
        Inbox a, b;
        const auto sender = a.bind("127.0.0.1:0"), receiver = b.bind("127.0.0.1:0");
        const std::string large(65'507, 'L');
        CPPUNIT_ASSERT(sender->send(bytes(""), receiver->local()));
        CPPUNIT_ASSERT(sender->send(bytes(large), receiver->local()));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 2; }));
        CPPUNIT_ASSERT(b.packets[0].text.empty());
        CPPUNIT_ASSERT(b.packets[1].text == large);
        CPPUNIT_ASSERT(sender->send(bytes(large + "x"), receiver->local()).error().code == ErrorCode::failed);
    }

    void sends_what_waits_at_the_end_of_the_turn_in_order() {
        ControlLoop loop;
        Inbox a, b;
        const auto sender = a.bind("127.0.0.1:0"), receiver = b.bind("127.0.0.1:0");
        loop.run_until_idle();
        constexpr std::size_t many = 100;  // several system calls
        for (std::size_t i = 0; i < many; ++i) sender->send_later(bytes(std::to_string(i)), receiver->local());
        char byte = 0;
        CPPUNIT_ASSERT(recv(receiver->descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0);
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == many; }));
        for (std::size_t i = 0; i < many; ++i) CPPUNIT_ASSERT_EQUAL(std::to_string(i), b.packets[i].text);
    }

    void tells_what_could_not_be_sent_and_sends_the_rest() {
        ControlLoop loop;
        Inbox a, b;
        const auto sender = a.bind("127.0.0.1:0"), receiver = b.bind("127.0.0.1:0");
        const std::string large(65'508, 'L');
        std::vector<std::size_t> failed;
        sender->on_failed([&](std::span<const char> packet, const SocketAddress& to, const Error& error) {
            CPPUNIT_ASSERT(to == receiver->local());
            CPPUNIT_ASSERT(error.code == ErrorCode::failed);
            failed.push_back(packet.size());
            sender->send_later(bytes("instead"), to);
        });
        for (const std::string& text : {std::string("first"), large, std::string("second")}) sender->send_later(bytes(text), receiver->local());
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 3; }));
        CPPUNIT_ASSERT_EQUAL(std::string("first"), b.packets[0].text);
        CPPUNIT_ASSERT_EQUAL(std::string("second"), b.packets[1].text);
        CPPUNIT_ASSERT_EQUAL(std::string("instead"), b.packets[2].text);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, failed.size());
        CPPUNIT_ASSERT_EQUAL(large.size(), failed[0]);
    }

    void sends_what_waits_before_it_goes() {
        ControlLoop loop;
        Inbox a, b;
        auto sender = a.bind("127.0.0.1:0");
        const auto receiver = b.bind("127.0.0.1:0");
        sender->send_later(bytes("last words"), receiver->local());
        sender.reset();
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 1; }));
    }

    void adopts_a_bound_socket() {
        ControlLoop loop;
        Inbox a, b;
        const auto sender = a.bind("127.0.0.1:0");
        auto old = b.bind("127.0.0.1:0");
        const auto address = old->local();
        const int copy = dup(old->descriptor());
        old.reset();
        const auto adopted =
            Datagram::bind({},
                           [&](auto batch) {
                               b.packets.push_back({{batch[0].bytes.begin(), batch[0].bytes.end()}, {}, {}, {}});
                           },
                           {.adopt_descriptor = copy})
                .value();
        CPPUNIT_ASSERT(adopted->local() == address);
        CPPUNIT_ASSERT(sender->send(bytes("x"), address));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 1; }));
    }

    void speaks_ipv6() {
        ControlLoop loop;
        Inbox a, b;
        const auto probe = Datagram::bind(*SocketAddress::parse("::1"), [](auto) {});
        if (!probe) return;  // a machine without IPv6
        const auto sender = a.bind("[::1]:0"), receiver = b.bind("[::]:0");
        const auto to = SocketAddress::parse("::1")->with_port(receiver->local().port());
        CPPUNIT_ASSERT(sender->send(bytes("x"), to));
        CPPUNIT_ASSERT(loop.run_for(10s, [&] { return b.packets.size() == 1; }));
        CPPUNIT_ASSERT(b.packets[0].to == to);
        CPPUNIT_ASSERT(b.packets[0].from == sender->local().with_port(sender->local().port()));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DatagramTest);
