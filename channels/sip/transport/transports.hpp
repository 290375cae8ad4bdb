// The transports of SIP (RFC 3261 section 18, RFC 7118): UDP sockets, TCP, TLS and WebSocket connections, as flows.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channels/sip/stack/message_counters.hpp"
#include "channels/sip/config/object_set.hpp"
#include "channels/sip/stack/flow.hpp"
#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/uri.hpp"
#include "core/base/rate_limit.hpp"
#include "core/runtime/datagram.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/stream.hpp"

namespace jackfield {
class WebSocket;
}

namespace jackfield::sip {

// What lies above the transports.
class TransportUser {
  public:
    // A message that the parser accepted, or a request that it rejected (answer it with result.status). `age`: time that
    // it spent in the kernel's queue.
    virtual void on_message(ParseResult result, const Flow& from, std::chrono::nanoseconds age) = 0;
    // This message, which send() had taken, could not be sent: the system refused it (told within the same turn), or no
    // connection could be made for it.
    virtual void on_unsent(std::string_view message) = 0;
    // A connection has ended, or was never made. On the fiber of the connection; may not wait.
    virtual void on_closed(const Flow& flow) = 0;

  protected:
    ~TransportUser() = default;
};

// Control thread. Nothing here waits: connections are made by fibers, and what is sent meanwhile is queued.
class Transports final : public FlowSender {
  public:
    explicit Transports(TransportUser& user);
    ~Transports();  // Waits for the fibers of its connections.
    Transports(const Transports&) = delete;
    Transports& operator=(const Transports&) = delete;

    // Opens what is new, leaves what is there, closes what is gone. Failures are logged with the transport's name.
    void apply(const ObjectSet& objects);
    // Reads all certificates again, for connections from now on. Waits. Errors: the first; that transport keeps what it has.
    Result<void> renew_certificates();

    Result<void> send(const Flow& to, std::string_view message) override;

    // The flow to an address: by the transport named, else by the first whose protocol and family fit. `host`: what a TLS
    // server's certificate must bear, its address when empty. Errors: not_found.
    using Protocol = TransportSettings::Protocol;
    Result<Flow> flow_to(const SocketAddress& remote, Protocol protocol, std::string_view transport_name = {}, std::string_view host = {});

    // Keeps a connection of ours alive as a client (RFC 5626 4.4.1): a ping at 80 to 100 % of that time, and whoever does not
    // answer it within 10 s loses the connection. Nothing for those that are not open, and for WebSocket.
    void keep_alive(const Flow& flow, std::chrono::seconds every);
    // Closes that connection when nothing at all came by it for so long.
    void expect_traffic(const Flow& flow, std::chrono::seconds within);

    // Our address as the other end of the flow sees it: external_signaling_address for those outside of local_net, else the
    // bound address, else the one that the kernel would send from.
    SocketAddress signalling_address(const Flow& flow) const;
    // The host for SDP in the same way (external_media_address).
    std::string media_host(const Flow& flow) const;
    std::string_view protocol(const Flow& flow) const;  // as in Via: "UDP", "TCP", "TLS", "WS", "WSS"
    bool secure(const Flow& flow) const;  // TLS
    // The same of what came by it; also true behind a front that is trusted, which had the TLS.
    bool came_securely(const Flow& flow) const;
    // As in a URI: ";transport=tcp", nothing for UDP (RFC 7118 5: ws for both).
    std::string_view uri_parameter(const Flow& flow) const;

    struct Summary {
        std::string name, protocol, bind;
        std::size_t connections;
    };
    std::vector<Summary> list() const;  // for `pjsip show transports`
    // Messages to the log (`pjsip set logger`): all, or those to and from these hosts and of these methods; empty: all.
    struct LogFilter {
        std::vector<std::string> hosts, methods;
    };
    void set_logging(bool on, LogFilter filter = {}) {
        logging_ = on;
        log_filter_ = std::move(filter);
    }
    bool logging() const { return logging_; }
    const LogFilter& log_filter() const { return log_filter_; }
    const MessageCounters& counters() const { return counters_; }
    void clear_counters() { counters_ = {}; }

  private:
    // Sources of STUN requests that are answered in 100 ms, each once; so many that 100,000 phones can ask each 25 s (RFC 5626 4.4.2).
    static constexpr std::size_t most_stun_sources = 1600;
    struct Opened;
    struct Connection;
    void receive(Opened& opened, std::span<const ReceivedDatagram> packets);
    Result<void> open(Opened& opened);
    void accept(Opened& opened, std::unique_ptr<Stream> stream);
    Result<void> serve(const std::shared_ptr<Connection>& connection, bool outgoing);
    Result<void> connect(Connection& connection);
    void report_unsent(Connection& connection);
    Result<void> read_messages(Connection& connection);
    void close_surplus(const Opened& opened, const SocketAddress& local, const SocketAddress& source);
    Result<void> begin_behind_front(const std::shared_ptr<Connection>& connection);
    bool belongs_to(const std::shared_ptr<Connection>& connection, const SocketAddress& source);
    Result<void> upgrade(const std::shared_ptr<Connection>& connection);
    Result<void> read_websocket(Connection& connection);
    bool handle_frame(Connection& connection, const StreamFramer::Frame& frame);
    Result<void> send_on_connection(const Flow& to, std::string_view message);
    void answer_stun(Opened& open, std::string_view request, const SocketAddress& from);
    void pass_up(ParseResult result, const Flow& from, std::chrono::nanoseconds age);
    void trace(bool sent, const Flow& flow, std::string_view message);
    bool logs(const Flow& flow, std::string_view message) const;
    const Opened* opened(std::uint32_t id) const;

    TransportUser& user_;
    std::vector<std::unique_ptr<Opened>> opened_;
    std::unordered_map<SocketAddress, std::shared_ptr<Connection>, SocketAddressHash> connections_;
    // The hosts that TLS connections are to be for, until they are made; as many as may be open.
    std::unordered_map<SocketAddress, std::string, SocketAddressHash> hosts_;
    std::chrono::seconds keep_alive_{0};
    std::uint32_t last_id_ = 0;
    bool logging_ = false;
    LogFilter log_filter_;
    MessageCounters counters_;
    KeyedRateLimit malformed_{std::chrono::seconds(1)};
    KeyedRateLimit stun_{std::chrono::milliseconds(100), most_stun_sources};
    TaskGroup fibers_{"SIP connections"};
};

// What a URI asks for: its transport parameter; TLS for sips (RFC 3261 26.2.2), else UDP.
TransportSettings::Protocol protocol_of(const Uri& uri);
// By the name that a URI has for it; UDP when unknown.
TransportSettings::Protocol protocol_named(std::string_view name);

// The address that the kernel would send from to reach `remote` (no packet is sent). Invalid when there is no route.
SocketAddress source_address_for(const SocketAddress& remote);

}  // namespace jackfield::sip
