#include "core/runtime/stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/core/runtime/loop_fixture.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

const SocketAddress& loopback() {
    static const SocketAddress address = SocketAddress::parse("127.0.0.1").value();
    return address;
}

std::string socket_path() { return "/tmp/jackfield-stream-test-" + std::to_string(getpid()); }

// A listener and what it accepted.
struct Server {
    Queue<std::unique_ptr<Stream>> accepted;
    std::unique_ptr<Listener> listener;
    Listener::Acceptor acceptor() {
        return [this](std::unique_ptr<Stream> stream) { CPPUNIT_ASSERT(accepted.push(std::move(stream))); };
    }
    Server() { listener = Listener::bind(loopback(), acceptor()).value(); }
    explicit Server(const std::string& path) { listener = Listener::bind_unix(path, 0600, acceptor()).value(); }
};

std::string read_text(Stream& stream) {
    std::array<char, 4096> buffer;
    const auto n = stream.read(buffer, 10s);
    CPPUNIT_ASSERT(n);
    return {buffer.data(), *n};
}

}  // namespace

class StreamTest : public LoopTest {
    CPPUNIT_TEST_SUITE(StreamTest);
    CPPUNIT_TEST(carries_bytes_both_ways);
    CPPUNIT_TEST(tells_the_end_of_the_other_side);
    CPPUNIT_TEST(writes_more_than_the_kernel_takes_at_once);
    CPPUNIT_TEST(bounds_what_a_slow_reader_leaves);
    CPPUNIT_TEST(ends_a_read_by_time_and_by_hangup);
    CPPUNIT_TEST(names_the_peer_of_a_unix_socket);
    CPPUNIT_TEST(replaces_a_stale_socket_file_only);
    CPPUNIT_TEST(refuses_a_connection_nobody_accepts);
    CPPUNIT_TEST(passes_a_descriptor_with_its_byte);
    CPPUNIT_TEST(ends_a_read_when_the_stream_is_destroyed);
    CPPUNIT_TEST(may_destroy_the_listener_from_its_acceptor);
    CPPUNIT_TEST(sees_interruption_although_data_is_always_there);
    CPPUNIT_TEST(speaks_through_a_pair_of_pipes);
    CPPUNIT_TEST_SUITE_END();

  public:
    void carries_bytes_both_ways() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server;
            const auto client = Stream::connect(server.listener->local(), 10s).value();
            const auto served = server.accepted.pop().value();
            CPPUNIT_ASSERT(client->write("Action: Login\r\n"));
            CPPUNIT_ASSERT_EQUAL(std::string("Action: Login\r\n"), read_text(*served));
            CPPUNIT_ASSERT(served->send("Response: Success\r\n"));
            CPPUNIT_ASSERT_EQUAL(std::string("Response: Success\r\n"), read_text(*client));
            CPPUNIT_ASSERT(client->local() == served->peer());
            CPPUNIT_ASSERT(client->peer() == served->local());
            CPPUNIT_ASSERT(!client->credentials());
        });
    }

    void tells_the_end_of_the_other_side() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server;
            auto client = Stream::connect(server.listener->local(), 10s).value();
            const auto served = server.accepted.pop().value();
            CPPUNIT_ASSERT(client->send("bye"));
            client->shut_down();
            CPPUNIT_ASSERT_EQUAL(std::string("bye"), read_text(*served));
            CPPUNIT_ASSERT_EQUAL(std::string(), read_text(*served));
            CPPUNIT_ASSERT(served->closed());
            client.reset();
            Result<void> sent;
            for (int i = 0; i < 1000 && sent; ++i) {
                sent = served->write("x");
                CPPUNIT_ASSERT(sleep_for(1ms));
            }
            CPPUNIT_ASSERT(sent.error().code == ErrorCode::closed);
        });
    }

    void writes_more_than_the_kernel_takes_at_once() {
        ControlLoop loop;
        const std::string large(20'000'000, 'L');
        run_on_fiber(loop, [&] {
            Server server;
            const auto client = Stream::connect(server.listener->local(), 10s).value();
            const auto served = server.accepted.pop().value();
            Result<void> written = fail(ErrorCode::failed);
            TaskGroup group("writer");
            CPPUNIT_ASSERT(group.spawn("writer", [&] {
                written = client->write(large);
                CPPUNIT_ASSERT(client->write("end"));
                client->shut_down();
            }));
            std::string got;
            for (std::string part; !(part = read_text(*served)).empty();) got += part;
            CPPUNIT_ASSERT(group.join(10s));
            CPPUNIT_ASSERT(written);
            CPPUNIT_ASSERT(got == large + "end");
        });
    }

    void bounds_what_a_slow_reader_leaves() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server;
            const auto client = Stream::connect(server.listener->local(), 10s).value();
            const auto served = server.accepted.pop().value();
            client->set_queue_limit(100'000);
            const std::string event(10'000, 'e');
            Result<void> sent;
            std::size_t taken = 0;
            while ((sent = client->send(event))) taken += event.size();
            CPPUNIT_ASSERT(sent.error().code == ErrorCode::limit);
            CPPUNIT_ASSERT(client->queued() <= 100'000);
            std::size_t got = 0;
            while (got < taken) got += read_text(*served).size();
            CPPUNIT_ASSERT_EQUAL(taken, got);
            CPPUNIT_ASSERT(yield());
            CPPUNIT_ASSERT(client->send(event));
        });
    }

    void ends_a_read_by_time_and_by_hangup() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server;
            const auto client = Stream::connect(server.listener->local(), 10s).value();
            std::array<char, 16> buffer;
            CPPUNIT_ASSERT(client->read(buffer, 2ms).error().code == ErrorCode::timeout);
            Interrupter channel;
            std::optional<ErrorCode> ended;
            TaskGroup group("reader");
            CPPUNIT_ASSERT(group.spawn("reader", [&] {
                const InterruptScope scope(channel);
                ended = client->read(buffer).error().code;
            }));
            CPPUNIT_ASSERT(yield());
            channel.interrupt(ErrorCode::hangup);
            CPPUNIT_ASSERT(group.join(10s));
            CPPUNIT_ASSERT(ended == ErrorCode::hangup);
        });
    }

    void names_the_peer_of_a_unix_socket() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server(socket_path());
            struct stat file {};
            CPPUNIT_ASSERT_EQUAL(0, stat(socket_path().c_str(), &file));
            CPPUNIT_ASSERT_EQUAL(mode_t{0600}, static_cast<mode_t>(file.st_mode & 0777));
            const auto client = Stream::connect_unix(socket_path(), 10s).value();
            const auto served = server.accepted.pop().value();
            const auto peer = served->credentials();
            CPPUNIT_ASSERT(peer);
            CPPUNIT_ASSERT_EQUAL(getuid(), peer->uid);
            CPPUNIT_ASSERT_EQUAL(getpid(), peer->pid);
            server.listener.reset();
            CPPUNIT_ASSERT(stat(socket_path().c_str(), &file) != 0);
        });
    }

    void replaces_a_stale_socket_file_only() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            const auto path = socket_path();
            auto first = std::make_unique<Server>(path);
            const auto second = Listener::bind_unix(path, 0600, [](auto) {});
            CPPUNIT_ASSERT(second.error().code == ErrorCode::busy);
            const std::string kept = path + ".kept";
            CPPUNIT_ASSERT_EQUAL(0, link(path.c_str(), kept.c_str()));
            first.reset();
            CPPUNIT_ASSERT_EQUAL(0, rename(kept.c_str(), path.c_str()));
            CPPUNIT_ASSERT(Listener::bind_unix(path, 0600, [](auto) {}));  // nobody listens: stale
            const int file = open(path.c_str(), O_CREAT | O_WRONLY, 0600);
            close(file);
            CPPUNIT_ASSERT(Listener::bind_unix(path, 0600, [](auto) {}).error().code == ErrorCode::exists);
            unlink(path.c_str());
        });
    }

    void refuses_a_connection_nobody_accepts() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            SocketAddress nobody;
            {
                const Server server;
                nobody = server.listener->local();
            }
            const auto failed = Stream::connect(nobody, 10s);
            CPPUNIT_ASSERT(failed.error().code == ErrorCode::failed);
            CPPUNIT_ASSERT(failed.error().text.find(nobody.to_string()) != std::string::npos);
            CPPUNIT_ASSERT(!Stream::connect_unix("/nonexistent/socket", 1s));
            CPPUNIT_ASSERT(Stream::connect_unix(std::string(200, 'x'), 1s).error().code == ErrorCode::invalid);
        });
    }

    void passes_a_descriptor_with_its_byte() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server(socket_path());
            const auto client = Stream::connect_unix(socket_path(), 10s).value();
            const auto served = server.accepted.pop().value();
            std::array<int, 2> ends{};
            CPPUNIT_ASSERT_EQUAL(0, pipe(ends.data()));
            client->pass_descriptor_on_next_write(ends[1]);
            close(ends[1]);
            CPPUNIT_ASSERT(client->write("take this"));
            std::array<char, 64> text{};
            iovec part{text.data(), text.size()};
            alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
            msghdr header{};
            header.msg_iov = &part;
            header.msg_iovlen = 1;
            header.msg_control = control.data();
            header.msg_controllen = control.size();
            CPPUNIT_ASSERT_EQUAL(ssize_t{9}, recvmsg(served->descriptor(), &header, 0));
            const cmsghdr* rights = CMSG_FIRSTHDR(&header);
            CPPUNIT_ASSERT(rights && rights->cmsg_type == SCM_RIGHTS);
            int passed = -1;
            std::memcpy(&passed, CMSG_DATA(rights), sizeof(passed));
            CPPUNIT_ASSERT_EQUAL(ssize_t{1}, ::write(passed, "p", 1));
            char got = 0;
            CPPUNIT_ASSERT_EQUAL(ssize_t{1}, ::read(ends[0], &got, 1));
            CPPUNIT_ASSERT_EQUAL('p', got);
            close(passed);
            close(ends[0]);
        });
    }

    void ends_a_read_when_the_stream_is_destroyed() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server;
            auto client = Stream::connect(server.listener->local(), 10s).value();
            std::optional<ErrorCode> ended;
            bool reading = false;
            Interrupter channel;
            TaskGroup group("reader");
            CPPUNIT_ASSERT(group.spawn("reader", [&] {
                const InterruptScope scope(channel);
                std::array<char, 16> buffer;
                reading = true;
                ended = client->read(buffer, 10s).error().code;
            }));
            while (!reading) CPPUNIT_ASSERT(yield());
            client.reset();
            CPPUNIT_ASSERT(group.join(10s));
            CPPUNIT_ASSERT(ended == ErrorCode::closed);
        });
    }

    void may_destroy_the_listener_from_its_acceptor() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            std::unique_ptr<Listener> listener;
            int accepted = 0;
            listener = Listener::bind(loopback(), [&](std::unique_ptr<Stream>) {
                           listener.reset();
                           ++accepted;
                       }).value();
            const auto address = listener->local();
            const auto first = Stream::connect(address, 10s).value();
            const auto second = Stream::connect(address, 10s);
            std::array<char, 1> buffer;
            CPPUNIT_ASSERT(first->read(buffer, 10s));
            CPPUNIT_ASSERT_EQUAL(1, accepted);
        });
    }

    void sees_interruption_although_data_is_always_there() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            Server server;
            const auto client = Stream::connect(server.listener->local(), 10s).value();
            const auto served = server.accepted.pop().value();
            CPPUNIT_ASSERT(client->write(std::string(100'000, 'x')));
            Interrupter channel;
            channel.interrupt(ErrorCode::hangup);
            const InterruptScope scope(channel);
            std::array<char, 16> buffer;
            CPPUNIT_ASSERT(served->read(buffer).error().code == ErrorCode::hangup);
        });
    }

    void speaks_through_a_pair_of_pipes() {
        ControlLoop loop;
        run_on_fiber(loop, [] {
            std::array<int, 2> to_us{}, from_us{};
            CPPUNIT_ASSERT_EQUAL(0, pipe2(to_us.data(), O_CLOEXEC));
            CPPUNIT_ASSERT_EQUAL(0, pipe2(from_us.data(), O_CLOEXEC));
            const auto stream = Stream::of_pipes(to_us[0], from_us[1]);
            CPPUNIT_ASSERT_EQUAL(ssize_t{5}, write(to_us[1], "hello", 5));
            CPPUNIT_ASSERT_EQUAL(std::string("hello"), read_text(*stream));
            // More than a pipe holds: what the reader leaves waits.
            const std::string much(200'000, 'x');
            CPPUNIT_ASSERT(stream->send(much));
            CPPUNIT_ASSERT(stream->queued() > 0);
            stream->shut_down();
            std::string heard(much.size(), 0);
            fcntl(from_us[0], F_SETFL, O_NONBLOCK);
            for (std::size_t at = 0; at < heard.size();) {
                const ssize_t n = read(from_us[0], heard.data() + at, heard.size() - at);
                CPPUNIT_ASSERT(n != 0);
                if (n > 0) at += static_cast<std::size_t>(n);
                CPPUNIT_ASSERT(sleep_for(1ms));
            }
            CPPUNIT_ASSERT(heard == much);
            char byte = 0;
            CPPUNIT_ASSERT_EQUAL(ssize_t{0}, read(from_us[0], &byte, 1));
            close(to_us[1]);
            CPPUNIT_ASSERT_EQUAL(std::string(), read_text(*stream));
            CPPUNIT_ASSERT(stream->closed());
            close(from_us[0]);
        });
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(StreamTest);
