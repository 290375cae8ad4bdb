// A TCP connection to a TURN server (RFC 8656 2.1), which looks to a media socket like a server of UDP beside it.
#include "modules/res_rtp/turn_link.hpp"

#include <vector>

#include "core/runtime/datagram.hpp"
#include "core/runtime/fiber.hpp"
#include "core/runtime/stream.hpp"
#include "modules/res_rtp/rtp_packet.hpp"
#include "modules/res_rtp/stun_message.hpp"
#include "modules/res_rtp/turn_client.hpp"

namespace jackfield::rtp {
namespace {

using namespace std::chrono_literals;

// Of the message that begins with these bytes, padded as on a stream (RFC 8656 12.5); 0: it is none.
std::size_t padded_size(std::span<const std::uint8_t> header) {
    const std::size_t size = read_16(&header[2]);
    if (is_stun(header[0])) return stun_header_size + size;
    return is_channel_data(header[0]) ? (channel_header_size + size + 3) & ~std::size_t{3} : 0;
}

}  // namespace

struct TurnLink::Private {
    Private(const SocketAddress& its_server, const SocketAddress& its_media, std::function<void(const Result<void>&)> its_ready)
        : server(its_server), media(its_media), ready(std::move(its_ready)) {}

    // To the server: one datagram is one message.
    void forward(std::span<const ReceivedDatagram> datagrams) {
        for (const ReceivedDatagram& datagram : datagrams) {
            const bool ours = datagram.from.port() == media.port() && (media.is_any() || datagram.from.same_host(media));
            if (!stream || !ours || datagram.bytes.size() < channel_header_size) continue;
            std::string bytes(datagram.bytes.data(), datagram.bytes.size());
            bytes.resize((bytes.size() + 3) & ~std::size_t{3});
            (void)stream->send(bytes);  // a full queue: lost on the way
        }
    }

    Result<void> serve() {
        stream = JF_TRY(Stream::connect(server, 5s));
        stream->set_queue_limit(64 * 1024);
        ready({});
        std::vector<std::uint8_t> buffer(16 * 1024);
        std::size_t filled = 0;
        for (;;) {
            const auto room = std::span(buffer).subspan(filled);
            const std::size_t read = JF_TRY(stream->read({reinterpret_cast<char*>(room.data()), room.size()}));
            if (read == 0) return fail(ErrorCode::closed, "the server has closed the connection");
            filled += read;
            std::size_t at = 0;
            while (filled - at >= channel_header_size) {
                const std::size_t size = padded_size(std::span(buffer).subspan(at));
                if (size == 0 || size > buffer.size() / 2) return fail(ErrorCode::invalid, "what the server sends is no TURN");
                if (filled - at < size) break;
                (void)datagram->send({reinterpret_cast<const char*>(buffer.data()) + at, size}, media_here);
                at += size;
            }
            std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(at), buffer.begin() + static_cast<std::ptrdiff_t>(filled), buffer.begin());
            filled -= at;
        }
    }

    const SocketAddress server, media;
    SocketAddress media_here;  // media, as it is reached from here
    std::function<void(const Result<void>&)> ready;
    std::unique_ptr<Datagram> datagram;
    std::unique_ptr<Stream> stream;
    std::unique_ptr<TaskGroup> fibers = std::make_unique<TaskGroup>("TURN connection");
    Gate* gate = nullptr;
};

Result<std::unique_ptr<TurnLink>> TurnLink::open(const SocketAddress& server, const SocketAddress& media, Gate& gate,
                                                 std::function<void(const Result<void>&)> ready) {
    auto made = std::make_shared<Private>(server, media, std::move(ready));
    made->gate = &gate;
    const SocketAddress here = media.is_any() ? JF_TRY(SocketAddress::parse(media.is_v6() ? "::1" : "127.0.0.1")) : media;
    made->media_here = here.with_port(media.port());
    DatagramOptions options;
    options.receive_buffer = options.send_buffer = 256 * 1024;
    Private* const self = made.get();
    made->datagram = JF_TRY(Datagram::bind(here.with_port(0), [self](std::span<const ReceivedDatagram> datagrams) { self->forward(datagrams); }, options));
    JF_TRY(made->fibers->spawn("TURN " + server.to_string(), [self] {
        const auto ended = self->serve();
        if (!ended && self->ready) self->ready(ended);
    }));
    return std::unique_ptr<TurnLink>(new TurnLink(std::move(made)));
}

TurnLink::~TurnLink() {
    private_->ready = {};
    private_->fibers->cancel();
    if (!private_->fibers->running()) return;
    // Its fiber ends in a later turn, and somebody has to wait for that.
    (void)spawn({.name = "end of a TURN connection", .pass = private_->gate->hold()}, [ending = private_]() mutable { ending->fibers.reset(); });
}

const SocketAddress& TurnLink::local() const { return private_->datagram->local(); }

}  // namespace jackfield::rtp
