// One SIP call: the INVITE that we send and the answers to it (RFC 3261 sections 13.2 and 8.1.3).
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

std::string name_address(std::string_view name, const std::string& uri) {
    return name.empty() ? "<" + uri + ">" : quote(name) + " <" + uri + ">";
}

}  // namespace

Result<std::unique_ptr<SipCall>> SipCall::outgoing(CallContext& context, std::shared_ptr<const EndpointSettings> endpoint, std::string uri,
                                                   Flow flow, std::vector<std::string> routes, const FormatList& formats) {
    std::unique_ptr<SipCall> call(new SipCall(context, endpoint, true));
    call->flow_ = flow;
    const std::string host = context.agent.transports().media_host(flow);
    const auto bind = context.agent.transports().signalling_address(flow).with_port(0);
    call->media_ = JF_TRY(MediaSession::create(context.rtp, endpoint, formats, host, bind, "jackfield@" + host));
    call->request_.method = Method::invite;
    call->request_.uri = std::move(uri);
    call->request_.routes = std::move(routes);
    return call;
}

std::string SipCall::from_header() const {
    const PartyId& id = const_cast<SipCall*>(this)->channel().connected().id;
    const bool hidden = static_cast<unsigned>(id.number.presentation) & 0x20;
    const bool anonymous = hidden && !endpoint_->trust_id_outbound;
    std::string user = id.number.text.empty() ? context_.agent.objects()->global.default_from_user : id.number.text;
    std::string name = id.name.text;
    if (anonymous) {
        user = "anonymous";
        name = "Anonymous";
    }
    if (!endpoint_->from_user.empty()) user = endpoint_->from_user;
    std::string host = context_.agent.transports().signalling_address(flow_).host();
    if (!endpoint_->from_domain.empty())
        host = endpoint_->from_domain;
    else if (anonymous)
        host = "anonymous.invalid";
    return name_address(name, make_uri(UriScheme::sip, user, host));
}

void SipCall::add_identity(MessageWriter& writer) const {
    const PartyId& id = const_cast<SipCall*>(this)->channel().connected().id;
    if (id.number.text.empty()) return;
    const bool hidden = static_cast<unsigned>(id.number.presentation) & 0x20;
    if (hidden && !endpoint_->trust_id_outbound) return;
    const std::string host = context_.agent.transports().signalling_address(flow_).host();
    const std::string address = name_address(id.name.text, make_uri(UriScheme::sip, id.number.text, host));
    if (endpoint_->send_pai) {
        writer.header(HeaderName::p_asserted_identity, address);
        if (hidden) writer.header(HeaderName::privacy, "id");
    }
    if (endpoint_->send_rpid)
        writer.header(HeaderName::remote_party_id, address + ";party=calling;privacy=" + (hidden ? "full" : "off") + ";screen=no");
}

Result<void> SipCall::call() {
    request_.from = from_header() + ";tag=" + new_tag();
    request_.to = "<" + request_.uri.substr(0, request_.uri.find(';')) + ">";
    request_.call_id = new_call_identifier();
    request_.cseq = 1;
    state_ = State::calling;
    count(1, 1, 0);
    attach_media(nullptr);
    for (const auto& [name, value] : endpoint_->variables) channel().set_variable(name, value);
    if (!endpoint_->language.empty()) channel().attributes().language = endpoint_->language;
    if (!endpoint_->account_code.empty()) channel().attributes().account_code = endpoint_->account_code;
    if (!endpoint_->tone_zone.empty()) channel().attributes().tone_zone = endpoint_->tone_zone;
    channel().attributes().call_groups = endpoint_->call_groups;
    channel().attributes().pickup_groups = endpoint_->pickup_groups;
    send_invite();
    return {};
}

void SipCall::send_invite() {
    const std::string offer = media_->make_offer();
    offer_sent_ = true;
    invite_cseq_ = request_.cseq;
    context_.agent.start(invite_sent_, request_, flow_, [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user.empty() ? endpoint_->name : endpoint_->contact_user));
        for (const auto& [name, value] : added_headers_) writer.header(name, value);
        add_identity(writer);
        const RedirectingIdentity& redirecting = channel().redirecting();
        if (endpoint_->send_diversion && redirecting.count > 0 && redirecting.from.number.valid) {
            const std::string host = context_.agent.transports().signalling_address(flow_).host();
            writer.header(HeaderName::diversion, name_address(redirecting.from.name.text, make_uri(UriScheme::sip, redirecting.from.number.text, host)) +
                                                     ";reason=" + (redirecting.reason.empty() ? "unknown" : redirecting.reason));
        }
        context_.agent.add_agent(writer);
        writer.finish("application/sdp", offer);
    });
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
    on_invite_response(response, from);
}

void SipCall::on_invite_response(const Message& response, const Flow& from) {
    if (response.status() < 200) {
        (void)dialog_for(response, from);  // an early dialog, that requests within it be met
        on_provisional(response);
    } else if (response.status() < 300) {
        on_success(response, from);
    } else {
        on_refusal(response);
    }
}

void SipCall::on_provisional(const Message& response) {
    if (response.status() == 100) return;
    if (has_sdp(response) && offer_sent_) {
        if (auto accepted = media_->accept_answer(response.body())) {
            offer_sent_ = false;
            answered_with_ = "early";
        } else {
            log_debug(1, "{}: early description not usable: {}", channel().name(), accepted.error().text);
        }
    }
    state_ = State::early;
    if (response.status() == 180) channel().remote_event({ChannelEvent::Kind::ringing, {}, {}});
    if (response.status() == 183 || has_sdp(response)) {
        channel().remote_event({ChannelEvent::Kind::progress, {}, {}});
    } else if (response.status() == 181 || response.status() == 182 || response.status() == 199) {
        channel().remote_event({ChannelEvent::Kind::proceeding, {}, {}});
    }
}

void SipCall::on_success(const Message& response, const Flow& from) {
    UserDialog* dialog = dialog_for(response, from);
    if (!dialog) return ended(HangupCause::protocol_error);
    // The answer counts, other early dialogs of the fork end by themselves (RFC 3261 13.2.2.4).
    auto mine = std::find_if(dialogs_.begin(), dialogs_.end(), [&](const auto& one) { return one.get() == dialog; });
    std::iter_swap(dialogs_.begin(), mine);
    dialogs_.resize(1);
    dialog->confirm(response);
    dialog->flow = from;
    ack_ = context_.agent.send_ack(*dialog, response.cseq().number);
    const bool fresh = has_sdp(response) && (offer_sent_ || answered_with_.empty());
    if (fresh) {
        if (auto accepted = media_->accept_answer(response.body()); !accepted) {
            log_notice("{}: the answer's media can't be used: {}", channel().name(), accepted.error().text);
            state_ = State::up;
            hang_up(HangupCause::bearercapability_notavail);
            return channel().remote_hung_up(HangupCause::bearercapability_notavail);
        }
        offer_sent_ = false;
    }
    if (!media_->negotiated()) {
        state_ = State::up;
        hang_up(HangupCause::bearercapability_notavail);
        return channel().remote_hung_up(HangupCause::bearercapability_notavail);
    }
    state_ = State::up;
    count(0, -counted_ringing_, 0);
    if (endpoint_->trust_connected_line && endpoint_->trust_id_inbound) {
        Message::Values identities(response, HeaderName::p_asserted_identity);
        if (identities.next())
            if (const auto address = parse_name_address(identities.item)) {
                channel().caller().id = PartyId::of(address->uri.decoded_user(), address->display_name());
            }
    }
    channel().remote_answered();
}

void SipCall::on_refusal(const Message& response) {
    const int status = response.status();
    if ((status == 401 || status == 407) && !authenticated_) {
        if (auto credentials = context_.agent.answer_challenge(*endpoint_, response, Method::invite, request_.uri)) {
            authenticated_ = true;
            dialogs_.clear();
            ++request_.cseq;
            added_headers_.emplace_back(to_string(credentials->first), std::move(credentials->second));
            return send_invite();
        }
        log_warning("{} wants authentication, and endpoint [{}] has no outbound_auth that fits", flow_.remote.to_string(), endpoint_->name);
    }
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
    log_notice("{}: no answer from {}: {}", channel().name(), flow_.remote.to_string(),
               failure == ClientFailure::timeout ? "timeout" : "can't be sent to");
    ended(failure == ClientFailure::timeout ? HangupCause::no_user_response : HangupCause::destination_out_of_order);
}

void SipCall::on_repeated_success(UserDialog& dialog, const Message&, const Flow&) {
    if (ack_.empty()) return;
    if (auto sent = context_.agent.transports().send(dialog.flow, ack_); !sent)
        log_debug(1, "ACK to {}: {}", dialog.flow.remote.to_string(), sent.error().text);
}

}  // namespace jackfield::sip
