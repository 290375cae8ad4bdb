// One SIP call: the INVITE that we send and the answers to it (RFC 3261 sections 13.2 and 8.1.3).
#include "channels/sip/stack/trickle.hpp"
#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/causes.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
namespace {

constexpr std::size_t most_forks = 8;  // early dialogs of one INVITE; further ones are not followed

bool has_sdp(const Message& message) {
    return !message.body().empty() && grammar::same_word(message.content_type(), "application/sdp");
}

}  // namespace

Result<std::unique_ptr<SipCall>> SipCall::outgoing(CallContext& context, std::shared_ptr<const EndpointSettings> endpoint,
                                                   std::vector<CallTarget> targets, const FormatList& formats, const Topology& caller) {
    std::unique_ptr<SipCall> call(new SipCall(context, endpoint, true));
    call->aim_at(std::move(targets.front()));
    targets.erase(targets.begin());
    call->other_targets_ = std::move(targets);
    const Flow& flow = call->flow_;
    const std::string host = context.agent.transports().media_host(flow);
    const auto bind = context.agent.transports().signalling_address(flow).with_port(0);
    call->media_ = JF_TRY(MediaSession::create(context.rtp, endpoint, formats, host, bind));
    call->media_->offer_streams(caller);
    call->request_.method = Method::invite;
    return call;
}

void SipCall::aim_at(CallTarget target) {
    request_.uri = std::move(target.uri);
    request_.routes = std::move(target.routes);
    secure_ = starts_with_ignoring_case(request_.uri, "sips:");
    flow_ = target.flow;
    contact_key_ = std::move(target.key);
}

Result<void> SipCall::call() {
    request_.from = from_header() + ";tag=" + new_tag();
    request_.to = "<" + request_.uri.substr(0, request_.uri.find(';'));
    if (endpoint_->user_eq_phone)
        if (const auto uri = parse_uri(request_.uri); uri && is_telephone_number(uri->user) && !uri->parameters.has("user")) {
            request_.uri.insert(uri->headers.empty() ? request_.uri.size() : request_.uri.find('?'), ";user=phone");
            request_.to += ";user=phone";
        }
    request_.to += ">";
    request_.call_id = new_call_identifier();
    request_.cseq = 1;
    state_ = State::calling;
    count(1, 1, 0);
    attach_media(nullptr);
    set_endpoint_variables();
    if (!endpoint_->language.empty()) channel().attributes().language = endpoint_->language;
    if (!endpoint_->account_code.empty()) channel().attributes().account_code = endpoint_->account_code;
    if (!endpoint_->tone_zone.empty()) channel().attributes().tone_zone = endpoint_->tone_zone;
    channel().attributes().call_groups = endpoint_->call_groups;
    channel().attributes().pickup_groups = endpoint_->pickup_groups;
    channel().attributes().named_call_groups = endpoint_->named_call_groups;
    channel().attributes().named_pickup_groups = endpoint_->named_pickup_groups;
    add_inherited_headers();
    if (media_->gathered()) {
        send_invite();
        return {};
    }
    media_->when_gathered([self = std::weak_ptr<SipCall*>(self_)] {
        if (const auto call = self.lock(); call && (*call)->state_ == State::calling) (*call)->send_invite();
    });
    return {};
}

void SipCall::send_invite() {
    const std::string offer = media_->make_offer();
    negotiation_.invite_sent();
    negotiation_.offer_sent();
    context_.agent.start(invite_sent_, request_, flow_, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user.empty() ? endpoint_->name : endpoint_->contact_user, secure_));
        for (const auto& [name, value] : added_headers_) writer.header(name, value);
        answers_.write(writer, "INVITE", request_.uri);
        add_identity(writer);
        if (channel().redirected() && channel().redirecting().count > 0) add_diversion(writer);
        if (endpoint_->reliable == ReliableMode::required) writer.header(HeaderName::require, "100rel");
        session_.write_request(writer, true);
        context_.agent.add_agent(writer, endpoint_->reliable != ReliableMode::no, session_.offered(), endpoint_->ice_support);
        writer.finish("application/sdp", offer);
    });
}

// What PJSIP_INHERITABLE_HEADER set on a channel that this one was made for, directly or by way of Local channels.
void SipCall::add_inherited_headers() {
    constexpr std::string_view prefix = "PJSIP_INHERITABLE_HEADER(";
    for (const auto& entry : channel().variables().all()) {
        if (!entry.name.starts_with(prefix)) continue;
        const std::string_view name = split_once(std::string_view(entry.name).substr(prefix.size()), ',').first;
        if (!entry.value.empty()) added_headers_.emplace_back(name, entry.value);
    }
}

// RFC 3263 4.3: the next server of the contact, or its next flow (RFC 5626). False: that was the last, or somebody has the call
// already.
bool SipCall::try_next_server(bool flow_failed) {
    if (state_ != State::calling) return false;
    const bool last = other_targets_.empty();
    if (last || other_targets_.front().key != contact_key_) context_.counts.contact_failed(*endpoint_, contact_key_, flow_failed);
    if (last) return false;
    const std::string before = flow_.remote.to_string();
    aim_at(std::move(other_targets_.front()));
    other_targets_.erase(other_targets_.begin());
    log_notice("{}: {} does not take the call, trying {}", channel().name(), before, flow_.remote.to_string());
    send_again();
    return true;
}

// The same INVITE with what the refusal of the last one asked for.
void SipCall::send_again() {
    dialogs_.clear();
    previewed_ = nullptr;
    preview_final_ = false;
    ++request_.cseq;
    send_invite();
}

UserDialog* SipCall::dialog_for(const Message& response, const Flow& from) {
    if (response.to_tag().empty()) return nullptr;
    for (const auto& dialog : dialogs_)
        if (dialog->remote_tag() == response.to_tag()) return dialog.get();
    if (dialogs_.size() >= most_forks) return nullptr;
    auto made = Dialog::from_response(response);
    if (!made) {
        log_debug(1, "A response of {} makes no dialog: {}", from.remote.to_string(), made.error().text);
        return nullptr;
    }
    dialogs_.push_back(std::make_unique<UserDialog>(std::move(*made), *this, from));
    context_.agent.dialogs().insert(*dialogs_.back());
    return dialogs_.back().get();
}

void SipCall::on_response(ClientHandle& handle, const Message& response, const Flow& from) {
    if (&handle == &other_request_) {  // REFER: the transfer's own result comes by NOTIFY
        if (response.status() >= 300) refer_result_.push(response.status());
        return;
    }
    if (state_ == State::ended) return;
    if (&handle == &info_sent_) return response.status() >= 200 ? send_next_info() : void();
    if (&handle == &refresh_sent_) return on_refresh_response(response);
    on_invite_response(response, from);
}

void SipCall::on_invite_response(const Message& response, const Flow& from) {
    if (response.status() < 200) {
        if (response.status() == 100) return;
        UserDialog* const dialog = dialog_for(response, from);  // an early dialog, that requests within it be met
        if (dialog) dialog->note_allowed(response);
        if (!dialog || acknowledge_provisional(*dialog, response)) on_provisional(dialog, response);
    } else if (response.status() < 300) {
        on_success(response, from);
    } else {
        on_refusal(response);
    }
}

// Sends the PRACK of a reliable one (RFC 3262 section 4). False: it came before, or before its turn.
bool SipCall::acknowledge_provisional(UserDialog& dialog, const Message& response) {
    if (endpoint_->reliable == ReliableMode::no || !response.lists(HeaderName::require, "100rel")) return true;
    const auto number = parse_number<std::uint32_t>(response.header(HeaderName::rseq));
    if (!number || dialog.reliable.receive(*number) != ReliableReceiver::Verdict::fresh) return false;
    context_.agent.send_and_forget(dialog, Method::prack, [&](MessageWriter& writer) {
        writer.header(HeaderName::rack, fmt::format("{} {} INVITE", *number, response.cseq().number));
        writer.finish();
    });
    return true;
}

void SipCall::on_provisional(UserDialog* dialog, const Message& response) {
    // Early media of the first fork is heard. What comes unreliably is no more than a preview of the 2xx's description.
    const bool reliably = endpoint_->reliable != ReliableMode::no && response.lists(HeaderName::require, "100rel");
    if (has_sdp(response) && !preview_final_ && (!previewed_ || previewed_ == dialog)) {
        if (auto accepted = media_->accept_answer(response.body())) {
            previewed_ = dialog;
            preview_final_ = reliably && dialog;
            if (preview_final_) negotiation_.offer_settled();
        } else {
            log_debug(1, "{}: early description not usable: {}", channel().name(), accepted.error().text);
        }
    }
    note_identity(response);
    state_ = State::early;
    if (dialog && counted_ringing_ > 0) context_.counts.ringing_changed(*this, true);
    if (response.status() == 180) channel().remote_event({ChannelEvent::Kind::ringing, {}, {}});
    if (response.status() == 183 && !has_sdp(response) && endpoint_->ignore_183_without_sdp) return;
    if (response.status() == 183 || has_sdp(response)) {
        channel().remote_event({ChannelEvent::Kind::progress, {}, {}});
    } else if (response.status() == 181 || response.status() == 182 || response.status() == 199) {
        channel().remote_event({ChannelEvent::Kind::proceeding, {}, {}});
    }
}

void SipCall::on_success(const Message& response, const Flow& from) {
    UserDialog* dialog = dialog_for(response, from);
    if (!dialog) return ended(HangupCause::protocol_error);
    last_response_ = fmt::format("SIP {} {}", response.status(), response.reason());
    received_head_ = response.text().substr(0, response.text().size() - response.body().size());
    // The answer counts, other early dialogs of the fork end by themselves (RFC 3261 13.2.2.4).
    auto mine = std::find_if(dialogs_.begin(), dialogs_.end(), [&](const auto& one) { return one.get() == dialog; });
    std::iter_swap(dialogs_.begin(), mine);
    dialogs_.resize(1);
    dialog->confirm(response);
    dialog->note_allowed(response);
    dialog->flow = from;
    context_.agent.send_ack(*dialog, acknowledged_ = response.cseq().number);
    negotiation_.invite_done();
    negotiation_.offer_settled();
    const bool known = preview_final_ && previewed_ == dialog;
    previewed_ = nullptr;
    if (has_sdp(response) && !known) {
        if (auto accepted = media_->accept_answer(response.body()); !accepted) {
            log_notice("{}: the answer's media can't be used: {}", channel().name(), accepted.error().text);
            state_ = State::up;
            hang_up(HangupCause::bearercapability_notavail);
            return channel().remote_hung_up(HangupCause::bearercapability_notavail);
        }
    }
    if (!media_->negotiated()) {
        state_ = State::up;
        hang_up(HangupCause::bearercapability_notavail);
        return channel().remote_hung_up(HangupCause::bearercapability_notavail);
    }
    media_->offer_settled();
    state_ = State::up;
    session_.accepted(response);
    session_refreshed();
    count(0, -counted_ringing_, 0);
    note_identity(response);
    channel().remote_answered();
    (void)tell_connected();  // it may have changed since the INVITE
    trickles_ = response.lists(HeaderName::supported, trickle_package);
    send_candidates();
}

void SipCall::on_refusal(const Message& response) {
    const int status = response.status();
    last_response_ = fmt::format("SIP {} {}", status, response.reason());
    if ((status == 503 || status == 430) && try_next_server(status == 430)) return;
    if (status == 401 || status == 407) {
        if (answers_.challenged(response, context_.agent.users_of(endpoint_->outbound_auth))) return send_again();
        log_warning("{} wants authentication, and endpoint [{}] has no outbound_auth that fits", flow_.remote.to_string(), endpoint_->name);
    }
    if (status == 422 && session_.raise(response)) return send_again();
    if (status >= 300 && status < 400) {
        Message::Values contacts(response, HeaderName::contact);
        if (contacts.next())
            if (const auto contact = parse_contact(contacts.item); contact && !contact->wildcard) {
                state_ = State::ended;
                channel().remote_event({ChannelEvent::Kind::forwarded, contact->address.uri.decoded_user(), {}});
                return;
            }
    }
    ended(cause_of(response));
}

void SipCall::on_failure(ClientHandle& handle, ClientFailure failure) {
    if (&handle == &other_request_) {
        refer_result_.push(failure == ClientFailure::timeout ? 408 : 503);
        return;
    }
    if (&handle == &info_sent_) return send_next_info();
    if (&handle == &refresh_sent_) {
        if (refresh_is_invite_) negotiation_.invite_done();
        if (refresh_offers_) negotiation_.offer_settled();
        log_notice("{}: no answer from {} within the call: it is ended", channel().name(), flow_.remote.to_string());
        return channel().hang_up(HangupCause::no_user_response);  // RFC 3261 12.2.1.2
    }
    if (try_next_server(failure == ClientFailure::transport)) return;
    log_notice("{}: no answer from {}: {}", channel().name(), flow_.remote.to_string(),
               failure == ClientFailure::timeout ? "timeout" : "can't be sent to");
    ended(failure == ClientFailure::timeout ? HangupCause::no_user_response : HangupCause::destination_out_of_order);
}

void SipCall::on_repeated_success(UserDialog& dialog, const Message& response, const Flow&) {
    if (response.cseq().number == acknowledged_) context_.agent.send_ack(dialog, acknowledged_);  // RFC 3261 13.2.2.4
}

}  // namespace jackfield::sip
