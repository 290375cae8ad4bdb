// One SIP call: the identities that it tells and learns, and refreshes of the dialog that tell them (RFC 3325, RFC 3311,
// RFC 3261 section 14.1).
#include "channels/sip/stack/redirection.hpp"
#include "channels/sip/ua/call.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_retry = 10s;  // however long a far side says in Retry-After

std::string name_address(std::string_view name, const std::string& uri) {
    return name.empty() ? "<" + uri + ">" : quote(name) + " <" + uri + ">";
}

bool hidden(const PartyId& id) { return static_cast<unsigned>(id.number.presentation) & 0x20; }

bool screened(const PartyId& id) {
    return id.number.presentation == Presentation::allowed_passed_screen || id.number.presentation == Presentation::prohib_passed_screen;
}

}  // namespace

bool wants_privacy(const Message& message) {
    for (const std::string_view word : split(message.header(HeaderName::privacy), ';'))
        for (const std::string_view wanted : {"id", "user", "header"})
            if (grammar::same_word(trim(word), wanted)) return true;
    return false;
}

// The first usable identity header.
std::optional<PartyId> asserted_identity(const Message& message) {
    for (const HeaderName name : {HeaderName::p_asserted_identity, HeaderName::remote_party_id}) {
        Message::Values values(message, name);
        if (!values.next()) continue;
        const auto address = parse_name_address(values.item);
        if (!address) continue;
        PartyId id = PartyId::of(address->uri.decoded_user(), address->display_name());
        const auto privacy = address->parameters.value("privacy");
        if (grammar::same_word(privacy, "full") || grammar::same_word(privacy, "name") || wants_privacy(message))
            id.number.presentation = id.name.presentation = Presentation::prohib_not_screened;
        return id;
    }
    return {};
}

std::string_view SipCall::phone_parameter(std::string_view user) const {
    return endpoint_->user_eq_phone && is_telephone_number(user) ? ";user=phone" : "";
}

// --- what we tell -----------------------------------------------------------------------------------------------------------

std::string SipCall::from_header() const {
    const PartyId& id = channel().connected().id;
    const bool anonymous = hidden(id) && !endpoint_->trust_id_outbound;
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
    std::string uri_parameters(phone_parameter(user)), parameters;
    for (const FromParameter& each : from_parameters_) {
        if (each.of_uri)
            uri_parameters += ";" + escape_parameter(each.name) + (each.value.empty() ? "" : "=" + escape_parameter(each.value));
        else if (grammar::is_token(each.name))
            parameters += ";" + each.name + (each.value.empty() ? "" : "=" + (grammar::is_token(each.value) ? each.value : quote(each.value)));
    }
    return name_address(name, make_uri(UriScheme::sip, user, host, 0, uri_parameters)) + parameters;
}

std::string SipCall::identity_address() const {
    const PartyId& id = channel().connected().id;
    if (id.number.text.empty() || (hidden(id) && !endpoint_->trust_id_outbound)) return {};
    const std::string host = context_.agent.transports().signalling_address(flow_).host();
    return name_address(id.name.text, make_uri(UriScheme::sip, id.number.text, host, 0, phone_parameter(id.number.text)));
}

void SipCall::add_identity(MessageWriter& writer) {
    if (!endpoint_->send_pai && !endpoint_->send_rpid) return;
    std::string address = identity_address();
    if (address.empty()) return;
    const PartyId& id = channel().connected().id;
    if (endpoint_->send_pai) {
        writer.header(HeaderName::p_asserted_identity, address);
        if (hidden(id)) writer.header(HeaderName::privacy, "id");
    }
    if (endpoint_->send_rpid)
        writer.header(HeaderName::remote_party_id,
                      fmt::format("{};party={};privacy={};screen={}", address, outgoing_ ? "calling" : "called", hidden(id) ? "full" : "off",
                                  screened(id) ? "yes" : "no"));
    told_identity_ = std::move(address);
}

void SipCall::add_diversion(MessageWriter& writer) const {
    const RedirectingIdentity& redirecting = channel().redirecting();
    if (!redirecting.from.number.valid) return;
    const std::string host = context_.agent.transports().signalling_address(flow_).host();
    const std::string from = make_uri(UriScheme::sip, redirecting.from.number.text, host);
    const bool secret = hidden(redirecting.from) && !endpoint_->trust_id_outbound;
    if (endpoint_->send_diversion)
        writer.header(HeaderName::diversion,
                      (secret ? "\"Anonymous\" <sip:anonymous@anonymous.invalid>" : name_address(redirecting.from.name.text, from)) +
                          ";reason=" + diversion_reason(redirecting.reason) + (secret ? ";privacy=full" : "") +
                          (redirecting.count > 1 ? fmt::format(";counter={}", redirecting.count) : ""));
    if (endpoint_->send_history_info && outgoing_)
        writer.header(HeaderName::history_info, history_info(from, request_.uri, redirecting.reason, secret));
}

Result<void> SipCall::tell_connected() {
    if (!endpoint_->send_connected_line || (!endpoint_->send_pai && !endpoint_->send_rpid)) return {};
    const std::string address = identity_address();
    if (address.empty() || address == told_identity_) return {};
    if (state_ == State::up) {
        refresh_wanted_ = true;
        send_refresh();
        return {};
    }
    // Else the next response has it, unless there need not be one for long.
    if (!invite_received_.active() || !endpoint_->rpid_immediate || !last_provisional_) return {};
    return send_provisional(last_provisional_, false);
}

Result<void> SipCall::tell_redirecting() {
    const RedirectingIdentity& redirecting = channel().redirecting();
    if (!invite_received_.active() || (!redirecting.from.number.valid && !redirecting.to.number.valid)) return {};
    return send_provisional(181, false);
}

// --- what we learn ----------------------------------------------------------------------------------------------------------

void SipCall::note_identity(const Message& message) {
    if (!endpoint_->trust_connected_line || !endpoint_->trust_id_inbound) return;
    auto id = asserted_identity(message);
    if (!id || *id == channel().caller().id) return;
    channel().caller().id = std::move(*id);
    channel().remote_event({ChannelEvent::Kind::connected_line, {}, {}});
}

// --- refreshes of ours --------------------------------------------------------------------------------------------------------

void SipCall::retry_refresh(std::chrono::milliseconds delay) {
    if (!refresh_retry_) refresh_retry_ = std::make_unique<Timer>([this] { send_refresh(); });
    refresh_retry_->start(delay);
}

void SipCall::renew_key() {
    if (state_ != State::up) return;
    media_->renew_key(true);
    refresh_wanted_ = offer_wanted_ = true;
    send_refresh();
}

// Sends the refresh that is wanted, when it may go now; else whatever stands in its way calls again.
void SipCall::send_refresh() {
    if (state_ != State::up || dialogs_.empty()) return;
    if (refresh_sent_.active() || (refresh_retry_ && refresh_retry_->running()) || success_.waiting()) return;
    if (direct_ && negotiation_.may_invite()) decide_direct_media();
    if (!refresh_wanted_) return;
    UserDialog& dialog = *dialogs_.front();
    const bool invite = !dialog.updates || (offer_wanted_ && endpoint_->direct_media_method == DirectMediaMethod::invite);
    if (!(invite ? negotiation_.may_invite() : negotiation_.may_offer() || !offer_wanted_)) return;
    refresh_wanted_ = false;
    if (invite && !session_refresh_ && !offer_wanted_ && endpoint_->connected_line_method == ConnectedLineMethod::update) return;
    refresh_is_invite_ = invite;
    refresh_offers_ = std::exchange(offer_wanted_, false) || invite;
    if (!std::exchange(refresh_repeats_, false)) answers_.begin();
    std::string offer;
    if (refresh_offers_) {
        offer = media_->make_offer();
        negotiation_.offer_sent();
    }
    if (invite) negotiation_.invite_sent();
    context_.agent.start(refresh_sent_, dialog, invite ? Method::invite : Method::update, dialog.next_cseq(), [&](MessageWriter& writer) {
        writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user, secure_));
        answers_.write(writer, invite ? "INVITE" : "UPDATE", dialog.remote_target());
        add_identity(writer);
        session_.write_request(writer, false);
        context_.agent.add_agent(writer, false, session_.offered());
        if (!offer.empty())
            writer.finish("application/sdp", offer);
        else
            writer.finish();
    });
}

void SipCall::on_refresh_response(const Message& response) {
    const int status = response.status();
    if (status < 200) return;
    if (refresh_is_invite_) negotiation_.invite_done();
    if (status < 300) return on_refresh_success(response);
    if (refresh_offers_) negotiation_.offer_settled();
    UserDialog& dialog = *dialogs_.front();
    const auto again = [this] {
        refresh_wanted_ = true;
        offer_wanted_ = refresh_offers_;
    };
    if (status == 491 || (status == 500 && response.has(HeaderName::retry_after))) {
        const auto said = parse_retry_after(response.header(HeaderName::retry_after));
        again();
        if (status == 500 && said)
            retry_refresh(std::clamp<std::chrono::seconds>(*said, 1s, longest_retry));
        else
            retry_refresh(NegotiationState::retry_delay(outgoing_, random_number(1u << 20)));
    } else if (status == 401 || status == 407) {
        if (!answers_.challenged(response, context_.agent.users_of(endpoint_->outbound_auth))) return offer_refused(status);
        refresh_repeats_ = true;
        again();
        send_refresh();
    } else if (status == 422 && session_.raise(response)) {
        again();
        send_refresh();
    } else if ((status == 405 || status == 501) && !refresh_is_invite_) {
        dialog.updates = false;
        again();
        send_refresh();
    } else if (status == 481 || status == 408) {  // RFC 3261 12.2.1.2
        log_notice("{}: the far side does not know the call any more ({}): it is ended", channel().name(), status);
        channel().hang_up(HangupCause::normal_temporary_failure);
    } else if (refresh_offers_) {  // the call is as it was (RFC 3261 14.1)
        offer_refused(status);
    }
}

void SipCall::on_refresh_success(const Message& response) {
    UserDialog& dialog = *dialogs_.front();
    dialog.refresh_target(response);
    dialog.note_allowed(response);
    session_.accepted(response);
    session_refreshed();
    if (refresh_is_invite_) context_.agent.send_ack(dialog, acknowledged_ = response.cseq().number);
    if (refresh_offers_) {
        negotiation_.offer_settled();
        const bool was_held = media_->held_by_remote();
        if (response.body().empty()) {
            log_debug(1, "{}: an offer was answered without a description", channel().name());
        } else if (auto accepted = media_->accept_answer(response.body()); !accepted) {
            log_notice("{}: the answer's media can't be used: {}", channel().name(), accepted.error().text);
        } else {
            note_hold(was_held);
            review_media_of_both();
        }
    }
    note_identity(response);
    send_refresh();
}

}  // namespace jackfield::sip
