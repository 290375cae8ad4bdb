// The transaction layer: matching, tombstones, and what has no transaction.
#include <algorithm>

#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/stack/message_writer.hpp"
#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/transaction_private.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {

using namespace std::chrono_literals;

namespace {

constexpr auto grave_period = 100ms;

std::string write_response(const Message& request, const Flow& to, int status, std::string_view reason,
                           std::string_view tag, std::string_view extra_headers) {
    std::string text, host = to.remote.host();
    MessageWriter writer(text);
    begin_response(writer, request, status, reason, tag, {host, to.remote.port()});
    writer.prepared(extra_headers);
    writer.finish();
    return text;
}

}  // namespace

TransactionLayer::Private::Private(FlowSender& sends, StackTimers& clock, TransactionCore& above,
                                   const TransactionSettings& how)
    : sender(sends),
      timers(clock),
      core(above),
      settings(how),
      hash(KeyedHash::random_key()),
      ring(how.kept_bytes),
      start(clock.now()),
      grave_timer(this, StackTimer::calls<&Private::clear_graves>) {}

TransactionLayer::Private::~Private() {
    table.for_each([this](TransactionNode& node) {
        table.remove(node);
        switch (node.kind) {
            case TransactionNode::Kind::client: {
                auto& transaction = static_cast<ClientTransaction&>(node);
                if (transaction.handle != nullptr) transaction.handle->transaction_ = nullptr;
                delete &transaction;
                break;
            }
            case TransactionNode::Kind::server: {
                auto& transaction = static_cast<ServerTransaction&>(node);
                transaction.forget_handle();
                delete &transaction;
                break;
            }
            default:
                delete &static_cast<Tombstone&>(node);
        }
    });
}

Identity TransactionLayer::Private::client_identity(std::string_view branch, std::string_view method) {
    scratch.assign("c").append(branch).append(1, '\0').append(method);
    return hash(scratch);
}

// RFC 3261 17.2.3; `method` is INVITE for the ACK and the CANCEL of one.
Identity TransactionLayer::Private::server_identity(const Message& request, std::string_view method) {
    const Via& via = request.top_via();
    if (via.has_magic_branch()) {
        scratch.assign("s").append(via.branch).append(1, '\0').append(to_lower(via.host)).append(1, ':');
        scratch.append(std::to_string(via.port));
    } else {
        // RFC 2543: all that a retransmission, an ACK and a CANCEL have in common. The To tag is left out, since an
        // INVITE has none while its ACK has ours.
        scratch.assign("o").append(request.request_uri().text).append(1, '\0').append(request.from_tag());
        scratch.append(1, '\0').append(request.call_id()).append(1, '\0').append(std::to_string(request.cseq().number));
        scratch.append(1, '\0').append(request.header(HeaderName::via));
    }
    scratch.append(1, '\0').append(method);
    return hash(scratch);
}

void TransactionLayer::Private::offer_to_core(ServerTransaction& transaction) {
    IncomingRequest incoming(transaction);
    core.on_request(incoming);
    if (incoming.transaction_ != nullptr) (void)incoming.respond(500);
}

// A response that has left the ring can't be repeated. Requests that do no harm twice get a new one, for the others
// silence does what a lost response does.
bool TransactionLayer::Private::may_run_again(const Message& request, const Tombstone& tombstone) const {
    return tombstone.kind == TransactionNode::Kind::server_done &&
           (request.method() == Method::register_ || request.method() == Method::options) &&
           ring.get({tombstone.message_position, tombstone.message_size}).empty();
}

void TransactionLayer::Private::receive_request(Message message, const Flow& from) {
    const bool is_ack = message.method() == Method::ack;
    const Identity identity = server_identity(message, is_ack ? "INVITE" : message.method_name());
    TransactionNode* const node = table.find(identity);
    if (node != nullptr && node->kind == TransactionNode::Kind::server) {
        auto& transaction = static_cast<ServerTransaction&>(*node);
        return is_ack ? transaction.receive_ack() : transaction.receive_again(from);
    }
    if (node != nullptr && !may_run_again(message, static_cast<Tombstone&>(*node)))
        return meet_tombstone(static_cast<Tombstone&>(*node), message, from);
    if (is_ack) return core.on_ack(message, from);

    const bool is_cancel = message.method() == Method::cancel;
    if (!is_cancel && message.to_tag().empty() && !core.admits(message)) return reply(message, from, 503, "Overloaded", "Retry-After: 5\r\n");
    auto* const transaction = new ServerTransaction(*this, std::move(message), from);
    transaction->identity = identity;
    table.insert(*transaction);
    ++counts.servers;
    transaction->begin();
    if (is_cancel)
        receive_cancel(*transaction);
    else
        offer_to_core(*transaction);
}

// Answers a CANCEL and tells whoever has the INVITE (RFC 3261 9.2).
void TransactionLayer::Private::receive_cancel(ServerTransaction& cancel) {
    TransactionNode* const node = table.find(server_identity(cancel.request(), "INVITE"));
    if (node == nullptr) {
        (void)cancel.take_request_and_respond(481);
        return;
    }
    if (node->kind != TransactionNode::Kind::server) {
        (void)cancel.take_request_and_respond(200);
        return;
    }
    auto& invite = static_cast<ServerTransaction&>(*node);
    // The same To tag as in the responses of the INVITE.
    cancel.set_local_tag(invite.local_tag());
    const Message message = cancel.take_request_and_respond(200);
    invite.receive_cancel(message);
}

void TransactionLayer::Private::receive_response(const Message& message, const Flow& from) {
    TransactionNode* const node = table.find(client_identity(message.top_via().branch, message.cseq().method_name));
    if (node == nullptr) {
        if (message.method() == Method::invite && message.status() / 100 == 2) core.on_late_success(message, from);
        return;
    }
    if (node->kind == TransactionNode::Kind::client)
        static_cast<ClientTransaction&>(*node).receive(message, from);
    else
        meet_tombstone(static_cast<Tombstone&>(*node), message, from);
}

void TransactionLayer::Private::meet_tombstone(Tombstone& tombstone, const Message& message, const Flow& from) {
    const MessageRing::Place place{tombstone.message_position, tombstone.message_size};
    switch (tombstone.kind) {
        case TransactionNode::Kind::client_failed:
            if (message.status() < 300) return;
            if (const std::string_view ack = ring.get(place); !ack.empty()) {
                (void)sender.send(from, ack);
            } else {
                // The ACK has left the ring. Its next hop matches it by the branch; the rest is in the response.
                std::string text;
                write_failure_ack(text, message);
                (void)sender.send(from, text);
            }
            return;
        case TransactionNode::Kind::client_accepted:
            if (message.status() / 100 == 2) core.on_late_success(message, from);
            return;
        case TransactionNode::Kind::server_done:
            if (const std::string_view response = ring.get(place); !response.empty()) (void)sender.send(from, response);
            return;
        case TransactionNode::Kind::server_accepted:
            if (message.method() == Method::ack) core.on_ack(message, from);
            return;
        case TransactionNode::Kind::client_done:
        case TransactionNode::Kind::server_confirmed:
        case TransactionNode::Kind::client:
        case TransactionNode::Kind::server:
            return;
    }
}

void TransactionLayer::Private::adopt(ClientTransaction& transaction) {
    table.insert(transaction);
    ++counts.clients;
    transaction.begin();
}

void TransactionLayer::Private::destroy(ClientTransaction& transaction) {
    table.remove(transaction);
    if (transaction.handle != nullptr) transaction.handle->transaction_ = nullptr;
    --counts.clients;
    delete &transaction;
}

void TransactionLayer::Private::destroy(ServerTransaction& transaction) {
    table.remove(transaction);
    transaction.forget_handle();
    --counts.servers;
    delete &transaction;
}

std::uint32_t TransactionLayer::Private::milliseconds() const {
    // Differences are taken modulo 2^32, so that 49 days of uptime do no harm.
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(timers.now() - start).count());
}

void TransactionLayer::Private::bury(const Identity& identity, TransactionNode::Kind kind,
                                     std::chrono::milliseconds life, MessageRing::Place message) {
    if (life <= 0ms) return;
    auto* const tombstone = new Tombstone(kind);
    tombstone->identity = identity;
    tombstone->message_position = message.position;
    tombstone->message_size = message.size;
    tombstone->expires = milliseconds() + static_cast<std::uint32_t>(life.count());
    table.insert(*tombstone);
    ++counts.tombstones;

    auto yard = std::ranges::find(graves, life, [](const auto& grave) { return grave->life; });
    if (yard == graves.end()) {
        graves.push_back(std::make_unique<Graveyard>());
        graves.back()->life = life;
        yard = graves.end() - 1;
    }
    *(*yard)->end = tombstone;
    (*yard)->end = &tombstone->younger;
    if (!grave_timer.running()) timers.start(grave_timer, grave_period);
}

void TransactionLayer::Private::clear_graves() {
    const std::uint32_t now = milliseconds();
    for (const auto& yard : graves) {
        while (yard->oldest != nullptr && static_cast<std::int32_t>(now - yard->oldest->expires) >= 0) {
            Tombstone* const gone = yard->oldest;
            yard->oldest = gone->younger;
            if (yard->oldest == nullptr) yard->end = &yard->oldest;
            table.remove(*gone);
            --counts.tombstones;
            delete gone;
        }
    }
    if (counts.tombstones > 0) timers.start(grave_timer, grave_period);
}

TransactionLayer::TransactionLayer(FlowSender& sender, StackTimers& timers, TransactionCore& core,
                                   TransactionSettings settings)
    : private_(std::make_unique<Private>(sender, timers, core, settings)) {}

TransactionLayer::~TransactionLayer() = default;

void TransactionLayer::receive(Message message, const Flow& from) {
    if (message.is_request())
        private_->receive_request(std::move(message), from);
    else
        private_->receive_response(message, from);
}

void TransactionLayer::start(ClientHandle& handle, Method method, std::string_view branch, std::string request,
                             const Flow& to) {
    handle.release();
    auto* const transaction = new ClientTransaction(*private_, method, std::move(request), to);
    transaction->identity = private_->client_identity(branch, to_string(method));
    transaction->handle = &handle;
    handle.transaction_ = transaction;
    private_->adopt(*transaction);
}

void TransactionLayer::unsent(std::string_view message) {
    const ParseResult sent = parse_message(message);
    if (sent.verdict != Verdict::accept || !sent.message.is_request()) return;
    TransactionNode* const node = private_->table.find(private_->client_identity(sent.message.top_via().branch, sent.message.method_name()));
    if (node != nullptr && node->kind == TransactionNode::Kind::client) static_cast<ClientTransaction&>(*node).unsent();
}

void TransactionLayer::reply(const Message& request, const Flow& to, int status, std::string_view reason,
                             std::string_view extra_headers) {
    private_->reply(request, to, status, reason, extra_headers);
}

void TransactionLayer::Private::reply(const Message& request, const Flow& to, int status, std::string_view reason,
                                      std::string_view extra_headers) {
    if (request.method() == Method::ack) return;
    // RFC 3261 8.2.7: without state, the same request gets the same tag.
    const Identity identity = hash(request.text());
    const std::string tag = std::string(process_generation()) + std::to_string(identity.low);
    (void)sender.send(to, write_response(request, to, status, reason, tag, extra_headers));
}

const TransactionSettings& TransactionLayer::settings() const { return private_->settings; }
void TransactionLayer::set_settings(const TransactionSettings& settings) { private_->settings = settings; }
TransactionLayer::Counts TransactionLayer::counts() const { return private_->counts; }

}  // namespace jackfield::sip
