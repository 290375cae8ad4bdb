// One SIP call: requests that come within its dialog (re-INVITE, UPDATE, PRACK, ACK, BYE, MESSAGE).
#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/causes.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
void SipCall::on_dialog_request(UserDialog& dialog, IncomingRequest& request) {
    const Method method = request.request().method();
    if (state_ == State::ended && method != Method::bye) return (void)request.respond(481);
    switch (method) {
        case Method::invite: return on_reinvite(dialog, request);
        case Method::update: return on_update(dialog, request);
        case Method::prack: return on_prack(request);
        case Method::bye: return on_bye(request);
        case Method::info: return on_info(request);
        case Method::refer: return on_refer(&dialog, request);
        case Method::notify: return on_notify(request);
        case Method::message: return on_message_request(request);
        case Method::options: return (void)request.respond(200);
        default: break;
    }
    const int status = method == Method::subscribe ? 489 : 405;
    (void)request.send(status, context_.agent.response(request, status, {}, [](MessageWriter& writer) {
        writer.header(HeaderName::allow, allowed_methods);
        writer.finish();
    }));
}

void SipCall::on_dialog_ack(UserDialog&, const Message& ack) {
    if (!success_.acknowledge(ack)) return;
    negotiation_.invite_done();
    if (negotiation_.local_offer()) {
        negotiation_.offer_settled();
        const bool was_held = media_->held_by_remote();
        if (auto accepted = media_->accept_answer(ack.body()); !accepted) {
            log_notice("{}: the media in the ACK can't be used: {}", channel().name(), accepted.error().text);
            return channel().hang_up(HangupCause::bearercapability_notavail);
        }
        note_hold(was_held);
        review_media_of_both();
    }
    (void)tell_connected();  // what could not be told until now
    send_refresh();
    send_candidates();
}

void SipCall::note_hold(bool was_held) {
    if (media_->held_by_remote() == was_held) return;
    count(0, 0, was_held ? -1 : 1);
    if (endpoint_->suppress_moh_on_sendonly) return;
    channel().remote_event({was_held ? ChannelEvent::Kind::unhold : ChannelEvent::Kind::hold, endpoint_->music_class, {}});
}

// RFC 3261 14.2, RFC 3311 5.2: one offer at a time. False: answered.
bool SipCall::admit_offer(IncomingRequest& request, bool is_invite) {
    switch (negotiation_.admit(is_invite)) {
        case NegotiationState::Admission::yes: return true;
        case NegotiationState::Admission::glare: (void)request.respond(491); return false;
        case NegotiationState::Admission::too_early: break;
    }
    (void)request.send(500, context_.agent.response(request, 500, {}, [](MessageWriter& writer) {
        writer.header(HeaderName::retry_after, "2");
        writer.finish();
    }));
    return false;
}

void SipCall::on_reinvite(UserDialog& dialog, IncomingRequest& request) {
    if (!admit_offer(request, true) || !session_agreed(request)) return;
    const Message& invite = request.request();
    const bool was_held = media_->held_by_remote();
    std::string sdp;
    if (invite.body().empty()) {
        sdp = media_->make_offer();
        negotiation_.offer_sent();  // the answer comes with the ACK
    } else {
        auto answer = answer_offer(invite.body());
        if (!answer) return (void)request.respond(answer.error().code == ErrorCode::unsupported ? 488 : 400);
        sdp = std::move(*answer);
    }
    negotiation_.invite_received();
    dialog.refresh_target(invite);
    dialog.note_allowed(invite);
    flow_ = request.flow();
    note_identity(invite);
    session_.accept(invite);
    request.take(reinvite_received_);
    respond_with_sdp(reinvite_received_, sdp);
    note_hold(was_held);
}

void SipCall::respond_with_sdp(ServerHandle& handle, const std::string& sdp) {
    const std::uint32_t cseq = handle.request().cseq().number;
    std::string success(context_.agent.response(handle, 200, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user, secure_));
        session_.write_response(writer);
        context_.agent.add_agent(writer, false, session_.offered(), endpoint_->ice_support);
        writer.finish("application/sdp", sdp);
    }));
    (void)handle.send(200, success);
    session_refreshed();
    success_.start(std::move(success), cseq, flow_, context_.agent.transactions().settings());
}

// RFC 3311: as a re-INVITE, but answered at once and without ACK.
void SipCall::on_update(UserDialog& dialog, IncomingRequest& request) {
    const Message& update = request.request();
    if (!session_agreed(request)) return;
    std::string sdp;
    const bool was_held = media_->held_by_remote();
    if (!update.body().empty()) {
        if (!admit_offer(request, false)) return;
        auto answer = answer_offer(update.body());
        if (!answer) return (void)request.respond(answer.error().code == ErrorCode::unsupported ? 488 : 400);
        sdp = std::move(*answer);
    }
    dialog.refresh_target(update);
    dialog.note_allowed(update);
    note_identity(update);
    if (state_ == State::up) session_.accept(update);  // an early one is about the offer only
    (void)request.send(200, context_.agent.response(request, 200, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user, secure_));
        if (state_ == State::up) session_.write_response(writer);
        if (sdp.empty())
            writer.finish();
        else
            writer.finish("application/sdp", sdp);
    }));
    if (state_ == State::up) session_refreshed();
    note_hold(was_held);
}

// RFC 3262: acknowledges a provisional response of ours; may answer the offer in it, or bring a new one.
void SipCall::on_prack(IncomingRequest& request) {
    const Message& prack = request.request();
    const auto rack = parse_rack(prack.header(HeaderName::rack));
    if (!rack) return (void)request.respond(400, "RAck is missing or malformed");
    // After the final response those that were under way are still acknowledged (section 3).
    if (!reliable_ || (!reliable_->awaits(*rack) && invite_received_.active())) return (void)request.respond(481);
    const RAck acknowledged{rack->rseq, {rack->cseq.number, rack->cseq.method, {}}};  // the request goes with its response
    if (described_reliably_ && !negotiation_.local_offer()) negotiation_.offer_settled();
    std::string sdp;
    if (!prack.body().empty() && negotiation_.local_offer()) {
        negotiation_.offer_settled();
        if (auto accepted = media_->accept_answer(prack.body()); !accepted) {
            log_notice("{}: the media in the PRACK can't be used: {}", channel().name(), accepted.error().text);
            (void)request.respond(488);
            return channel().hang_up(HangupCause::bearercapability_notavail);
        }
    } else if (!prack.body().empty()) {
        if (!admit_offer(request, false)) return;
        auto answer = media_->make_answer(prack.body());
        if (!answer) return (void)request.respond(answer.error().code == ErrorCode::unsupported ? 488 : 400);
        sdp = std::move(*answer);
    }
    (void)request.send(200, context_.agent.response(request, 200, {}, [&](MessageWriter& writer) {
        if (sdp.empty())
            writer.finish();
        else
            writer.finish("application/sdp", sdp);
    }));
    (void)reliable_->acknowledge(acknowledged);
    if (answer_waits_ && !reliable_->waiting()) send_success();
}

void SipCall::on_bye(IncomingRequest& request) {
    const HangupCause cause = cause_of(request.request());
    (void)request.respond(200);
    if (reliable_) reliable_->stop();
    if (invite_received_.active()) (void)invite_received_.respond(487);
    if (state_ != State::ended) ended(cause);
}

void SipCall::on_message_request(IncomingRequest& request) {
    const Message& message = request.request();
    if (!message.content_type().starts_with("text/")) return (void)request.respond(415);
    std::string text(message.body());  // the message goes with its response
    (void)request.respond(200);
    channel().remote_event({ChannelEvent::Kind::text, std::move(text), {}});
}

}  // namespace jackfield::sip
