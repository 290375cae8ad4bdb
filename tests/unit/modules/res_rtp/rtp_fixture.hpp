// What the tests of RTP sessions share: the module itself, sessions in streams, and phones that are one socket each.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/module/module_config.hpp"
#include "modules/res_rtp/rtp.hpp"
#include "modules/res_rtp/rtp_packet.hpp"
#include "modules/res_rtp/telephone_events.hpp"
#include "tests/unit/core/media/media_fixture.hpp"

extern "C" const jackfield::ModuleDescriptor jackfield_module_descriptor;

namespace jackfield::testing {

inline SocketAddress loopback(std::uint16_t port = 0) { return *SocketAddress::parse("127.0.0.1", port); }

// A phone's media side: one socket, driven by the test.
class Phone {
  public:
    Phone() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
        CPPUNIT_ASSERT_EQUAL(0, bind(socket_, loopback().raw(), loopback().raw_size()));
        sockaddr_in bound{};
        socklen_t size = sizeof(bound);
        getsockname(socket_, reinterpret_cast<sockaddr*>(&bound), &size);
        address = SocketAddress(reinterpret_cast<const sockaddr*>(&bound));
    }
    ~Phone() { close(socket_); }
    void send(std::span<const std::uint8_t> bytes, const SocketAddress& to) {
        sendto(socket_, bytes.data(), bytes.size(), 0, to.raw(), to.raw_size());
    }
    // One packet of 20 ms with a constant sample, so that it is known again.
    void speak(const SocketAddress& to, std::uint8_t sample = 0x55, std::uint8_t type = 0) {
        std::vector<std::uint8_t> bytes(rtp::header_size + 160, sample);
        rtp::write({type, false, sequence++, timestamp, ssrc}, bytes.data());
        timestamp += 160;
        send(bytes, to);
    }
    void press(const SocketAddress& to, char key, std::uint8_t type) {
        rtp::EventSender sender;
        sender.begin(*rtp::event_of_key(key), timestamp);
        sender.end(480);
        while (const auto outgoing = sender.next(160)) {
            std::uint8_t bytes[rtp::header_size + rtp::event_size];
            rtp::write({type, outgoing->marker, sequence++, outgoing->timestamp, ssrc}, bytes);
            rtp::write_event(outgoing->event, bytes + rtp::header_size);
            send(bytes, to);
        }
        timestamp += 480;
    }
    struct Heard {
        rtp::Header header;
        std::vector<std::uint8_t> payload;
        SocketAddress from;
    };
    // All that has come since the last call.
    std::vector<Heard> listen() {
        std::vector<Heard> all;
        std::uint8_t bytes[2048];
        sockaddr_in from{};
        socklen_t from_size = sizeof(from);
        for (;;) {
            const ssize_t size =
                recvfrom(socket_, bytes, sizeof(bytes), 0, reinterpret_cast<sockaddr*>(&from), &from_size);
            if (size < 0) return all;
            const auto packet = rtp::parse(std::span(bytes, static_cast<std::size_t>(size)));
            if (packet && !rtp::is_rtcp(std::span(bytes, static_cast<std::size_t>(size))))
                all.push_back({packet->header,
                               {packet->payload.begin(), packet->payload.end()},
                               SocketAddress(reinterpret_cast<const sockaddr*>(&from))});
        }
    }
    int socket() const { return socket_; }
    SocketAddress address;
    std::uint16_t sequence = 100;
    std::uint32_t timestamp = 5000, ssrc = 4711;

  private:
    int socket_;
};

class RtpTest : public MediaTest {
  public:
    void setUp() override {
        MediaTest::setUp();
        start("[general]\nrtpstart=21000\nrtpend=21199\nrtcpinterval=500\n");
    }
    // How packets are moved: the suites that do everything once more override it.
    virtual std::string transport() const { return "no"; }
    void start(std::string configuration) {
        stop_module();
        configuration.insert(configuration.find('\n') + 1, "io_uring=" + transport() + "\n");
        auto files = std::make_shared<MemoryFiles>();
        files->set("rtp.conf", configuration);
        manager = std::make_unique<ConfigManager>(files, ParseOptions{});
        set_config_manager(manager.get());
        module = std::make_unique<Module>("res_rtp");
        on_fiber([&] { loaded = jackfield_module_descriptor.load(*module); });
        if (!loaded) return;
        service.emplace(*find_service<RtpService>());
    }
    void stop_module() {
        service.reset();
        if (module) CPPUNIT_ASSERT(wait_for([&] { return module->gate().inside() == 0; }));
        module.reset();
        set_config_manager(nullptr);
        manager.reset();
    }
    void tearDown() override {
        stop_module();
        MediaTest::tearDown();
    }

    static RtpParameters to(const SocketAddress& remote, const char* codec = "ulaw") {
        RtpParameters parameters;
        parameters.remote = remote;
        const Codec* const known = find_codec(codec);
        parameters.send = parameters.receive = {{static_cast<std::uint8_t>(known->static_payload_type), known}};
        parameters.write_codec = known;
        parameters.dtmf_payload = parameters.dtmf_receive_payload = 101;
        return parameters;
    }
    // A stream whose port is an RTP session towards a phone.
    struct Leg {
        Leg(RtpTest& test, const SocketAddress& remote, const char* codec = "ulaw", RtpOptions options = {}) {
            options.local = loopback();
            if (options.cname.empty()) options.cname = "test";
            auto made = (*test.service)->create(options);
            CPPUNIT_ASSERT(made);
            session = std::move(*made);
            session->set(to(remote, codec));
            stream = std::make_unique<MediaStream>();
            stream->on_digit([this](const Digit& digit) {
                digits += digit.end ? std::string("/") + digit.key : std::string(1, digit.key);
            });
            stream->on_port_event([this](std::uint32_t bits) { events |= bits; });
            stream->set_port(session->take_port());
            stream->set_formats(find_codec(codec), find_codec(codec), 20ms);
        }
        std::unique_ptr<RtpSession> session;
        std::unique_ptr<MediaStream> stream;
        std::string digits;
        std::uint32_t events = 0;
    };
    // Speaks on the phones until the condition holds.
    template <class F>
    bool speaking(std::initializer_list<std::pair<Phone*, Leg*>> pairs, F condition, int packets = 300) {
        for (int i = 0; i < packets; ++i) {
            for (const auto& [phone, leg] : pairs) phone->speak(leg->session->local());
            loop->run_for(5ms, [] { return false; });
            if (condition()) return true;
        }
        return false;
    }

  protected:
    std::unique_ptr<ConfigManager> manager;
    std::unique_ptr<Module> module;
    std::optional<Service<RtpService>> service;
    Result<void> loaded;
};

}  // namespace jackfield::testing
