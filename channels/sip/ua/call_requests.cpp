// One SIP call: requests that come within its dialog (re-INVITE, UPDATE, ACK, BYE, INFO, REFER, NOTIFY, MESSAGE).
#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/causes.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
namespace {

// "Signal=5\r\nDuration=160" of application/dtmf-relay; or the bare digit of application/dtmf.
struct InfoDigit {
    char key = 0;
    std::chrono::milliseconds length{250};
};

std::optional<InfoDigit> parse_info_digit(const Message& info) {
    InfoDigit digit;
    const std::string_view type = info.content_type();
    std::string_view signal;
    if (grammar::same_word(type, "application/dtmf")) {
        signal = trim(info.body());
    } else if (grammar::same_word(type, "application/dtmf-relay")) {
        for (const std::string_view line : split(info.body(), '\n')) {
            const Halves parts = split_once(line, '=');
            if (grammar::same_word(trim(parts.first), "Signal")) signal = trim(parts.second);
            if (grammar::same_word(trim(parts.first), "Duration"))
                digit.length = std::chrono::milliseconds(std::min(parse_number<unsigned>(trim(parts.second)).value_or(250), 10000u));
        }
    }
    if (signal == "10") signal = "*";
    if (signal == "11") signal = "#";
    if (signal == "16") signal = "!";
    if (signal.size() != 1 || !std::string_view("0123456789*#ABCDabcd!").contains(signal[0])) return {};
    digit.key = signal[0] >= 'a' && signal[0] <= 'd' ? static_cast<char>(signal[0] - 'a' + 'A') : signal[0];
    return digit;
}

}  // namespace

void SipCall::on_dialog_request(UserDialog& dialog, IncomingRequest& request) {
    const Method method = request.request().method();
    if (state_ == State::ended && method != Method::bye) return (void)request.respond(481);
    switch (method) {
        case Method::invite: return on_reinvite(dialog, request);
        case Method::update: return on_update(request);
        case Method::bye: return on_bye(request);
        case Method::info: return on_info(request);
        case Method::refer: return on_refer(dialog, request);
        case Method::notify: return on_notify(request);
        case Method::message: return on_message_request(request);
        case Method::options: return (void)request.respond(200);
        default: break;
    }
    (void)request.send(method == Method::subscribe ? 489 : 405, context_.agent.response(request, method == Method::subscribe ? 489 : 405, {}, [](MessageWriter& writer) {
        writer.header(HeaderName::allow, allowed_methods);
        writer.finish();
    }));
}

void SipCall::on_dialog_ack(UserDialog&, const Message& ack) {
    success_timer_.stop();
    success_.clear();
    if (!offer_sent_ || ack.body().empty()) return;
    offer_sent_ = false;
    const bool was_held = media_->held_by_remote();
    if (auto accepted = media_->accept_answer(ack.body()); !accepted) {
        log_notice("{}: the media in the ACK can't be used: {}", channel().name(), accepted.error().text);
        return channel().hang_up(HangupCause::bearercapability_notavail);
    }
    note_hold(was_held);
}

void SipCall::note_hold(bool was_held) {
    if (media_->held_by_remote() == was_held) return;
    count(0, 0, was_held ? -1 : 1);
    channel().remote_event({was_held ? ChannelEvent::Kind::unhold : ChannelEvent::Kind::hold, endpoint_->music_class, {}});
}

void SipCall::on_reinvite(UserDialog& dialog, IncomingRequest& request) {
    // RFC 3261 14.2: one at a time; ours under way wins.
    if (invite_sent_.active() || (offer_sent_ && outgoing_)) return (void)request.respond(491);
    if (invite_received_.active() || reinvite_received_.active() || success_timer_.running()) {
        return (void)request.send(500, context_.agent.response(request, 500, {}, [](MessageWriter& writer) {
            writer.header(HeaderName::retry_after, "2");
            writer.finish();
        }));
    }
    const Message& invite = request.request();
    const bool was_held = media_->held_by_remote();
    std::string sdp;
    if (invite.body().empty()) {
        sdp = media_->make_offer();
        offer_sent_ = true;
    } else {
        auto answer = media_->make_answer(invite.body());
        if (!answer) return (void)request.respond(answer.error().code == ErrorCode::unsupported ? 488 : 400);
        sdp = std::move(*answer);
    }
    dialog.refresh_target(invite);
    flow_ = request.flow();
    request.take(reinvite_received_);
    respond_with_sdp(reinvite_received_, sdp);
    note_hold(was_held);
}

void SipCall::respond_with_sdp(ServerHandle& handle, const std::string& sdp) {
    success_ = context_.agent.response(handle, 200, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user));
        context_.agent.add_agent(writer);
        writer.finish("application/sdp", sdp);
    });
    (void)handle.send(200, success_);
    success_interval_ = success_age_ = context_.agent.transactions().settings().t1;
    success_timer_.start(success_interval_);
}

// RFC 3311: as a re-INVITE, but answered at once and without ACK.
void SipCall::on_update(IncomingRequest& request) {
    const Message& update = request.request();
    std::string sdp;
    const bool was_held = media_->held_by_remote();
    if (!update.body().empty()) {
        if (offer_sent_) return (void)request.respond(491);
        auto answer = media_->make_answer(update.body());
        if (!answer) return (void)request.respond(answer.error().code == ErrorCode::unsupported ? 488 : 400);
        sdp = std::move(*answer);
    }
    dialogs_.front()->refresh_target(update);
    (void)request.send(200, context_.agent.response(request, 200, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user));
        if (sdp.empty())
            writer.finish();
        else
            writer.finish("application/sdp", sdp);
    }));
    note_hold(was_held);
}

void SipCall::on_bye(IncomingRequest& request) {
    const HangupCause cause = cause_of(request.request());
    (void)request.respond(200);
    if (invite_received_.active()) (void)invite_received_.respond(487);
    if (state_ != State::ended) ended(cause);
}

void SipCall::on_info(IncomingRequest& request) {
    const Message& info = request.request();
    if (info.body().empty()) return (void)request.respond(200);
    const auto digit = parse_info_digit(info);
    if (!digit) {
        return (void)request.send(415, context_.agent.response(request, 415, {}, [](MessageWriter& writer) {
            writer.header(HeaderName::accept, "application/dtmf-relay, application/dtmf");
            writer.finish();
        }));
    }
    (void)request.respond(200);
    if (digit->key == '!')
        channel().remote_event({ChannelEvent::Kind::flash, {}, {}});
    else
        channel().remote_digit(digit->key, digit->length);
}

void SipCall::on_message_request(IncomingRequest& request) {
    const Message& message = request.request();
    if (!message.content_type().starts_with("text/")) return (void)request.respond(415);
    std::string text(message.body());  // the message goes with its response
    (void)request.respond(200);
    channel().remote_event({ChannelEvent::Kind::text, std::move(text), {}});
}

// RFC 3515: somebody is to be called in the caller's place; with Replaces (RFC 3891) a call that there is.
void SipCall::on_refer(UserDialog& dialog, IncomingRequest& request) {
    const Message& refer = request.request();
    if (!endpoint_->allow_transfer) return (void)request.respond(603);
    if (state_ != State::up) return (void)request.respond(603);
    const auto target = parse_name_address(refer.header(HeaderName::refer_to));
    if (!target || !target->uri.is_sip()) return (void)request.respond(400, "Refer-To is missing or no SIP URI");
    TransferRequest transfer;
    transfer.destination = target->uri.decoded_user();
    if (const auto replaces = Parameters(target->uri.headers, '&').value("Replaces"); !replaces.empty()) {
        const std::string text = unescape(replaces);
        const auto reference = parse_dialog_reference(text);
        Channel* replaced = reference ? channel_of(context_.agent, *reference) : nullptr;
        if (!replaced) return (void)request.respond(481, "The call to be replaced is not here");
        transfer.attended = true;
        transfer.replaces_channel = replaced->id().number;
    }
    const bool silent = grammar::same_word(refer.header(HeaderName::refer_sub), "false");
    refer_cseq_ = silent ? std::nullopt : std::optional(refer.cseq().number);
    dialog.refresh_target(refer);
    (void)request.send(202, context_.agent.response(request, 202, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user));
        if (silent) writer.header(HeaderName::refer_sub, "false");
        writer.finish();
    }));
    notify_transfer("SIP/2.0 100 Trying", false);
    const ChannelId id = channel().id();
    transfer.done = [this, id](bool success) {
        if (!find_channel(id) || state_ == State::ended) return;
        notify_transfer(success ? "SIP/2.0 200 OK" : "SIP/2.0 503 Service Unavailable", true);
    };
    channel().transfer_request = std::move(transfer);
    channel().remote_event({ChannelEvent::Kind::transfer, {}, {}});
}

void SipCall::notify_transfer(std::string_view status, bool last) {
    if (!refer_cseq_ || dialogs_.empty()) return;
    context_.agent.send_and_forget(*dialogs_.front(), Method::notify, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user));
        writer.header(HeaderName::event, fmt::format("refer;id={}", *refer_cseq_));
        writer.header(HeaderName::subscription_state, last ? "terminated;reason=noresource" : "active;expires=60");
        writer.finish("message/sipfrag;version=2.0", std::string(status) + "\r\n");
    });
    if (last) refer_cseq_.reset();
}

// The progress of a transfer that we asked for.
void SipCall::on_notify(IncomingRequest& request) {
    const Message& notify = request.request();
    const TokenValue event = parse_token_value(notify.header(HeaderName::event));
    if (!grammar::same_word(event.token, "refer")) return (void)request.respond(489);
    const auto words = split(notify.body(), ' ');
    const auto status = words.size() > 1 && words[0] == "SIP/2.0" ? parse_number<int>(words[1]) : std::nullopt;
    (void)request.respond(200);
    if (status && *status >= 200) refer_result_.push(*status);
}

}  // namespace jackfield::sip
