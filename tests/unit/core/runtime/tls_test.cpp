#include "core/runtime/tls.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <fstream>
#include <thread>
#include <vector>

#include "core/runtime/stream.hpp"
#include "tests/unit/core/runtime/loop_fixture.hpp"
#include "tests/unit/core/runtime/test_certificates.hpp"

using namespace jackfield;
using namespace jackfield::testing;
using namespace std::chrono_literals;

namespace {

using Context = std::shared_ptr<const TlsContext>;

// A TLS listener and what it accepted.
struct TlsServer {
    Queue<std::unique_ptr<Stream>> accepted;
    std::unique_ptr<Listener> listener;
    explicit TlsServer(Context context) {
        listener = Listener::bind(SocketAddress::parse("127.0.0.1").value(), [this](std::unique_ptr<Stream> stream) {
            CPPUNIT_ASSERT(accepted.push(std::move(stream)));
        }, 1024, std::move(context)).value();
    }
};

std::string read_tls_text(Stream& stream) {
    std::array<char, 4096> buffer;
    const auto n = stream.read(buffer, 10s);
    CPPUNIT_ASSERT_MESSAGE(n ? "" : n.error().text, n);
    return {buffer.data(), *n};
}

// A client's side of a handshake on a thread of its own. True when it worked.
bool blocking_handshake(int connected, SSL_CTX* context) {
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, connected);
    const bool good = SSL_connect(ssl) == 1;
    SSL_free(ssl);
    return good;
}

}  // namespace

class TlsTest : public LoopTest {
    CPPUNIT_TEST_SUITE(TlsTest);
    CPPUNIT_TEST(carries_bytes_both_ways);
    CPPUNIT_TEST(tells_the_end_of_the_other_side);
    CPPUNIT_TEST(carries_much_and_bounds_the_queue);
    CPPUNIT_TEST(checks_the_servers_signer_and_name);
    CPPUNIT_TEST(shows_the_clients_certificate);
    CPPUNIT_TEST(refuses_a_client_without_the_certificate_it_requires);
    CPPUNIT_TEST(keeps_connections_when_the_certificate_changes);
    CPPUNIT_TEST(refuses_old_protocols_unless_allowed);
    CPPUNIT_TEST(handshakes_while_the_control_thread_does_something_else);
    CPPUNIT_TEST(silent_connections_do_not_block_others);
    CPPUNIT_TEST(starts_on_a_plain_stream);
    CPPUNIT_TEST(ends_a_handshake_by_time_and_by_hangup);
    CPPUNIT_TEST(names_the_file_that_is_wrong);
    CPPUNIT_TEST_SUITE_END();

    std::unique_ptr<TestCertificates> files_;

    TlsSettings server_settings(const std::string& name = "pbx") const {
        return {.certificate_file = files_->path(name + ".pem"), .key_file = files_->path(name + ".key")};
    }
    TlsSettings client_settings() const {
        return {.role = TlsSettings::Role::client, .ca_file = files_->path("ca.pem"), .verify_peer = true};
    }
    Context server() const { return TlsContext::make(server_settings()).value(); }
    Context client() const { return TlsContext::make(client_settings()).value(); }

    std::string failure(const TlsSettings& settings) const {
        auto made = TlsContext::make(settings);
        CPPUNIT_ASSERT(!made);
        return made.error().text;
    }

  public:
    void setUp() override {
        LoopTest::setUp();
        files_ = std::make_unique<TestCertificates>();
        files_->issue("pbx", "DNS:pbx.test,IP:127.0.0.1,URI:sip:pbx.test");
    }
    void tearDown() override {
        files_.reset();
        LoopTest::tearDown();
    }

    void carries_bytes_both_ways() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsServer server(TlsContext::load(server_settings()).value());
            const auto stream = Stream::connect_tls(server.listener->local(), client(), "pbx.test", 10s).value();
            const auto served = server.accepted.pop(10s).value();
            CPPUNIT_ASSERT(stream->write("Action: Login\r\n"));
            CPPUNIT_ASSERT_EQUAL(std::string("Action: Login\r\n"), read_tls_text(*served));
            CPPUNIT_ASSERT(served->send("Response: Success\r\n"));
            CPPUNIT_ASSERT_EQUAL(std::string("Response: Success\r\n"), read_tls_text(*stream));
            CPPUNIT_ASSERT(stream->local() == served->peer());
            const TlsPeer& peer = *stream->tls_peer();
            CPPUNIT_ASSERT_EQUAL(std::string("TLSv1.3"), peer.protocol);
            CPPUNIT_ASSERT(peer.verified);
            CPPUNIT_ASSERT_EQUAL(std::string("CN=pbx"), peer.subject);
            CPPUNIT_ASSERT_EQUAL(std::string("pbx"), peer.common_name);
            CPPUNIT_ASSERT((peer.names == std::vector<std::string>{"pbx.test", "127.0.0.1", "sip:pbx.test"}));
            CPPUNIT_ASSERT_EQUAL(std::string("pbx.test"), served->tls_peer()->server_name);
            CPPUNIT_ASSERT(!served->tls_peer()->has_certificate);
        });
    }

    void tells_the_end_of_the_other_side() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsServer server(this->server());
            auto stream = Stream::connect_tls(server.listener->local(), client(), "127.0.0.1", 10s).value();
            const auto served = server.accepted.pop(10s).value();
            CPPUNIT_ASSERT(stream->send("bye"));
            stream->shut_down();
            CPPUNIT_ASSERT_EQUAL(std::string("bye"), read_tls_text(*served));
            CPPUNIT_ASSERT_EQUAL(std::string(), read_tls_text(*served));
            CPPUNIT_ASSERT(served->closed());
            CPPUNIT_ASSERT(served->write("still heard"));  // half closed
            CPPUNIT_ASSERT_EQUAL(std::string("still heard"), read_tls_text(*stream));
            stream.reset();
            Result<void> sent;
            for (int i = 0; i < 1000 && sent; ++i) {
                sent = served->write("x");
                CPPUNIT_ASSERT(sleep_for(1ms));
            }
            CPPUNIT_ASSERT(sent.error().code == ErrorCode::closed);
        });
    }

    void carries_much_and_bounds_the_queue() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsServer server(this->server());
            const auto stream = Stream::connect_tls(server.listener->local(), client(), "pbx.test", 10s).value();
            const auto served = server.accepted.pop(10s).value();
            stream->set_queue_limit(100'000);
            const std::string event(10'000, 'e');
            Result<void> sent;
            std::size_t taken = 0;
            while ((sent = stream->send(event))) taken += event.size();
            CPPUNIT_ASSERT(sent.error().code == ErrorCode::limit);
            CPPUNIT_ASSERT(stream->queued() <= 101'000);  // records add some bytes
            std::size_t got = 0;
            while (got < taken) got += read_tls_text(*served).size();
            CPPUNIT_ASSERT_EQUAL(taken, got);
            CPPUNIT_ASSERT(yield());
            CPPUNIT_ASSERT(stream->send(event));
        });
    }

    void checks_the_servers_signer_and_name() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsServer server(this->server());
            const auto error_for = [&](const Context& context, const std::string& name) {
                auto stream = Stream::connect_tls(server.listener->local(), context, name, 10s);
                CPPUNIT_ASSERT(!stream);
                CPPUNIT_ASSERT(stream.error().code == ErrorCode::failed);
                return stream.error().text;
            };
            CPPUNIT_ASSERT(error_for(client(), "other.test").find("hostname mismatch") != std::string::npos);
            CPPUNIT_ASSERT(error_for(client(), "127.0.0.2").find("IP address mismatch") != std::string::npos);
            TlsSettings distrustful = client_settings();
            distrustful.ca_file.clear();
            distrustful.ca_path = "/proc/self/fd";  // a folder without certificates
            CPPUNIT_ASSERT(error_for(TlsContext::make(distrustful).value(), "pbx.test").find("certificate verify failed") !=
                           std::string::npos);
            TlsSettings trustful = distrustful;
            trustful.verify_peer = false;
            const auto stream =
                Stream::connect_tls(server.listener->local(), TlsContext::make(trustful).value(), "other.test", 10s).value();
            CPPUNIT_ASSERT(stream->tls_peer()->has_certificate && !stream->tls_peer()->verified);
        });
    }

    void shows_the_clients_certificate() {
        files_->issue("phone 6001", "URI:sip:6001@pbx.test");
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsSettings settings = server_settings();
            settings.ca_file = files_->path("ca.pem");
            settings.verify_peer = settings.require_peer = true;
            TlsServer server(TlsContext::make(settings).value());
            TlsSettings phone = client_settings();
            phone.certificate_file = files_->path("phone 6001.pem");
            phone.key_file = files_->path("phone 6001.key");
            const auto stream =
                Stream::connect_tls(server.listener->local(), TlsContext::make(phone).value(), "pbx.test", 10s).value();
            const auto served = server.accepted.pop(10s).value();
            CPPUNIT_ASSERT(served->tls_peer()->verified);
            CPPUNIT_ASSERT_EQUAL(std::string("phone 6001"), served->tls_peer()->common_name);
            CPPUNIT_ASSERT((served->tls_peer()->names == std::vector<std::string>{"sip:6001@pbx.test"}));
        });
    }

    void refuses_a_client_without_the_certificate_it_requires() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsSettings settings = server_settings();
            settings.ca_file = files_->path("ca.pem");
            settings.verify_peer = settings.require_peer = true;
            TlsServer server(TlsContext::make(settings).value());
            // By TLS 1.3 a client has finished before the server looks at its certificate.
            if (auto stream = Stream::connect_tls(server.listener->local(), client(), "pbx.test", 10s)) {
                std::array<char, 16> buffer;
                const auto got = (*stream)->read(buffer, 10s);
                CPPUNIT_ASSERT(!got || *got == 0);
            }
            CPPUNIT_ASSERT(sleep_for(20ms));
            CPPUNIT_ASSERT(server.accepted.empty());
        });
    }

    void keeps_connections_when_the_certificate_changes() {
        files_->issue("renewed", "DNS:pbx.test");
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsServer server(this->server());
            const auto before = Stream::connect_tls(server.listener->local(), client(), "pbx.test", 10s).value();
            const auto served = server.accepted.pop(10s).value();
            server.listener->set_tls(TlsContext::make(server_settings("renewed")).value());
            const auto after = Stream::connect_tls(server.listener->local(), client(), "pbx.test", 10s).value();
            CPPUNIT_ASSERT_EQUAL(std::string("pbx"), before->tls_peer()->common_name);
            CPPUNIT_ASSERT_EQUAL(std::string("renewed"), after->tls_peer()->common_name);
            CPPUNIT_ASSERT(before->write("still here"));
            CPPUNIT_ASSERT_EQUAL(std::string("still here"), read_tls_text(*served));
        });
    }

    void refuses_old_protocols_unless_allowed() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsSettings old = client_settings();
            old.minimum = old.maximum = TlsProtocol::tls1_1;
            const Context old_client = TlsContext::make(old).value();
            TlsServer strict(server());
            CPPUNIT_ASSERT(!Stream::connect_tls(strict.listener->local(), old_client, "pbx.test", 10s));
            TlsSettings lenient = server_settings();
            lenient.minimum = TlsProtocol::tls1;
            TlsServer patient(TlsContext::make(lenient).value());
            const auto stream = Stream::connect_tls(patient.listener->local(), old_client, "pbx.test", 10s).value();
            CPPUNIT_ASSERT_EQUAL(std::string("TLSv1.1"), stream->tls_peer()->protocol);
        });
    }

    // The clients are all through while the control thread, which has only accepted, waits for them and runs nothing.
    void handshakes_while_the_control_thread_does_something_else() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            constexpr int count = 40;
            TlsServer server(this->server());
            SSL_CTX* context = SSL_CTX_new(TLS_client_method());
            const SocketAddress to = server.listener->local();
            std::vector<int> sockets;
            for (int i = 0; i < count; ++i) {
                sockets.push_back(socket(AF_INET, SOCK_STREAM, 0));
                CPPUNIT_ASSERT_EQUAL(0, connect(sockets.back(), to.raw(), to.raw_size()));
            }
            for (int i = 0; i < 20; ++i) CPPUNIT_ASSERT(sleep_for(2ms));  // they are accepted
            std::atomic<int> good{0};
            std::vector<std::jthread> clients;
            for (const int each : sockets) clients.emplace_back([&good, each, context] { good += blocking_handshake(each, context); });
            clients.clear();  // joins
            CPPUNIT_ASSERT_EQUAL(count, good.load());
            for (int i = 0; i < count; ++i) CPPUNIT_ASSERT(server.accepted.pop(10s));
            for (const int each : sockets) close(each);
            SSL_CTX_free(context);
        });
    }

    void silent_connections_do_not_block_others() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            TlsServer server(this->server());
            std::vector<std::unique_ptr<Stream>> silent;
            for (int i = 0; i < 200; ++i) silent.push_back(Stream::connect(server.listener->local(), 10s).value());
            CPPUNIT_ASSERT(Stream::connect_tls(server.listener->local(), client(), "pbx.test", 10s));
            CPPUNIT_ASSERT(server.accepted.pop(10s));
            CPPUNIT_ASSERT(server.accepted.empty());
        });
    }

    void starts_on_a_plain_stream() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            Queue<std::unique_ptr<Stream>> accepted;
            const auto listener = Listener::bind(SocketAddress::parse("127.0.0.1").value(), [&](std::unique_ptr<Stream> stream) {
                CPPUNIT_ASSERT(accepted.push(std::move(stream)));
            }).value();
            auto stream = Stream::connect(listener->local(), 10s).value();
            auto served = accepted.pop(10s).value();
            CPPUNIT_ASSERT(stream->write("STARTTLS"));
            CPPUNIT_ASSERT_EQUAL(std::string("STARTTLS"), read_tls_text(*served));
            TaskGroup group("server");
            CPPUNIT_ASSERT(group.spawn("server", [&] {
                served = Stream::start_tls(std::move(served), server(), {}, 10s).value();
                CPPUNIT_ASSERT(served->write("secret"));
            }));
            stream = Stream::start_tls(std::move(stream), client(), "pbx.test", 10s).value();
            CPPUNIT_ASSERT_EQUAL(std::string("secret"), read_tls_text(*stream));
            CPPUNIT_ASSERT(group.join(10s));
        });
    }

    void ends_a_handshake_by_time_and_by_hangup() {
        ControlLoop loop;
        run_on_fiber(loop, [this] {
            const auto deaf = Listener::bind(SocketAddress::parse("127.0.0.1").value(), [](auto) {}).value();
            std::vector<std::unique_ptr<Stream>> kept;
            const auto mute = Listener::bind(SocketAddress::parse("127.0.0.1").value(), [&](std::unique_ptr<Stream> stream) {
                kept.push_back(std::move(stream));
            }).value();
            auto closed = Stream::connect_tls(deaf->local(), client(), "pbx.test", 10s);
            CPPUNIT_ASSERT(closed.error().code == ErrorCode::failed);
            auto late = Stream::connect_tls(mute->local(), client(), "pbx.test", 50ms);
            CPPUNIT_ASSERT(late.error().code == ErrorCode::timeout);
            Interrupter channel;
            const InterruptScope scope(channel);
            TaskGroup group("hangup");
            CPPUNIT_ASSERT(group.spawn("hangup", [&] { channel.interrupt(ErrorCode::hangup); }));
            auto hung_up = Stream::connect_tls(mute->local(), client(), "pbx.test", 10s);
            CPPUNIT_ASSERT(hung_up.error().code == ErrorCode::hangup);
            const Shield shield;
            CPPUNIT_ASSERT(group.join(10s));
        });
    }

    void names_the_file_that_is_wrong() {
        TlsSettings settings = server_settings();
        settings.certificate_file = "/nowhere/cert.pem";
        CPPUNIT_ASSERT_EQUAL(std::string("/nowhere/cert.pem: No such file or directory"), failure(settings));
        settings = server_settings();
        std::ofstream(files_->path("empty.pem")) << "nothing\n";
        settings.certificate_file = files_->path("empty.pem");
        CPPUNIT_ASSERT(failure(settings).starts_with(files_->path("empty.pem") + ": no certificate"));
        settings = server_settings();
        settings.key_file = settings.certificate_file;
        CPPUNIT_ASSERT(failure(settings).starts_with(files_->path("pbx.pem") + ": no private key"));
        files_->issue("other", "");
        settings.key_file = files_->path("other.key");
        CPPUNIT_ASSERT_EQUAL(files_->path("other.key") + ": the private key does not belong to the certificate in " +
                                 files_->path("pbx.pem"),
                             failure(settings));
        settings = server_settings();
        settings.ciphers = "NO-SUCH-CIPHER";
        CPPUNIT_ASSERT(failure(settings).find("NO-SUCH-CIPHER") != std::string::npos);
        settings = server_settings();
        settings.ca_file = "/nowhere/ca.pem";
        CPPUNIT_ASSERT_EQUAL(std::string("/nowhere/ca.pem: No such file or directory"), failure(settings));
        CPPUNIT_ASSERT(failure(TlsSettings{}).find("needs a certificate") != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TlsTest);
