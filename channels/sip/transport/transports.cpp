// The transports of SIP (RFC 3261 section 18, RFC 7118): UDP sockets, TCP, TLS and WebSocket connections, as flows.
#include "channels/sip/transport/transports.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "channels/sip/sip_messages.hpp"
#include "channels/sip/stack/proxy_header.hpp"
#include "channels/sip/stack/stun_binding.hpp"
#include "channels/sip/stack/websocket_upgrade.hpp"
#include "channels/sip/transport/connection_counts.hpp"
#include "core/base/clock.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/security_event.hpp"
#include "core/runtime/timer.hpp"
#include "core/runtime/tls.hpp"
#include "core/runtime/websocket_stream.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_connections = 20'000;      // that we make
// A connection is closed when its first message, or any that it has begun, is not whole by then, however its bytes trickle in.
constexpr auto message_time = 15s;
constexpr auto idle_time = 3h;                        // longer than any registration lasts by default
constexpr auto connect_time = 5s;
constexpr auto pong_time = 10s;                       // RFC 5626 4.4.1
constexpr std::size_t queue_while_connecting = 256 * 1024;  // bytes

struct ProtocolNames {
    std::string_view uri, via, parameter;
};
// In the order of TransportSettings::Protocol.
constexpr std::array<ProtocolNames, 5> protocol_names{{{"udp", "UDP", ""}, {"tcp", "TCP", ";transport=tcp"}, {"tls", "TLS", ";transport=tls"},
                                                       {"ws", "WS", ";transport=ws"}, {"wss", "WSS", ";transport=ws"}}};
const ProtocolNames& names_of(TransportSettings::Protocol protocol) { return protocol_names.at(static_cast<std::size_t>(protocol)); }

// Waits neither for the loop nor for the network: TCP's own probes.
void keep_alive_by_tcp(const Stream& stream, const TransportSettings& settings) {
    const int descriptor = stream.descriptor(), on = settings.tcp_keepalive;
    const auto set = [&](int level, int option, int value) { ::setsockopt(descriptor, level, option, &value, sizeof value); };
    set(SOL_SOCKET, SO_KEEPALIVE, on);
    set(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(settings.tcp_keepalive_idle.count()));
    set(IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(settings.tcp_keepalive_interval.count()));
    set(IPPROTO_TCP, TCP_KEEPCNT, settings.tcp_keepalive_probes);
}

}  // namespace

struct Transports::Opened {
    std::uint32_t id = 0;
    std::shared_ptr<const TransportSettings> settings;
    SocketAddress bound;
    std::unique_ptr<Datagram> datagram;
    std::unique_ptr<Listener> listener;
    ConnectionCounts counts;
    bool trusts(const SocketAddress& proxy) const {
        return std::ranges::any_of(settings->trusted_proxies, [&](const Subnet& subnet) { return subnet.contains(proxy); });
    }
    bool reliable() const { return settings->protocol != Protocol::udp; }
    bool inside(const SocketAddress& remote) const {  // reached without address translation
        return std::any_of(settings->local_net.begin(), settings->local_net.end(),
                           [&](const Subnet& subnet) { return subnet.contains(remote); });
    }
};

struct Transports::Connection {
    Flow flow;
    ConnectionCounts::Lease counted;
    std::unique_ptr<Stream> stream;  // null while connecting
    std::string waiting;             // to be sent once connected
    std::unique_ptr<WebSocket> web_socket;  // has taken the stream
    StreamFramer framer;
    SocketAddress local;
    Interrupter late;
    Timer patience{[this] { late.interrupt(ErrorCode::timeout); }};
    Timer keep_alive{[this] { ping(); }};
    Timer pong{[this] { late.interrupt(ErrorCode::timeout); }};  // what must answer our ping
    std::chrono::seconds keep_alive_every{0}, idle{idle_time};
    bool wants_pong = false;

    bool ready() const { return stream || web_socket; }
    Result<void> put(std::string_view message) {
        return web_socket ? web_socket->send(message, WebSocketMessage::Kind::text) : stream->send(message);
    }
    void ping() {
        if (stream) (void)stream->send("\r\n\r\n");
        if (wants_pong && !pong.running()) pong.start(pong_time);
        plan_ping();
    }
    // RFC 5626 4.4.1: spread, so that not all who were cut off together ping together.
    void plan_ping() {
        const auto every = std::chrono::milliseconds(keep_alive_every);
        const auto spread = wants_pong ? std::chrono::milliseconds(random_number(static_cast<std::uint64_t>(every.count() / 5) + 1)) : 0ms;
        keep_alive.start(every - spread);
    }
    // After what was read has been used: whether something is unfinished bounds the time.
    void watch_progress(bool unfinished) {
        if (!unfinished) return patience.stop();
        if (!patience.running()) patience.start(message_time);
    }
};

Transports::Transports(TransportUser& user) : user_(user) {}

Transports::~Transports() {
    opened_.clear();
    fibers_.cancel();
}

void Transports::apply(const ObjectSet& objects) {
    keep_alive_ = objects.global.keep_alive_interval;
    std::erase_if(opened_, [&](const auto& open) {
        const auto wanted = objects.transport(open->settings->name);
        const bool same = wanted && wanted->bind == open->settings->bind && wanted->protocol == open->settings->protocol &&
                          wanted->proxy_protocol == open->settings->proxy_protocol;
        if (same) open->settings = wanted;  // addresses for translation, certificates and the like may have changed
        if (same && wanted->secure() && !wanted->proxy_protocol) open->listener->set_tls(wanted->server_tls);
        return !same;
    });
    for (const auto& [name, settings] : objects.transports) {
        const auto known = [&](const auto& open) { return open->settings->name == name; };
        if (std::any_of(opened_.begin(), opened_.end(), known)) continue;
        auto made = std::make_unique<Opened>();
        made->id = ++last_id_;
        made->settings = settings;
        if (auto done = open(*made); !done) {
            log_error("SIP transport [{}] can't listen on {}: {}", name, settings->bind.to_string(), done.error().text);
            continue;
        }
        log_verbose(2, "SIP transport [{}] listens on {} ({})", name, made->bound.to_string(), names_of(settings->protocol).via);
        opened_.push_back(std::move(made));
    }
    // The order of the names decides which one serves when several fit, not the order of a hash table.
    std::sort(opened_.begin(), opened_.end(),
              [](const auto& a, const auto& b) { return a->settings->name < b->settings->name; });
}

Result<void> Transports::open(Opened& opened) {
    const TransportSettings& settings = *opened.settings;
    if (opened.reliable()) {
        opened.listener = JF_TRY(Listener::bind(settings.bind, [this, &opened](std::unique_ptr<Stream> stream) {
            accept(opened, std::move(stream));
        }, 1024, settings.proxy_protocol ? nullptr : settings.server_tls));
        opened.bound = opened.listener->local();
        return {};
    }
    DatagramOptions options;
    options.dscp = settings.tos;
    opened.datagram = JF_TRY(Datagram::bind(settings.bind, [this, &opened](std::span<const ReceivedDatagram> packets) {
        receive(opened, packets);
    }, options));
    opened.datagram->on_failed([this](std::span<const char> bytes, const SocketAddress& to, const Error& error) {
        log_debug(1, "SIP message to {}: {}", to.to_string(), error.text);
        user_.on_unsent({bytes.data(), bytes.size()});
    });
    opened.bound = opened.datagram->local();
    return {};
}

Result<void> Transports::renew_certificates() {
    std::vector<std::shared_ptr<const TransportSettings>> secure;
    for (const auto& open : opened_)
        if (open->settings->secure()) secure.push_back(open->settings);
    Result<void> done;
    for (const auto& settings : secure) {
        auto server = TlsContext::load(settings->tls);
        auto client = server ? TlsContext::load(settings->client_settings()) : fail(ErrorCode::failed);
        if (!client) {
            const Error& error = server ? client.error() : server.error();
            if (done) done = fail(error.code, "SIP transport [{}] keeps its certificate: {}", settings->name, error.text);
            continue;
        }
        for (const auto& open : opened_) {  // found again: loading has waited
            if (open->settings != settings) continue;
            auto renewed = std::make_shared<TransportSettings>(*settings);
            renewed->server_tls = *server;
            renewed->client_tls = *client;
            open->settings = std::move(renewed);
            if (!open->settings->proxy_protocol) open->listener->set_tls(*server);
        }
    }
    return done;
}

const Transports::Opened* Transports::opened(std::uint32_t id) const {
    for (const auto& open : opened_)
        if (open->id == id) return open.get();
    return nullptr;
}

// --- receiving ----------------------------------------------------------------------------------------------------------

void Transports::receive(Opened& open, std::span<const ReceivedDatagram> packets) {
    const Flow base{open.id, false, {}};
    for (const ReceivedDatagram& packet : packets) {
        const std::string_view bytes(packet.bytes.data(), packet.bytes.size());
        if (bytes.size() <= 4 && bytes.find_first_not_of("\r\n") == bytes.npos) continue;  // a keep-alive
        if (is_stun(bytes)) {
            answer_stun(open, bytes, packet.from);
            continue;
        }
        Flow flow = base;
        flow.remote = packet.from;
        trace(false, flow, bytes);
        pass_up(parse_message(bytes), flow, packet.age);
    }
}

// RFC 5626 8: a keep-alive too. Who asks without end, or in the name of others, is answered no more than a phone would be.
void Transports::answer_stun(Opened& open, std::string_view request, const SocketAddress& from) {
    const StunAnswer answer = answer_binding(request, from);
    if (answer.bytes().empty() || !stun_.allow(from.to_string(), Clock::now())) return;
    open.datagram->send_later(answer.bytes(), from);
}

void Transports::pass_up(ParseResult result, const Flow& from, std::chrono::nanoseconds age) {
    if (result.verdict != Verdict::accept && malformed_.allow(from.remote.host(), Clock::now()))
        log_notice("SIP message from {} {}: {}", from.remote.to_string(),
                   result.verdict == Verdict::drop ? "dropped" : "refused", result.reason);
    if (result.verdict != Verdict::drop) user_.on_message(std::move(result), from, age);
}

void Transports::accept(Opened& open, std::unique_ptr<Stream> stream) {
    auto counted = open.counts.take(stream->peer(), open.settings->max_connections,
                                    open.trusts(stream->peer()) ? 0 : open.settings->max_connections_per_source);
    if (!counted) return close_surplus(open, stream->local(), stream->peer());
    auto connection = std::make_shared<Connection>();
    connection->counted = std::move(counted);
    connection->flow = Flow{open.id, true, stream->peer()};
    connection->local = stream->local();
    keep_alive_by_tcp(*stream, *open.settings);
    connection->stream = std::move(stream);
    connection->patience.start(message_time);
    connections_[connection->flow.remote] = connection;
    const std::string name = "SIP connection of " + connection->flow.remote.to_string();
    if (auto spawned = fibers_.spawn(name, [this, connection] { (void)serve(connection, false); }); !spawned) {
        log_warning("SIP connection of {} is closed: {}", connection->flow.remote.to_string(), spawned.error().text);
        connections_.erase(connection->flow.remote);
    }
}

void Transports::close_surplus(const Opened& open, const SocketAddress& local, const SocketAddress& source) {
    if (!malformed_.allow("surplus " + source.host(), Clock::now())) return;
    const TransportSettings& settings = *open.settings;
    log_warning("SIP transport [{}]: connections of {} are closed, there are {} (max_connections = {}, max_connections_per_source = {})", settings.name,
                source.host(), open.counts.all(), settings.max_connections, settings.max_connections_per_source);
    report_security({.name = "SessionLimit", .error = true, .service = "SIP", .account = {}, .session = source.to_string(),
                     .transport = names_of(settings.protocol).via, .local = local, .remote = source});
}

// From now on the connection is that of `source`, as a trusted front says. False: that one has too many.
bool Transports::belongs_to(const std::shared_ptr<Connection>& connection, const SocketAddress& source) {
    for (const auto& open : opened_) {
        if (open->id != connection->flow.transport) continue;
        connection->counted = {};
        connection->counted = open->counts.take(source, open->settings->max_connections, open->settings->max_connections_per_source);
        if (!connection->counted) {
            close_surplus(*open, connection->local, source);
            return false;
        }
        connections_.erase(connection->flow.remote);
        connection->flow.remote = source;
        connections_[source] = connection;
        return true;
    }
    return false;
}

// Reads the front's header, when it comes from one, and then makes TLS of it, when it is to be.
Result<void> Transports::begin_behind_front(const std::shared_ptr<Connection>& connection) {
    const Opened* const open = opened(connection->flow.transport);
    const auto settings = open->settings;
    if (open->trusts(connection->flow.remote)) {
        ProxyHeaderReader header;
        std::string bytes;
        while (header.wanted() > 0) {
            bytes.resize(header.wanted());
            const std::size_t size = JF_TRY(connection->stream->read(bytes, idle_time));
            if (size == 0) return fail(ErrorCode::closed, "closed before the front's header");
            header.append(std::string_view(bytes).substr(0, size));
        }
        if (header.state() == ProxyHeaderReader::State::broken) return fail(ErrorCode::invalid, "it does not begin with a header of the PROXY protocol");
        if (header.source().valid() && !belongs_to(connection, header.source())) return fail(ErrorCode::limit, "too many connections of {}", header.source().to_string());
    }
    if (!settings->secure()) return {};
    connection->stream = JF_TRY(Stream::start_tls(std::move(connection->stream), settings->server_tls, {}, message_time));
    return {};
}

// The life of one connection, on its own fiber.
Result<void> Transports::serve(const std::shared_ptr<Connection>& connection, bool outgoing) {
    const InterruptScope scope(connection->late);
    const Opened* open = opened(connection->flow.transport);
    const bool web = open && open->settings->websocket();
    Result<void> ended;
    if (outgoing)
        ended = connect(*connection);
    else if (open && open->settings->proxy_protocol)
        ended = begin_behind_front(connection);
    if (ended && keep_alive_ > 0s && !web) {
        connection->keep_alive_every = keep_alive_;
        connection->plan_ping();
    }
    if (ended && web) ended = upgrade(connection);
    if (ended) ended = web ? read_websocket(*connection) : read_messages(*connection);
    if (!ended && ended.error().code != ErrorCode::cancelled)
        log_debug(1, "SIP connection of {} ended: {}", connection->flow.remote.to_string(),
                  ended.error().text.empty() ? to_string(ended.error().code) : ended.error().text);
    const auto mine = connections_.find(connection->flow.remote);
    if (mine != connections_.end() && mine->second == connection) connections_.erase(mine);
    if (ended || ended.error().code != ErrorCode::cancelled) {  // else the transports themselves end
        if (!connection->ready()) report_unsent(*connection);
        user_.on_closed(connection->flow);
    }
    return ended;
}

// RFC 3261 18.4: who sent by a connection that could not be made hears of it at once.
void Transports::report_unsent(Connection& connection) {
    StreamFramer framer;
    framer.append(std::exchange(connection.waiting, {}));
    for (;;) {
        const StreamFramer::Frame frame = framer.next();
        if (frame.kind != StreamFramer::Kind::message) return;
        user_.on_unsent(frame.bytes);
    }
}

// Waits for the connection and sends what has been waiting for it.
Result<void> Transports::connect(Connection& connection) {
    const SocketAddress remote = connection.flow.remote;
    const Opened* open = opened(connection.flow.transport);
    if (!open) return fail(ErrorCode::closed, "the transport is closed");
    const auto settings = open->settings;
    std::string host = remote.host();
    if (auto known = hosts_.extract(remote)) host = std::move(known.mapped());
    auto stream = settings->secure() ? Stream::connect_tls(remote, settings->client_tls, host, connect_time) : Stream::connect(remote, connect_time);
    if (!stream && settings->secure() && malformed_.allow(remote.host(), Clock::now()))
        log_warning("SIP transport [{}]: {}", settings->name, stream.error().text);
    connection.stream = JF_TRY(std::move(stream));
    keep_alive_by_tcp(*connection.stream, *settings);
    connection.local = connection.stream->local();
    return connection.stream->send(std::exchange(connection.waiting, {}));
}

Result<void> Transports::read_messages(Connection& connection) {
    auto buffer = std::make_unique<std::array<char, 16384>>();
    bool spoken = !connection.patience.running();  // one that we have made may be silent
    for (;;) {
        const std::size_t size = JF_TRY(connection.stream->read(*buffer, connection.idle));
        if (size == 0) return {};
        connection.pong.stop();  // a sign of life like any other
        connection.framer.append({buffer->data(), size});
        for (;;) {
            const StreamFramer::Frame frame = connection.framer.next();
            if (frame.kind == StreamFramer::Kind::incomplete) break;
            // One whole message takes the present limit away; the next one gets its own.
            if (frame.kind == StreamFramer::Kind::message) spoken = true;
            if (frame.kind == StreamFramer::Kind::message) connection.patience.stop();
            if (!handle_frame(connection, frame)) return {};
        }
        connection.watch_progress(!spoken || connection.framer.buffered() > 0);
    }
}

// RFC 7118 section 4: the handshake of HTTP, then frames.
Result<void> Transports::upgrade(const std::shared_ptr<Connection>& kept) {
    Connection& connection = *kept;
    std::string head;
    auto buffer = std::make_unique<std::array<char, 2048>>();
    std::size_t end = std::string::npos;
    while (end == std::string::npos) {
        const std::size_t size = JF_TRY(connection.stream->read(*buffer, idle_time));
        if (size == 0) return fail(ErrorCode::closed, "closed before its WebSocket handshake");
        const std::size_t from = head.size() < 3 ? 0 : head.size() - 3;
        head.append(buffer->data(), size);
        end = head.find("\r\n\r\n", from);
        if (head.size() > most_upgrade_bytes) return fail(ErrorCode::limit, "its WebSocket handshake is too long");
    }
    const WebSocketUpgrade answer = answer_upgrade(std::string_view(head).substr(0, end + 4));
    JF_TRY(connection.stream->send(answer.response));
    if (!answer.accepted()) return fail(ErrorCode::invalid, "no WebSocket handshake for SIP (answered {})", answer.status);
    if (const Opened* open = opened(connection.flow.transport); open && open->trusts(connection.flow.remote)) {
        const auto hops = split_list(answer.forwarded_for);
        for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {  // the last that no front of ours has
            const auto address = SocketAddress::parse(*hop, connection.flow.remote.port());
            if (!address) break;
            if (open->trusts(*address)) continue;
            if (!belongs_to(kept, *address)) return fail(ErrorCode::limit, "too many connections of {}", address->host());
            break;
        }
    }
    connection.web_socket = std::make_unique<WebSocket>(std::move(connection.stream), std::string_view(head).substr(end + 4));
    return {};
}

Result<void> Transports::read_websocket(Connection& connection) {
    for (;;) {
        const WebSocketMessage message = JF_TRY(connection.web_socket->read(connection.idle));
        const std::string_view bytes = message.payload;
        if (bytes.find_first_not_of("\r\n") == bytes.npos) continue;  // a keep-alive
        connection.patience.stop();
        trace(false, connection.flow, bytes);
        pass_up(parse_message(bytes), connection.flow, 0ns);
    }
}

bool Transports::handle_frame(Connection& connection, const StreamFramer::Frame& frame) {
    switch (frame.kind) {
        case StreamFramer::Kind::ping: return connection.stream->send("\r\n").has_value();
        case StreamFramer::Kind::pong: return true;
        case StreamFramer::Kind::message:
            trace(false, connection.flow, frame.bytes);
            pass_up(parse_message(frame.bytes, Framing::stream), connection.flow, 0ns);
            return true;
        default:
            if (!frame.bytes.empty()) pass_up(parse_message(frame.bytes, Framing::stream), connection.flow, 0ns);
            return false;  // where the next message begins can't be known
    }
}

// --- sending --------------------------------------------------------------------------------------------------------------

Result<void> Transports::send(const Flow& to, std::string_view message) {
    trace(true, to, message);
    if (to.reliable) return send_on_connection(to, message);
    const Opened* open = opened(to.transport);
    if (!open || !open->datagram) return fail(ErrorCode::closed, "the transport of {} is closed", to.remote.to_string());
    open->datagram->send_later(message, to.remote);
    return {};
}

Result<void> Transports::send_on_connection(const Flow& to, std::string_view message) {
    const auto found = connections_.find(to.remote);
    if (found != connections_.end()) {
        Connection& connection = *found->second;
        if (connection.ready()) return connection.put(message);
        if (connection.waiting.size() + message.size() > queue_while_connecting)
            return fail(ErrorCode::limit, "too much waits for the connection to {}", to.remote.to_string());
        connection.waiting += message;
        return {};
    }
    const Opened* open = opened(to.transport);
    if (!open || open->settings->websocket())
        return fail(ErrorCode::closed, "the connection of {} is closed", to.remote.to_string());  // browsers can't be connected to
    if (connections_.size() >= most_connections) return fail(ErrorCode::limit, "too many SIP connections");
    auto connection = std::make_shared<Connection>();
    connection->flow = to;
    connection->waiting = message;
    connections_[to.remote] = connection;
    auto spawned = fibers_.spawn("SIP connection to " + to.remote.to_string(), [this, connection] { (void)serve(connection, true); });
    if (!spawned) connections_.erase(to.remote);
    return spawned;
}

Result<Flow> Transports::flow_to(const SocketAddress& remote, Protocol protocol, std::string_view transport_name, std::string_view host) {
    for (const auto& open : opened_) {
        const bool fits = transport_name.empty() ? open->settings->protocol == protocol && open->bound.family() == remote.family()
                                                 : open->settings->name == transport_name;
        if (!fits) continue;
        const bool wanted = open->settings->secure() && !host.empty() && !connections_.contains(remote);
        if (wanted && hosts_.size() < most_connections) hosts_[remote] = host;
        return Flow{open->id, open->reliable(), remote};
    }
    return fail(ErrorCode::not_found, "no SIP transport for {} to {}: add a section with type = transport to pjsip.conf",
                names_of(protocol).via, remote.to_string());
}

void Transports::keep_alive(const Flow& flow, std::chrono::seconds every) {
    const auto found = connections_.find(flow.remote);
    if (found == connections_.end() || found->second->web_socket) return;
    Connection& connection = *found->second;
    const bool same = connection.wants_pong && connection.keep_alive_every == every;
    connection.wants_pong = true;
    connection.keep_alive_every = every;
    if (!same) connection.plan_ping();
}

void Transports::expect_traffic(const Flow& flow, std::chrono::seconds within) {
    if (const auto found = connections_.find(flow.remote); found != connections_.end()) found->second->idle = within;
}

std::string_view Transports::protocol(const Flow& flow) const {
    const Opened* open = opened(flow.transport);
    return names_of(open ? open->settings->protocol : flow.reliable ? Protocol::tcp : Protocol::udp).via;
}

bool Transports::secure(const Flow& flow) const {
    const Opened* open = opened(flow.transport);
    return open && open->settings->secure();
}

bool Transports::came_securely(const Flow& flow) const {
    const Opened* open = opened(flow.transport);
    return open && (open->settings->secure() || open->settings->proxy_protocol || open->trusts(flow.remote));
}

std::string_view Transports::uri_parameter(const Flow& flow) const {
    const Opened* open = opened(flow.transport);
    return names_of(open ? open->settings->protocol : flow.reliable ? Protocol::tcp : Protocol::udp).parameter;
}

SocketAddress Transports::signalling_address(const Flow& flow) const {
    const Opened* open = opened(flow.transport);
    if (!open) return {};
    const TransportSettings& settings = *open->settings;
    const std::uint16_t port = settings.external_signaling_port ? settings.external_signaling_port : open->bound.port();
    if (!settings.external_signaling_address.empty() && !open->inside(flow.remote))
        if (auto external = SocketAddress::parse(settings.external_signaling_address, port)) return *external;
    if (!open->bound.is_any()) return open->bound;
    return source_address_for(flow.remote).with_port(open->bound.port());
}

std::string Transports::media_host(const Flow& flow) const {
    const Opened* open = opened(flow.transport);
    if (!open) return source_address_for(flow.remote).host();
    if (!open->settings->external_media_address.empty() && !open->inside(flow.remote)) return open->settings->external_media_address;
    return open->bound.is_any() ? source_address_for(flow.remote).host() : open->bound.host();
}

std::vector<Transports::Summary> Transports::list() const {
    std::vector<Summary> all;
    for (const auto& open : opened_) {
        const auto count = std::count_if(connections_.begin(), connections_.end(),
                                         [&](const auto& entry) { return entry.second->flow.transport == open->id; });
        all.push_back({open->settings->name, std::string(names_of(open->settings->protocol).uri), open->bound.to_string(), static_cast<std::size_t>(count)});
    }
    return all;
}

// The method of a response is that of its CSeq.
bool Transports::logs(const Flow& flow, std::string_view message) const {
    const auto& [hosts, methods] = log_filter_;
    if (!hosts.empty() && std::find(hosts.begin(), hosts.end(), flow.remote.host()) == hosts.end()) return false;
    if (methods.empty()) return true;
    std::string_view method = message.substr(0, message.find(' '));
    if (message.starts_with("SIP/2.0")) {
        method = {};
        for (const std::string_view line : split(message, '\n')) {
            if (trim(line).empty()) break;
            const Halves halves = split_once(line, ':');
            if (equals_ignoring_case(trim(halves.first), "CSeq")) method = trim(split_once(trim(halves.second), ' ').second);
        }
    }
    return std::find(methods.begin(), methods.end(), method) != methods.end();
}

void Transports::trace(bool sent, const Flow& flow, std::string_view message) {
    counters_.count(sent, message);
    if (wanted<SipMessageSeen>()) publish(SipMessageSeen{sent, signalling_address(flow), flow.remote, protocol(flow), message});
    if (!logging_ || !logs(flow, message)) return;
    log_verbose(0, "<--- {} SIP {} ({} bytes) {} {}:{} --->\n{}", sent ? "Transmitting" : "Received",
                message.starts_with("SIP/2.0") ? "response" : "request", message.size(), sent ? "to" : "from", protocol(flow),
                flow.remote.to_string(), message);
}

TransportSettings::Protocol protocol_named(std::string_view name) {
    const auto found = std::find_if(protocol_names.begin(), protocol_names.end(), [&](const auto& each) { return equals_ignoring_case(each.uri, name); });
    return static_cast<TransportSettings::Protocol>(found == protocol_names.end() ? 0 : found - protocol_names.begin());
}

TransportSettings::Protocol protocol_of(const Uri& uri) {
    using enum TransportSettings::Protocol;
    const auto named = protocol_named(uri.parameters.value("transport"));
    if (uri.scheme != UriScheme::sips) return named;
    return named == ws || named == wss ? wss : tls;
}

SocketAddress source_address_for(const SocketAddress& remote) {
    const int probe = ::socket(remote.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return {};
    SocketAddress found;
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    if (::connect(probe, remote.raw(), remote.raw_size()) == 0 && ::getsockname(probe, reinterpret_cast<sockaddr*>(&local), &size) == 0)
        found = SocketAddress(reinterpret_cast<sockaddr*>(&local)).with_port(0);
    ::close(probe);
    return found;
}

}  // namespace jackfield::sip
