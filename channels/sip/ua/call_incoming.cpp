// One SIP call: the incoming INVITE and our answers to it (RFC 3261 section 13.3).
#include <array>

#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/causes.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/dialplan/executor.hpp"

namespace jackfield::sip {
namespace {

// The first usable identity header of those that the endpoint may be believed.
std::optional<PartyId> trusted_identity(const Message& invite) {
    for (const HeaderName name : {HeaderName::p_asserted_identity, HeaderName::remote_party_id}) {
        Message::Values values(invite, name);
        if (!values.next()) continue;
        const auto address = parse_name_address(values.item);
        if (!address) continue;
        PartyId id = PartyId::of(address->uri.decoded_user(), address->display_name());
        const bool hidden = grammar::same_word(address->parameters.value("privacy"), "full") ||
                            grammar::same_word(address->parameters.value("privacy"), "name");
        if (hidden || !invite.header(HeaderName::privacy).empty())
            id.number.presentation = id.name.presentation = Presentation::prohib_not_screened;
        return id;
    }
    return {};
}

}  // namespace

void SipCall::incoming(CallContext& context, IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) {
    const Message& invite = request.request();
    auto dialog = Dialog::from_request(invite, request.local_tag());
    if (!dialog) return (void)request.respond(400, dialog.error().text);
    std::unique_ptr<SipCall> made(new SipCall(context, endpoint, false));
    SipCall& call = *made;
    call.flow_ = request.flow();
    const std::string host = context.agent.transports().media_host(call.flow_);
    const auto bind = context.agent.transports().signalling_address(call.flow_).with_port(0);
    auto media = MediaSession::create(context.rtp, endpoint, endpoint->formats, host, bind, "jackfield@" + host);
    if (!media) {
        log_warning("Call of {}: no media: {}", endpoint->name, media.error().text);
        return (void)request.respond(503);
    }
    call.media_ = std::move(*media);
    if (auto offered = call.accept_offer(invite); !offered)
        return (void)request.respond(offered.error().code == ErrorCode::unsupported ? 488 : 400);
    for (std::size_t i = 0; i < invite.field_count(); ++i)
        call.received_headers_.emplace_back(invite.field(i).name_text, invite.field(i).value);
    call.dialogs_.push_back(std::make_unique<UserDialog>(std::move(*dialog), call, call.flow_));
    context.agent.dialogs().insert(*call.dialogs_.back());

    const std::string extension = invite.request_uri().decoded_user();
    DriverChannelMade parts;
    parts.name = fmt::format("PJSIP/{}-{}", endpoint->name, new_channel_suffix());
    parts.topology = {StreamInfo{MediaType::audio, call.media_->formats(), StreamInfo::Direction::both, "audio"}};
    parts.channel = std::move(made);
    auto custody = Channel::create(std::move(parts), "SIP", new_call_id());
    if (!custody) {
        log_warning("Call of {} to {} refused: {}", endpoint->name, extension, custody.error().text);
        return (void)request.respond(503);
    }
    Channel& channel = custody->channel();
    request.take(call.invite_received_);
    call.state_ = State::calling;
    call.count(1, 0, 0);
    call.identify_caller(channel, call.invite_received_.request());
    channel.caller().dnid = extension;
    channel.place() = Place{endpoint->context, extension.empty() ? "s" : extension, 1};
    if (!extension_exists(channel, endpoint->context, channel.place().extension)) {
        const MatchKind match = match_extension(channel, endpoint->context, channel.place().extension);
        log_notice("Call from '{}' ({}) to extension '{}' rejected because extension not found in context '{}'.", endpoint->name,
                   call.flow_.remote.to_string(), extension, endpoint->context);
        channel.hang_up(endpoint->allow_overlap && match == MatchKind::partial ? HangupCause::invalid_number_format
                                                                               : HangupCause::no_route_destination);
        return;  // the custody ends the channel, whose hang-up answers 404 or 484
    }
    channel.set_state(ChannelState::ring);
    call.attach_media(nullptr);
    if (auto started = start_dialplan(std::move(*custody)); !started)
        log_warning("Call of {} to {} refused: {}", endpoint->name, extension, started.error().text);
}

Result<void> SipCall::accept_offer(const Message& invite) {
    if (invite.body().empty()) return {};  // the offer goes into our 200, the answer comes with its ACK
    if (!grammar::same_word(invite.content_type(), "application/sdp"))
        return fail(ErrorCode::unsupported, "body of type {}", invite.content_type());
    answered_with_ = JF_TRY(media_->make_answer(invite.body()));
    return {};
}

void SipCall::identify_caller(Channel& channel, const Message& invite) const {
    CallerIdentity caller;
    caller.id = PartyId::of(invite.from().uri.decoded_user(), invite.from().display_name());
    if (endpoint_->trust_id_inbound)
        if (const auto trusted = trusted_identity(invite)) caller.id = *trusted;
    if (endpoint_->caller_id.number.valid) caller.id.number = endpoint_->caller_id.number;
    if (endpoint_->caller_id.name.valid) caller.id.name = endpoint_->caller_id.name;
    caller.id.tag = endpoint_->caller_id_tag;
    if (endpoint_->caller_id_privacy != Presentation::allowed_not_screened)
        caller.id.number.presentation = caller.id.name.presentation = endpoint_->caller_id_privacy;
    caller.ani = caller.id;
    channel.caller() = std::move(caller);
    if (Message::Values diversions(invite, HeaderName::diversion); diversions.next())
        if (const auto from = parse_name_address(diversions.item)) {
            channel.redirecting().from = PartyId::of(from->uri.decoded_user(), from->display_name());
            channel.redirecting().reason = from->parameters.value("reason");
            channel.redirecting().count = 1;
        }
    auto& attributes = channel.attributes();
    attributes.account_code = endpoint_->account_code;
    if (!endpoint_->language.empty()) attributes.language = endpoint_->language;
    if (!endpoint_->tone_zone.empty()) attributes.tone_zone = endpoint_->tone_zone;
    attributes.music_class = endpoint_->music_class;
    attributes.call_groups = endpoint_->call_groups;
    attributes.pickup_groups = endpoint_->pickup_groups;
    for (const auto& [name, value] : endpoint_->variables) channel.set_variable(name, value);
}

void SipCall::attach_media(const MediaStream* near) {
    if (std::exchange(media_attached_, true)) return;
    media_->attach(channel(), near);
    // The stream keeps this function when drivers are exchanged: it names the channel, not the call.
    channel().media().on_port_event([id = channel().id(), timeout = endpoint_->rtp_timeout](std::uint32_t bits) {
        const auto found = find_channel(id);
        if (!(bits & rtp_timeout) || !found) return;
        log_notice("{} has sent no media for {} s: the call is ended", found->get().name(), timeout.count());
        found->get().hang_up(HangupCause::requested_chan_unavail);
    });
}

std::string SipCall::response_to_invite(int status, const std::string& sdp, std::string_view extra) {
    return context_.agent.response(invite_received_, status, {}, [&](MessageWriter& writer) {
        if (status < 300) writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user));
        if (!extra.empty()) writer.header(HeaderName::reason, extra);
        context_.agent.add_agent(writer);
        if (sdp.empty())
            writer.finish();
        else
            writer.finish("application/sdp", sdp);
    });
}

Result<void> SipCall::answer() {
    if (outgoing_ || !invite_received_.active()) return fail(ErrorCode::invalid, "there is nothing to answer");
    std::string sdp = answered_with_;
    if (!media_->negotiated()) {
        sdp = media_->make_offer();
        offer_sent_ = true;
    }
    send_success(sdp);
    return {};
}

void SipCall::send_success(const std::string& sdp) {
    success_ = response_to_invite(200, sdp);
    if (auto sent = invite_received_.send(200, success_); !sent)
        log_debug(1, "200 to {}: {}", flow_.remote.to_string(), sent.error().text);
    dialogs_.front()->confirm();
    state_ = State::up;
    success_interval_ = context_.agent.transactions().settings().t1;
    success_age_ = success_interval_;
    success_timer_.start(success_interval_);
}

// RFC 3261 13.3.1.4: until the ACK comes, also over TCP; after 64 times T1 the call is over.
void SipCall::repeat_success() {
    const TransactionSettings& settings = context_.agent.transactions().settings();
    if (success_age_ >= settings.linger()) {
        log_notice("{} has not acknowledged our answer: the call is ended", channel().name());
        channel().hang_up(HangupCause::recovery_on_timer_expire);
        return;
    }
    if (auto sent = context_.agent.transports().send(flow_, success_); !sent)
        log_debug(1, "200 to {}: {}", flow_.remote.to_string(), sent.error().text);
    success_interval_ = std::min(2 * success_interval_, settings.t2);
    success_age_ += success_interval_;
    success_timer_.start(success_interval_);
}

Result<void> SipCall::indicate(Indication indication) {
    if (outgoing_ || !invite_received_.active()) {
        // Of a call that is up only tones and music, which the core plays.
        return fail(ErrorCode::unsupported);
    }
    const auto provisional = [&](int status, const std::string& sdp) -> Result<void> {
        return invite_received_.send(status, response_to_invite(status, sdp));
    };
    switch (indication) {
        case Indication::ringing:
            if (endpoint_->inband_progress) {
                JF_TRY(provisional(183, answered_with_));
                return fail(ErrorCode::unsupported);  // and the core plays the tone
            }
            state_ = State::early;
            return provisional(180, {});
        case Indication::progress:
            if (!media_->negotiated()) return provisional(183, {});
            state_ = State::early;
            return provisional(183, answered_with_);
        case Indication::proceeding: return {};  // the transaction sends 100 by itself
        case Indication::busy: return invite_received_.send(486, response_to_invite(486, {}, reason_header(HangupCause::user_busy)));
        case Indication::congestion:
            return invite_received_.send(503, response_to_invite(503, {}, reason_header(HangupCause::normal_circuit_congestion)));
        case Indication::incomplete:
            return invite_received_.send(484, response_to_invite(484, {}, reason_header(HangupCause::invalid_number_format)));
        case Indication::stop:
        case Indication::source_update:
        case Indication::connected_line:
        case Indication::redirecting: return {};
        default: return fail(ErrorCode::unsupported);
    }
}

void SipCall::on_cancel(ServerHandle& handle, const Message& cancel) {
    const HangupCause cause = cause_of(cancel);
    (void)handle.respond(487);
    if (&handle == &invite_received_) ended(cause);
}

}  // namespace jackfield::sip
