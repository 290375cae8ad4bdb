// One SIP call: transfers by REFER (RFC 3515, RFC 5589), INVITE with Replaces (RFC 3891) and with Join (RFC 3911).
#include "channels/sip/ua/call.hpp"
#include "core/base/log.hpp"
#include "core/bridge/bridge.hpp"
#include "core/channel/dial.hpp"
#include "core/channel/pickup.hpp"

namespace jackfield::sip {
namespace {

SipCall* call_of_dialog(UserAgent& agent, const DialogReference& reference) {
    auto* dialog = static_cast<UserDialog*>(agent.dialogs().find(reference.call_id, reference.to_tag, reference.from_tag));
    return dialog ? dynamic_cast<SipCall*>(dialog->user) : nullptr;
}

}  // namespace

SipCall* SipCall::find(UserAgent& agent, const DialogReference& reference) {
    SipCall* call = call_of_dialog(agent, reference);
    return call && call->state_ != State::ended ? call : nullptr;
}

// --- INVITE with Replaces ---------------------------------------------------------------------------------------------------

// 0, and the call to be replaced if any; else the status that RFC 3891 section 3 wants for the INVITE.
int SipCall::replaceable(UserAgent& agent, const Message& invite, SipCall*& replaced) {
    const std::size_t field = invite.first_field(HeaderName::replaces);
    if (field == Message::npos) return 0;
    if (invite.next_field(field) != Message::npos || invite.has(HeaderName::join)) return 400;
    const auto reference = parse_dialog_reference(invite.field(field).value);
    if (!reference) return 400;
    SipCall* call = call_of_dialog(agent, *reference);
    if (!call) return 481;
    if (call->state_ == State::ended || call->channel().hung_up()) return 603;
    if (call->state_ == State::up && reference->early_only) return 486;
    if (call->state_ != State::up && !call->outgoing_) return 481;
    replaced = call;
    return 0;
}

// The new call answers and takes the place of the other one: in its bridge, in its dialplan application, or in the Dial that
// rang it. The other one ends.
void SipCall::replace(SipCall& replaced, Custody replacing) {
    const auto old = replaced.channel().share();
    const auto fresh = replacing.channel().share();
    const bool early = replaced.state_ != State::up;
    log_verbose(3, "{} takes the place of {}", fresh->name(), old->name());
    if (early && dial_leg_of(*old)) {
        if (auto picked = pick_up(*old, std::move(replacing)); !picked) log_notice("{}: {}", fresh->name(), picked.error().text);
        return;
    }
    if (auto answered = fresh->answer(); !answered) return log_notice("{}: {}", fresh->name(), answered.error().text);
    if (Bridge* const bridge = old->bridge()) {
        if (auto entered = bridge->shared_from_this()->replace(*old, std::move(replacing)); !entered)
            log_warning("{} can't take the place of {}: {}", fresh->name(), old->name(), entered.error().text);
        return old->hang_up(HangupCause::normal_clearing);
    }
    // The channels exchange what connects them with their devices; names and identities follow the devices.
    Channel::exchange(*old, *fresh);
    const auto device_name = fresh->name(), replaced_name = old->name();
    fresh->rename(device_name + "<REPLACED>");
    old->rename(device_name);
    fresh->rename(replaced_name);
    std::swap(old->caller(), fresh->caller());
    old->update_connected(old->connected());
    fresh->hang_up(early ? HangupCause::answered_elsewhere : HangupCause::normal_clearing);
    replacing.release();
    if (early) old->remote_answered();
}

// --- INVITE with Join -------------------------------------------------------------------------------------------------------

// 0, and the call to be joined if any; else the status that RFC 3911 section 4 wants for the INVITE.
int SipCall::joinable(UserAgent& agent, const Message& invite, const EndpointSettings& endpoint, SipCall*& joined) {
    const std::size_t field = invite.first_field(HeaderName::join);
    if (field == Message::npos) return 0;
    if (invite.next_field(field) != Message::npos) return 400;  // one with Replaces was refused before
    const auto reference = parse_dialog_reference(invite.field(field).value);
    if (!reference) return 400;
    if (!endpoint.allow_join) {
        log_notice("Endpoint [{}] may not join calls; write allow_join = yes if it should", endpoint.name);
        return 403;
    }
    SipCall* const call = call_of_dialog(agent, *reference);
    if (!call) return 481;
    if (call->state_ == State::ended || call->channel().hung_up()) return 603;
    if (call->state_ != State::up) return 481;
    if (!call->channel().bridge()) return 488;  // an application serves it: there is nobody to meet
    joined = call;
    return 0;
}

// The new call answers and comes into the bridge of the other one, which is a conference from then on.
void SipCall::join(SipCall& joined, Custody joining) {
    const auto old = joined.channel().share();
    const auto fresh = joining.channel().share();
    log_verbose(3, "{} joins the call of {}", fresh->name(), old->name());
    if (auto answered = fresh->answer(); !answered) return log_notice("{}: {}", fresh->name(), answered.error().text);
    Bridge* const bridge = old->bridge();
    if (!bridge) return fresh->hang_up(HangupCause::normal_clearing);
    const auto kept = bridge->shared_from_this();
    MemberOptions options;
    options.leave_ends_bridge = false;
    auto entered = kept->kind() == BridgeKind::two_party ? kept->grow() : Result<void>();
    if (entered) entered = kept->impart(std::move(joining), std::move(options));
    if (!entered) log_warning("{} can't join {}: {}", fresh->name(), old->name(), entered.error().text);
}

// --- REFER of theirs ----------------------------------------------------------------------------------------------------------

// RFC 3515: somebody is to be called in the caller's place; with Replaces a call that there is.
void SipCall::on_refer(UserDialog* dialog, IncomingRequest& request) {
    const Message& refer = request.request();
    if (!endpoint_->allow_transfer || state_ != State::up) return (void)request.respond(603);
    if (channel().transfer_request || (transfers_left_ && refer_cseq_)) return (void)request.respond(491);
    const auto target = parse_name_address(refer.header(HeaderName::refer_to));
    if (!target || !target->uri.is_sip()) return (void)request.respond(400, "Refer-To is missing or no SIP URI");
    TransferRequest transfer;
    transfer.destination = target->uri.decoded_user();
    Channel* other = nullptr;
    std::string replaced_id;
    SipCall* replaced = nullptr;
    if (const auto replaces = Parameters(target->uri.headers, '&').value("Replaces"); !replaces.empty()) {
        const std::string text = unescape(replaces);
        const auto reference = parse_dialog_reference(text);
        replaced = reference ? find(context_.agent, *reference) : nullptr;
        if (!reference || (!replaced && !transfers_left_)) return (void)request.respond(481, "The call to be replaced is not here");
        replaced_id = reference->call_id;
        transfer.attended = true;
        if (replaced) {
            other = &replaced->channel();
            transfer.replaces_channel = other->id().number;
        }
    }
    if (transfers_left_ && !offer_transfer(transfer.destination, replaced_id, replaced)) return (void)request.respond(603);
    const bool silent = grammar::same_word(refer.header(HeaderName::refer_sub), "false");
    refer_cseq_ = silent ? std::nullopt : std::optional(refer.cseq().number);
    if (dialog) dialog->refresh_target(refer);
    (void)request.send(202, context_.agent.response(request, 202, {}, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user, secure_));
        if (silent) writer.header(HeaderName::refer_sub, "false");
        writer.finish();
    }));
    if (transfers_left_) return notify_transfer("SIP/2.0 100 Trying", false);
    if (endpoint_->refer_blind_progress || transfer.attended)
        notify_transfer("SIP/2.0 100 Trying", false);
    else
        notify_transfer("SIP/2.0 200 OK", true);
    // By then this half may serve another channel, or be gone.
    transfer.done = [call = std::weak_ptr(self_)](bool success) {
        if (const auto alive = call.lock(); alive && (*alive)->state_ != State::ended)
            (*alive)->notify_transfer(success ? "SIP/2.0 200 OK" : "SIP/2.0 503 Service Unavailable", true);
    };
    if (other && !channel().bridge() && other->bridge()) {
        // An application serves this side, as music does one who waits: whom the other call talks with comes to it.
        const auto keep = channel().share();
        return transfer.done(attended_transfer(*other, *keep) == TransferResult::success);
    }
    channel().transfer_request = std::move(transfer);
    channel().remote_event({ChannelEvent::Kind::transfer, {}, {}});
}

// Whether somebody takes it.
bool SipCall::offer_transfer(std::string_view destination, std::string_view call_id, SipCall* replaced) {
    bool taken = false;
    publish(SipTransferRequested{channel(), destination, call_id, replaced ? &replaced->channel() : nullptr, taken});
    return taken;
}

Result<void> SipCall::tell_transfer(SipTransferProgress progress) {
    if (!transfers_left_ || !refer_cseq_ || state_ == State::ended) return fail(ErrorCode::invalid, "the far side has asked for no transfer");
    switch (progress) {
        case SipTransferProgress::progress: notify_transfer("SIP/2.0 100 Trying", false); break;
        case SipTransferProgress::answered: notify_transfer("SIP/2.0 200 OK", true); break;
        case SipTransferProgress::unavailable: notify_transfer("SIP/2.0 503 Service Unavailable", true); break;
        case SipTransferProgress::declined: notify_transfer("SIP/2.0 603 Decline", true); break;
    }
    return {};
}

// A party of the call asks from elsewhere. Its progress could only be told within a dialog of its own, which Refer-Sub: false (RFC 4488)
// does without.
void SipCall::refer(UserAgent& agent, IncomingRequest& request, const EndpointSettings& endpoint) {
    const Message& message = request.request();
    if (!message.has(HeaderName::target_dialog)) return (void)request.respond(403, "REFER needs a dialog or Target-Dialog");
    const auto reference = parse_dialog_reference(message.header(HeaderName::target_dialog));
    if (!reference) return (void)request.respond(400, "Malformed Target-Dialog");
    if (!grammar::same_word(message.header(HeaderName::refer_sub), "false")) return (void)request.respond(403, "REFER by Target-Dialog needs Refer-Sub: false");
    SipCall* const call = find(agent, *reference);
    // Whose call it is not is told no more than of one that is not there.
    if (!call || call->endpoint_->name != endpoint.name) return (void)request.respond(481);
    call->on_refer(nullptr, request);
}

void SipCall::notify_transfer(std::string_view status, bool last) {
    if (!refer_cseq_ || dialogs_.empty()) return;
    context_.agent.send_and_forget(*dialogs_.front(), Method::notify, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user, secure_));
        writer.header(HeaderName::event, fmt::format("refer;id={}", *refer_cseq_));
        writer.header(HeaderName::subscription_state, last ? "terminated;reason=noresource" : "active;expires=60");
        writer.finish("message/sipfrag;version=2.0", std::string(status) + "\r\n");
    });
    if (last) refer_cseq_.reset();
}

// --- REFER of ours --------------------------------------------------------------------------------------------------------------

// Waits for the result: REFER once the call is up, else 302 (RFC 3261 21.3.3).
Result<void> SipCall::transfer(std::string_view destination) {
    std::string target(destination);
    if (!target.starts_with("sip:") && !target.starts_with("sips:"))
        target = "sip:" + target + (target.contains('@') ? "" : "@" + context_.agent.transports().signalling_address(flow_).to_string());
    if (state_ != State::up && invite_received_.active()) {
        if (reliable_) reliable_->stop();
        const std::string_view moved = context_.agent.response(invite_received_, 302, {}, [&](MessageWriter& writer) {
            writer.header(HeaderName::contact, "<" + target + ">");
            writer.finish();
        });
        return invite_received_.send(302, moved);
    }
    if (state_ != State::up || dialogs_.empty() || other_request_.active())
        return fail(ErrorCode::unsupported, "the call can't be transferred now");
    UserDialog& dialog = *dialogs_.front();
    refer_result_.clear();
    context_.agent.start(other_request_, dialog, Method::refer, dialog.next_cseq(), [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user, secure_));
        writer.header(HeaderName::refer_to, "<" + target + ">");
        writer.header(HeaderName::referred_by, dialog.local_header());
        answers_.write(writer, "REFER", dialog.remote_target());
        writer.finish();
    });
    const int status = JF_TRY(refer_result_.pop(std::chrono::seconds(60)));
    if (status < 300) return {};
    return fail(ErrorCode::failed, "the far side answered {} {}", status, reason_phrase(status));
}

// The progress of a transfer that we asked for.
void SipCall::on_notify(IncomingRequest& request) {
    const Message& notify = request.request();
    const TokenValue event = parse_token_value(notify.header(HeaderName::event));
    if (!grammar::same_word(event.token, "refer")) return (void)request.respond(489);
    const auto words = split(notify.body(), ' ');
    const int status = words.size() > 1 && words[0] == "SIP/2.0" ? parse_number<int>(words[1]).value_or(0) : 0;
    (void)request.respond(200);
    if (status >= 200) refer_result_.push(status);
}

}  // namespace jackfield::sip
