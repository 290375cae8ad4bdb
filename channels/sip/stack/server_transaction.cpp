// Server transactions (RFC 3261 17.2, RFC 6026).
#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/stack/message_writer.hpp"
#include "channels/sip/stack/transaction_private.hpp"

namespace jackfield::sip {

using namespace std::chrono_literals;

ServerTransaction::ServerTransaction(TransactionLayer::Private& layer, Message request, const Flow& from)
    : TransactionNode(Kind::server),
      layer_(layer),
      invite_(request.method() == Method::invite),
      request_(std::move(request)),
      flow_(from),
      // RFC 3261 12.2.2: within a dialog the request has our tag already.
      local_tag_(request_.to_tag().empty() ? new_tag() : std::string(request_.to_tag())) {}

void ServerTransaction::begin() {
    if (invite_) layer_.timers.start(tick_, layer_.settings.trying);
}

std::string_view ServerTransaction::plain_response(int status, std::string_view reason) const {
    const std::string host = flow_.remote.host();
    MessageWriter writer(layer_.response);
    begin_response(writer, request_, status, reason, local_tag_, {host, flow_.remote.port()});
    writer.finish();
    return layer_.response;
}

void ServerTransaction::tick() {
    if (state_ == State::trying) {
        (void)send(100, plain_response(100, {}));
        return;
    }
    (void)layer_.sender.send(flow_, response_);
    interval_ = std::min(interval_ * 2, layer_.settings.t2);
    layer_.timers.start(tick_, interval_);
}

void ServerTransaction::give_up() { layer_.destroy(*this); }

void ServerTransaction::receive_again(const Flow& from) {
    if (!response_.empty())
        (void)layer_.sender.send(from, response_);
    else if (invite_)
        (void)send(100, plain_response(100, {}));
}

void ServerTransaction::receive_ack() {
    if (state_ != State::completed) return;
    TransactionLayer::Private& layer = layer_;
    const Identity own = identity;
    const auto life = flow_.reliable ? 0ms : layer.settings.t4;
    layer.destroy(*this);
    layer.bury(own, Kind::server_confirmed, life, {});
}

void ServerTransaction::receive_cancel(const Message& cancel) {
    if (state_ == State::completed || cancelled_) return;
    cancelled_ = true;
    if (handle != nullptr)
        handle->user_.on_cancel(*handle, cancel);
    else
        (void)send(487, plain_response(487, {}));
}

Result<void> ServerTransaction::send(int status, std::string_view response) {
    if (state_ == State::completed) return fail(ErrorCode::closed, "The request has its final response");
    tick_.stop();
    if (status < 200) {
        state_ = State::proceeding;
        response_ = response;
        return layer_.sender.send(flow_, response_);
    }
    TransactionLayer::Private& layer = layer_;
    const auto sent = layer.sender.send(flow_, response);
    if (invite_ && status >= 300) {
        state_ = State::completed;
        forget_handle();
        request_ = Message();
        response_ = response;
        interval_ = layer.settings.t1;
        if (!flow_.reliable) layer.timers.start(tick_, interval_);
        layer.timers.start(timeout_, layer.settings.linger());
        return sent;
    }
    const Identity own = identity;
    const bool reliable = flow_.reliable, invite = invite_;
    layer.destroy(*this);
    if (invite)
        layer.bury(own, Kind::server_accepted, layer.settings.linger(), {});
    else if (!reliable)
        layer.bury(own, Kind::server_done, layer.settings.linger(), layer.ring.put(response));
    return sent;
}

Message ServerTransaction::take_request_and_respond(int status) {
    const std::string_view response = plain_response(status, {});
    Message request = std::move(request_);
    (void)send(status, response);
    return request;
}

void ServerTransaction::forget_handle() {
    if (handle != nullptr) handle->transaction_ = nullptr;
    handle = nullptr;
}

const Message& ServerHandle::request() const { return transaction_->request(); }
const Flow& ServerHandle::flow() const { return transaction_->flow(); }
const std::string& ServerHandle::local_tag() const { return transaction_->local_tag(); }

Result<void> ServerHandle::send(int status, std::string_view response) {
    if (transaction_ == nullptr) return fail(ErrorCode::closed, "The request has its final response");
    return transaction_->send(status, response);
}

Result<void> ServerHandle::respond(int status, std::string_view reason) {
    if (transaction_ == nullptr) return fail(ErrorCode::closed, "The request has its final response");
    return transaction_->send(status, transaction_->plain_response(status, reason));
}

void ServerHandle::release() {
    if (transaction_ != nullptr) (void)respond(500);
}

const Message& IncomingRequest::request() const { return transaction_->request(); }
const Flow& IncomingRequest::flow() const { return transaction_->flow(); }
const std::string& IncomingRequest::local_tag() const { return transaction_->local_tag(); }

void IncomingRequest::take(ServerHandle& handle) {
    if (transaction_ == nullptr) return;
    handle.release();
    handle.transaction_ = transaction_;
    transaction_->handle = &handle;
    transaction_ = nullptr;
}

Result<void> IncomingRequest::send(int status, std::string_view response) {
    if (transaction_ == nullptr) return fail(ErrorCode::closed, "The request has its final response");
    ServerTransaction* const transaction = status < 200 ? transaction_ : std::exchange(transaction_, nullptr);
    return transaction->send(status, response);
}

Result<void> IncomingRequest::respond(int status, std::string_view reason) {
    if (transaction_ == nullptr) return fail(ErrorCode::closed, "The request has its final response");
    return send(status, transaction_->plain_response(status, reason));
}

}  // namespace jackfield::sip
