// Client transactions (RFC 3261 17.1, RFC 6026).
#include <utility>

#include "channels/sip/stack/message_writer.hpp"
#include "channels/sip/stack/parser.hpp"
#include "channels/sip/stack/transaction_private.hpp"

namespace jackfield::sip {

using namespace std::chrono_literals;

ClientTransaction::ClientTransaction(TransactionLayer::Private& layer, Method what, std::string request, const Flow& to)
    : TransactionNode(Kind::client),
      method(what),
      layer_(layer),
      request_(std::move(request)),
      to_(to),
      interval_(layer.settings.t1) {}

void ClientTransaction::begin() {
    const auto sent = layer_.sender.send(to_, request_);
    // A full kernel buffer loses a packet, which retransmission is there for.
    if (!sent && (to_.reliable || sent.error().code != ErrorCode::busy)) return unsent();
    layer_.timers.start(timeout_, layer_.settings.timer_b);
    if (!to_.reliable) layer_.timers.start(retransmission_, interval_);
}

// Of retransmissions another may get through.
void ClientTransaction::unsent() {
    if (interval_ != layer_.settings.t1) return;
    unsendable_ = true;
    retransmission_.stop();
    layer_.timers.start(timeout_, 0ms);
}

void ClientTransaction::retransmit() {
    (void)layer_.sender.send(to_, request_);
    interval_ *= 2;
    // Timer A doubles without end, timer E up to T2 and stays there once the other side has answered.
    if (!is_invite())
        interval_ = state_ == State::proceeding ? layer_.settings.t2 : std::min(interval_, layer_.settings.t2);
    layer_.timers.start(retransmission_, interval_);
}

void ClientTransaction::give_up() { fail(unsendable_ ? ClientFailure::transport : ClientFailure::timeout); }

void ClientTransaction::fail(ClientFailure failure) {
    ClientHandle* const user = handle;
    layer_.destroy(*this);
    if (user != nullptr) user->user_.on_failure(*user, failure);
}

void ClientTransaction::receive(const Message& response, const Flow& from) {
    ClientHandle* const user = handle;
    if (response.status() < 200) {
        if (state_ == State::calling) {
            state_ = State::proceeding;
            if (is_invite()) {
                retransmission_.stop();
                timeout_.stop();
                if (cancelled_) send_cancel();
            }
        }
        if (user != nullptr) user->user_.on_response(*user, response, from);
        return;
    }
    TransactionLayer::Private& layer = layer_;
    const Identity own = identity;
    Kind kind = Kind::client_done;
    std::chrono::milliseconds life = to_.reliable ? 0ms : layer.settings.t4;
    MessageRing::Place kept;
    if (is_invite() && response.status() < 300) {
        kind = Kind::client_accepted;
        life = layer.settings.linger();
    } else if (is_invite()) {
        const ParseResult sent = parse_message(request_);
        std::string ack;
        write_failure_ack(ack, sent.message, response);
        (void)layer.sender.send(to_, ack);
        kind = Kind::client_failed;
        life = to_.reliable ? 0ms : layer.settings.linger();
        if (!to_.reliable) kept = layer.ring.put(ack);
    }
    layer.destroy(*this);
    layer.bury(own, kind, life, kept);
    if (user != nullptr)
        user->user_.on_response(*user, response, from);
    else if (kind == Kind::client_accepted)
        layer.core.on_late_success(response, from);  // it crossed a CANCEL: somebody has to acknowledge and end it
}

void ClientTransaction::cancel(std::string_view reason) {
    if (!is_invite() || cancelled_) return;
    cancelled_ = true;
    cancel_reason_ = reason;
    // RFC 3261 9.1: not before a provisional response, else the CANCEL might overtake the INVITE.
    if (state_ == State::proceeding) send_cancel();
}

void ClientTransaction::send_cancel() {
    const ParseResult sent = parse_message(request_);
    std::string text;
    write_cancel(text, sent.message, cancel_reason_);
    auto* const cancel = new ClientTransaction(layer_, Method::cancel, std::move(text), to_);
    cancel->identity = layer_.client_identity(sent.message.top_via().branch, "CANCEL");
    layer_.adopt(*cancel);
    // The INVITE's own 487 may never come.
    layer_.timers.start(timeout_, layer_.settings.linger());
}

void ClientHandle::cancel(std::string_view reason) {
    if (transaction_ != nullptr) transaction_->cancel(reason);
}

// An INVITE that rang for nobody would do so without end.
void ClientTransaction::abandon() {
    handle = nullptr;
    cancel({});
}

void ClientHandle::release() {
    if (transaction_ != nullptr) std::exchange(transaction_, nullptr)->abandon();
}

}  // namespace jackfield::sip
