// The transports of SIP (RFC 3261 section 18): UDP sockets and TCP connections, as flows.
#include "channels/sip/transport/transports.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_connections = 20'000;      // further ones are closed at once
constexpr auto first_message_time = 15s;              // a connection that has said nothing by then is closed
constexpr auto connect_time = 5s;
constexpr std::size_t queue_while_connecting = 256 * 1024;  // bytes

}  // namespace

struct Transports::Opened {
    std::uint32_t id = 0;
    std::shared_ptr<const TransportSettings> settings;
    SocketAddress bound;
    std::unique_ptr<Datagram> datagram;
    std::unique_ptr<Listener> listener;
    bool reliable() const { return settings->protocol == TransportSettings::Protocol::tcp; }
    bool inside(const SocketAddress& remote) const {  // reached without address translation
        return std::any_of(settings->local_net.begin(), settings->local_net.end(),
                           [&](const Subnet& subnet) { return subnet.contains(remote); });
    }
};

struct Transports::Connection {
    Flow flow;
    std::unique_ptr<Stream> stream;  // null while connecting
    std::string waiting;             // to be sent once connected
    StreamFramer framer;
    SocketAddress local;
    bool closing = false;
};

Transports::Transports(TransportUser& user) : user_(user) {}

Transports::~Transports() {
    opened_.clear();
    fibers_.cancel();
}

void Transports::apply(const ObjectSet& objects) {
    std::erase_if(opened_, [&](const auto& open) {
        const auto wanted = objects.transport(open->settings->name);
        const bool same = wanted && wanted->bind == open->settings->bind && wanted->protocol == open->settings->protocol;
        if (same) open->settings = wanted;  // addresses for translation and the like may have changed
        return !same;
    });
    for (const auto& [name, settings] : objects.transports) {
        const auto known = [&](const auto& open) { return open->settings->name == name; };
        if (std::any_of(opened_.begin(), opened_.end(), known)) continue;
        auto made = std::make_unique<Opened>();
        made->id = ++last_id_;
        made->settings = settings;
        Opened* open = made.get();
        Result<void> done;
        if (open->reliable()) {
            auto listener = Listener::bind(settings->bind, [this, open](std::unique_ptr<Stream> stream) {
                accept(*open, std::move(stream));
            });
            if (listener) open->listener = std::move(*listener);
            if (listener) open->bound = open->listener->local();
            if (!listener) done = std::unexpected(std::move(listener).error());
        } else {
            DatagramOptions options;
            options.dscp = settings->tos;
            auto datagram = Datagram::bind(settings->bind, [this, open](std::span<const ReceivedDatagram> packets) {
                receive(*open, packets);
            }, options);
            if (datagram) open->datagram = std::move(*datagram);
            if (datagram) open->bound = open->datagram->local();
            if (datagram)
                open->datagram->on_failed([this](std::span<const char> bytes, const SocketAddress& to, const Error& error) {
                    log_debug(1, "SIP message to {}: {}", to.to_string(), error.text);
                    user_.on_unsent({bytes.data(), bytes.size()});
                });
            if (!datagram) done = std::unexpected(std::move(datagram).error());
        }
        if (!done) {
            log_error("SIP transport [{}] can't listen on {}: {}", name, settings->bind.to_string(), done.error().text);
            continue;
        }
        log_verbose(2, "SIP transport [{}] listens on {} ({})", name, open->bound.to_string(), open->reliable() ? "TCP" : "UDP");
        opened_.push_back(std::move(made));
    }
    // The order of the names decides which one serves when several fit, not the order of a hash table.
    std::sort(opened_.begin(), opened_.end(),
              [](const auto& a, const auto& b) { return a->settings->name < b->settings->name; });
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
        Flow flow = base;
        flow.remote = packet.from;
        trace(false, flow, bytes);
        pass_up(parse_message(bytes), flow, packet.age);
    }
}

void Transports::pass_up(ParseResult result, const Flow& from, std::chrono::nanoseconds age) {
    if (result.verdict != Verdict::accept && malformed_.allow(from.remote.host(), Clock::now()))
        log_notice("SIP message from {} {}: {}", from.remote.to_string(),
                   result.verdict == Verdict::drop ? "dropped" : "refused", result.reason);
    if (result.verdict != Verdict::drop) user_.on_message(std::move(result), from, age);
}

void Transports::accept(Opened& open, std::unique_ptr<Stream> stream) {
    if (connections_.size() >= most_connections) {
        if (malformed_.allow("too many connections", Clock::now()))
            log_warning("SIP: {} connections are open, further ones are closed", connections_.size());
        return;
    }
    auto connection = std::make_shared<Connection>();
    connection->flow = Flow{open.id, true, stream->peer()};
    connection->local = stream->local();
    connection->stream = std::move(stream);
    connections_[connection->flow.remote] = connection;
    const std::string name = "SIP connection of " + connection->flow.remote.to_string();
    if (auto spawned = fibers_.spawn(name, [this, connection] { (void)serve(connection, false); }); !spawned) {
        log_warning("SIP connection of {} is closed: {}", connection->flow.remote.to_string(), spawned.error().text);
        connections_.erase(connection->flow.remote);
    }
}

// The life of one connection, on its own fiber.
Result<void> Transports::serve(const std::shared_ptr<Connection>& connection, bool outgoing) {
    Result<void> ended;
    if (outgoing) {
        auto stream = Stream::connect(connection->flow.remote, connect_time);
        if (stream) {
            connection->stream = std::move(*stream);
            connection->local = connection->stream->local();
            ended = connection->stream->send(connection->waiting);
            connection->waiting.clear();
        } else {
            ended = std::unexpected(std::move(stream).error());
        }
    }
    if (ended) ended = read_messages(*connection);
    if (!ended && ended.error().code != ErrorCode::cancelled)
        log_debug(1, "SIP connection of {} ended: {}", connection->flow.remote.to_string(), ended.error().text);
    const auto mine = connections_.find(connection->flow.remote);
    if (mine != connections_.end() && mine->second == connection) connections_.erase(mine);
    return ended;
}

Result<void> Transports::read_messages(Connection& connection) {
    auto buffer = std::make_unique<std::array<char, 16384>>();
    bool spoken = false;
    while (!connection.closing) {
        const Timeout patience = spoken ? Timeout() : Timeout(first_message_time);
        const std::size_t size = JF_TRY(connection.stream->read(*buffer, patience));
        if (size == 0) return {};
        connection.framer.append({buffer->data(), size});
        for (;;) {
            const StreamFramer::Frame frame = connection.framer.next();
            if (frame.kind == StreamFramer::Kind::incomplete) break;
            spoken = true;
            if (!handle_frame(connection, frame)) return {};
        }
    }
    return {};
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
        if (connection.stream) return connection.stream->send(message);
        if (connection.waiting.size() + message.size() > queue_while_connecting)
            return fail(ErrorCode::limit, "too much waits for the connection to {}", to.remote.to_string());
        connection.waiting += message;
        return {};
    }
    if (connections_.size() >= most_connections) return fail(ErrorCode::limit, "too many SIP connections");
    auto connection = std::make_shared<Connection>();
    connection->flow = to;
    connection->waiting = message;
    connections_[to.remote] = connection;
    auto spawned = fibers_.spawn("SIP connection to " + to.remote.to_string(), [this, connection] { (void)serve(connection, true); });
    if (!spawned) connections_.erase(to.remote);
    return spawned;
}

Result<Flow> Transports::flow_to(const SocketAddress& remote, bool reliable, std::string_view transport_name) const {
    for (const auto& open : opened_) {
        const bool fits = transport_name.empty() ? open->reliable() == reliable && open->bound.family() == remote.family()
                                                 : open->settings->name == transport_name;
        if (fits) return Flow{open->id, open->reliable(), remote};
    }
    return fail(ErrorCode::not_found, "no SIP transport for {} to {}: add a section with type = transport to pjsip.conf",
                reliable ? "TCP" : "UDP", remote.to_string());
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
        all.push_back({open->settings->name, open->reliable() ? "tcp" : "udp", open->bound.to_string(), static_cast<std::size_t>(count)});
    }
    return all;
}

void Transports::trace(bool sent, const Flow& flow, std::string_view message) const {
    if (!logging_) return;
    log_verbose(0, "<--- {} SIP {} ({} bytes) {} {}:{} --->\n{}", sent ? "Transmitting" : "Received",
                message.starts_with("SIP/2.0") ? "response" : "request", message.size(), sent ? "to" : "from", protocol(flow),
                flow.remote.to_string(), message);
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
