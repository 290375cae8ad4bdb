// One SIP call: the incoming INVITE and our answers to it (RFC 3261 section 13.3).
#include <array>

#include "channels/sip/stack/trickle.hpp"
#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/stack/redirection.hpp"
#include "channels/sip/stack/user_to_user.hpp"
#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/causes.hpp"
#include "channels/sip/ua/registrar.hpp"
#include "core/dialplan/executor.hpp"
#include "core/base/generation.hpp"
#include "core/base/log.hpp"
#include "core/channel/overload.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_rtp/rtcp_report.hpp"

namespace jackfield::sip {

void SipCall::incoming(CallContext& context, IncomingRequest& request, std::shared_ptr<const EndpointSettings> endpoint) {
    const Message& invite = request.request();
    bool reliable = false;
    if (!reliability_agreed(context, request, *endpoint, reliable)) return;
    const auto gruu = context.registrar.gruu(invite.request_uri());
    if (gruu && gruu->status != 200) return (void)request.respond(gruu->status);
    if (invite.lists(HeaderName::require, "uui") && !user_to_user_well_formed(invite)) return (void)request.respond(400, "Malformed User-to-User");
    SipCall* replaced = nullptr;
    if (const int refusal = replaceable(context.agent, invite, replaced)) return (void)request.respond(refusal);
    SipCall* joined = nullptr;
    if (const int refusal = joinable(context.agent, invite, *endpoint, joined)) return (void)request.respond(refusal);
    auto dialog = Dialog::from_request(invite, request.local_tag());
    if (!dialog) return (void)request.respond(400, dialog.error().text);
    std::unique_ptr<SipCall> made(new SipCall(context, endpoint, false));
    SipCall& call = *made;
    if (!call.served_.begin(context.agent, invite)) return (void)request.respond(482);
    call.flow_ = request.flow();
    call.secure_ = invite.request_uri().scheme == UriScheme::sips;
    const std::string host = context.agent.transports().media_host(call.flow_);
    const auto bind = context.agent.transports().signalling_address(call.flow_).with_port(0);
    auto media = MediaSession::create(context.rtp, endpoint, endpoint->formats, host, bind);
    if (!media) {
        log_warning("Call of {}: no media: {}", endpoint->name, media.error().text);
        return (void)request.respond(503);
    }
    if (!call.session_agreed(request)) return;
    call.media_ = std::move(*media);
    call.trickles_ = endpoint->ice_support && invite.lists(HeaderName::supported, trickle_package);
    if (auto offered = call.accept_offer(invite); !offered)
        return (void)request.respond(offered.error().code == ErrorCode::unsupported ? 488 : 400);
    call.received_head_ = invite.text().substr(0, invite.text().size() - invite.body().size());
    call.dialogs_.push_back(std::make_unique<UserDialog>(std::move(*dialog), call, call.flow_));
    call.dialogs_.back()->note_allowed(invite);
    call.session_.accept(invite);
    context.agent.dialogs().insert(*call.dialogs_.back());

    const std::string extension = gruu ? gruu->aor : invite.request_uri().decoded_user();
    DriverChannelMade parts;
    parts.name = fmt::format("PJSIP/{}-{}", endpoint->name, new_channel_suffix());
    parts.topology = call.media_->topology();
    parts.channel = std::move(made);
    auto custody = Channel::create(std::move(parts), "SIP", new_call_id());
    if (!custody) {
        log_warning("Call of {} to {} refused: {}", endpoint->name, extension, custody.error().text);
        // Of the many that are refused then, one a second is told.
        static RateLimit told(std::chrono::seconds(1));
        if (shortage() != Shortage::none && told.allow(Clock::now()))
            context.agent.report(invite, request.flow(), shortage() == Shortage::memory ? "MemoryLimit" : "LoadAverageLimit", endpoint->name, true);
        return (void)request.respond(503);
    }
    Channel& channel = custody->channel();
    request.take(call.invite_received_);
    if (reliable)
        call.reliable_ = std::make_unique<ReliableProvisionals>(static_cast<ReliableProvisionals::User&>(call), call.invite_received_,
                                                                context.agent.timers(), context.agent.transactions().settings());
    call.state_ = State::calling;
    call.count(1, 0, 0);
    call.identify_caller(channel, call.invite_received_.request());
    channel.caller().dnid = extension;
    if (const std::string text = isdn_user_text(call.invite_received_.request()); !text.empty()) channel.set_variable("USERUSERINFO", text);
    if (gruu) channel.set_variable(fmt::format("__{}", gruu_variable), gruu->aor + " " + gruu->instance);
    if (replaced) {
        channel.set_state(ChannelState::ring);
        call.attach_media(&replaced->channel().media());
        return replace(*replaced, std::move(*custody));
    }
    if (joined) {
        channel.set_state(ChannelState::ring);
        call.attach_media(&joined->channel().media());
        return join(*joined, std::move(*custody));
    }
    channel.place() = Place{endpoint->context, extension.empty() ? "s" : extension, 1};
    if (!extension_exists(channel, endpoint->context, channel.place().extension) &&
        !is_pickup_extension(channel, endpoint->context, channel.place().extension)) {
        const std::string& dialled_on = endpoint->overlap_context.empty() ? endpoint->context : endpoint->overlap_context;
        const MatchKind match = match_extension(channel, dialled_on, channel.place().extension);
        log_notice("Call from '{}' ({}) to extension '{}' rejected because extension not found in context '{}'.", endpoint->name,
                   call.flow_.remote.to_string(), extension, endpoint->context);
        channel.hang_up(endpoint->allow_overlap && match == MatchKind::partial ? HangupCause::invalid_number_format
                                                                               : HangupCause::no_route_destination);
        return;  // the custody ends the channel, whose hang-up answers 404 or 484
    }
    channel.set_state(ChannelState::ring);
    call.attach_media(nullptr);
    if (call.media_->gathered() || call.trickles_) return begin(call, std::move(*custody));
    // Its answer is to have all candidates, and nothing answers before the dialplan runs.
    call.media_->when_gathered([self = std::weak_ptr<SipCall*>(call.self_), waiting = std::make_shared<Custody>(std::move(*custody))] {
        const auto alive = self.lock();
        if (!alive) return;
        SipCall& gathered = **alive;
        if (gathered.invite_received_.active() && !gathered.answered_with_.empty())
            if (auto answer = gathered.media_->make_answer(gathered.invite_received_.request().body())) gathered.answered_with_ = std::move(*answer);
        begin(gathered, std::move(*waiting));
    });
}

void SipCall::begin(SipCall& call, Custody custody) {
    const std::string extension = custody.channel().place().extension;
    if (auto started = start_dialplan(std::move(custody)); !started)
        log_warning("Call of {} to {} refused: {}", call.endpoint_->name, extension, started.error().text);
}

// Whether provisional responses are to go reliably (RFC 3262 section 3). False: answered, the two can't agree.
bool SipCall::reliability_agreed(CallContext& context, IncomingRequest& request, const EndpointSettings& endpoint, bool& wanted) {
    const Message& invite = request.request();
    const bool required = invite.lists(HeaderName::require, "100rel");
    const bool supported = required || invite.lists(HeaderName::supported, "100rel");
    const auto refuse = [&](int status, HeaderName header) {
        (void)request.send(status, context.agent.response(request, status, {}, [&](MessageWriter& writer) {
            writer.header(header, "100rel");
            writer.finish();
        }));
        return false;
    };
    switch (endpoint.reliable) {
        case ReliableMode::no: return required ? refuse(420, HeaderName::unsupported) : true;
        case ReliableMode::required: wanted = true; return supported ? true : refuse(421, HeaderName::require);
        case ReliableMode::yes: wanted = required; return true;
        case ReliableMode::peer_supported: wanted = supported; return true;
    }
    return true;
}

Result<void> SipCall::accept_offer(const Message& invite) {
    negotiation_.invite_received();
    if (invite.body().empty()) return {};  // the offer goes into our 200, the answer comes with its ACK
    if (!grammar::same_word(invite.content_type(), "application/sdp"))
        return fail(ErrorCode::unsupported, "body of type {}", invite.content_type());
    answered_with_ = JF_TRY(media_->make_answer(invite.body()));
    negotiation_.offer_received();
    return {};
}

void SipCall::identify_caller(Channel& channel, const Message& invite) const {
    CallerIdentity caller;
    caller.id = PartyId::of(invite.from().uri.decoded_user(), invite.from().display_name());
    if (endpoint_->trust_id_inbound)
        if (const auto trusted = asserted_identity(invite)) caller.id = *trusted;
    if (endpoint_->caller_id.number.valid) caller.id.number = endpoint_->caller_id.number;
    if (endpoint_->caller_id.name.valid) caller.id.name = endpoint_->caller_id.name;
    caller.id.tag = endpoint_->caller_id_tag;
    if (endpoint_->caller_id_privacy != Presentation::allowed_not_screened)
        caller.id.number.presentation = caller.id.name.presentation = endpoint_->caller_id_privacy;
    if (wants_privacy(invite)) caller.id.number.presentation = caller.id.name.presentation = Presentation::prohib_not_screened;
    caller.ani = caller.id;
    channel.caller() = std::move(caller);
    if (const auto redirection = find_redirection(invite)) {
        channel.redirecting().from = PartyId::of(redirection->user, redirection->name);
        channel.redirecting().reason = redirection->reason;
        channel.redirecting().count = redirection->count;
    }
    auto& attributes = channel.attributes();
    attributes.account_code = endpoint_->account_code;
    if (!endpoint_->language.empty()) attributes.language = endpoint_->language;
    if (!endpoint_->tone_zone.empty()) attributes.tone_zone = endpoint_->tone_zone;
    attributes.music_class = endpoint_->music_class;
    attributes.call_groups = endpoint_->call_groups;
    attributes.pickup_groups = endpoint_->pickup_groups;
    attributes.named_call_groups = endpoint_->named_call_groups;
    attributes.named_pickup_groups = endpoint_->named_pickup_groups;
    set_endpoint_variables();
}

// A name with parentheses is a function that is written to.
void SipCall::set_endpoint_variables() const {
    for (const auto& [name, value] : endpoint_->variables) {
        if (!name.ends_with(')'))
            channel().set_variable(name, value);
        else if (auto written = write_expression(&channel(), name, value); !written)
            log_warning("Endpoint [{}]: set_var of {}: {}", endpoint_->name, name, written.error().text);
    }
}

void SipCall::attach_media(const MediaStream* near) {
    if (std::exchange(media_attached_, true)) return;
    const std::weak_ptr<SipCall*> self(self_);
    // These go with the port when channels exchange their drivers: they name the call, not the channel.
    media_->attach(channel(), near, [self](const Digit& digit) {
        if (const auto call = self.lock()) (*call)->send_digit(digit);
    });
    if (RtpTransport* const transport = media_->transport()) {
        media_->on_late_candidates([self] {
            if (const auto call = self.lock()) (*call)->send_candidates();
        });
        transport->on_failure([self](const std::string& why) {
            const auto call = self.lock();
            if (!call) return;
            log_notice("{}: no media can pass ({}): the call is ended", (*call)->channel().name(), why);
            (*call)->channel().hang_up(HangupCause::requested_chan_unavail);
        });
    }
    if (direct_)
        channel().media().on_use_changed([self] {
            if (const auto call = self.lock()) (*call)->review_media_of_both();
        });
    channel().media().on_port_event([self](std::uint32_t bits) {
        const auto call = self.lock();
        if (!call) return;
        if (bits & rtp_key_worn) (*call)->renew_key();
        for (const bool sent : {true, false})
            if (bits & (sent ? rtcp_sent : rtcp_received))
                publish(RtcpReported{(*call)->channel(), sent, (*call)->media_->rtp().last_report(sent)});
        if (!(bits & rtp_timeout)) return;
        const EndpointSettings& endpoint = *(*call)->endpoint_;
        const auto limit = (*call)->media_->held_by_remote() ? endpoint.rtp_timeout_hold : endpoint.rtp_timeout;
        log_notice("{} has sent no media for {} s: the call is ended", (*call)->channel().name(), limit.count());
        (*call)->channel().hang_up(HangupCause::requested_chan_unavail);
    });
}

std::string_view SipCall::response_to_invite(int status, const std::string& sdp, const std::function<void(MessageWriter&)>& more) {
    return context_.agent.response(invite_received_, status, {}, [&](MessageWriter& writer) {
        if (status < 300) {
            writer.header(HeaderName::contact, context_.agent.contact(flow_, endpoint_->contact_user, secure_));
            if (endpoint_->send_connected_line) add_identity(writer);
        }
        if (more) more(writer);
        if (status == 200) session_.write_response(writer);
        context_.agent.add_agent(writer, endpoint_->reliable != ReliableMode::no, session_.offered(), endpoint_->ice_support);
        if (sdp.empty())
            writer.finish();
        else
            writer.finish("application/sdp", sdp);
    });
}

// --- provisional responses ----------------------------------------------------------------------------------------------------

Result<void> SipCall::send_provisional(int status, bool with_sdp) {
    if (answer_waits_) return {};
    last_provisional_ = status;
    described_ |= with_sdp && media_->negotiated();
    const auto diversion = [&](MessageWriter& writer) {
        if (status == 181) add_diversion(writer);
    };
    if (!reliable_) return invite_received_.send(status, response_to_invite(status, with_sdp ? answered_with_ : std::string(), diversion));
    std::string sdp;
    if (!described_reliably_ && !media_->negotiated()) {  // RFC 3262 section 5: the first one brings the offer
        sdp = media_->make_offer();
        negotiation_.offer_sent();
        described_reliably_ = true;
    } else if (!described_reliably_ && with_sdp) {
        sdp = answered_with_;
        described_reliably_ = true;
    }
    const std::uint32_t number = reliable_->next_number();
    auto sent = reliable_->send(number, status, std::string(response_to_invite(status, sdp, [&](MessageWriter& writer) {
        writer.header(HeaderName::require, "100rel");
        writer.header(HeaderName::rseq, number);
        diversion(writer);
    })));
    // Sixteen wait for a far side that acknowledges none: it will hear of the call's end.
    if (!sent && sent.error().code == ErrorCode::limit) return {};
    return sent;
}

void SipCall::on_unacknowledged_provisional() {
    log_notice("{} has not acknowledged a reliable provisional response: the call is ended", channel().name());
    (void)refuse(504, HangupCause::recovery_on_timer_expire);
    ended(HangupCause::recovery_on_timer_expire);
}

Result<void> SipCall::refuse(int status, HangupCause cause) {
    if (reliable_) reliable_->stop();
    return invite_received_.send(status, response_to_invite(status, {}, [&](MessageWriter& writer) {
        if (!endpoint_->suppress_q850) writer.header(HeaderName::reason, reason_header(cause));
    }));
}

// A final response ends the call: nobody would tell us later, and an application that waits for the end (Busy) would for ever.
Result<void> SipCall::turn_away(int status, HangupCause cause) {
    if (!invite_received_.active()) return fail(ErrorCode::unsupported);
    auto sent = refuse(status, cause);
    ended(cause);
    return sent;
}

// --- the answer -----------------------------------------------------------------------------------------------------------------

Result<void> SipCall::answer() {
    if (outgoing_ || !invite_received_.active()) return fail(ErrorCode::invalid, "there is nothing to answer");
    // RFC 3262 section 3: not while a description in a provisional response is unacknowledged.
    answer_waits_ = described_reliably_ && reliable_->waiting();
    if (!answer_waits_) send_success();
    return {};
}

// Streams of the peer's that ours can't follow are refused, while our far side does not know an answer yet.
void SipCall::expect(Channel& peer) {
    if (!invite_received_.active() || answered_with_.empty() || described_ || answer_waits_ || !media_->expect(peer.topology())) return;
    if (auto answer = media_->make_answer(invite_received_.request().body())) answered_with_ = *std::move(answer);
}

void SipCall::send_success() {
    std::string sdp = std::exchange(answered_with_, {});
    if (described_reliably_) sdp.clear();
    if (!described_reliably_ && !media_->negotiated()) {
        sdp = media_->make_offer();
        negotiation_.offer_sent();
    }
    answer_waits_ = false;
    if (reliable_) reliable_->stop();
    if (!negotiation_.local_offer()) negotiation_.offer_settled();
    const std::uint32_t cseq = invite_received_.request().cseq().number;
    std::string success(response_to_invite(200, sdp));
    if (auto sent = invite_received_.send(200, success); !sent)
        log_debug(1, "200 to {}: {}", flow_.remote.to_string(), sent.error().text);
    dialogs_.front()->confirm();
    state_ = State::up;
    session_refreshed();
    success_.start(std::move(success), cseq, flow_, context_.agent.transactions().settings());
}

void SipCall::on_unacknowledged() {
    log_notice("{} has not acknowledged our answer: the call is ended", channel().name());
    channel().hang_up(HangupCause::recovery_on_timer_expire);
}

Result<void> SipCall::indicate(Indication indication) {
    if (indication == Indication::connected_line) return tell_connected();
    if (indication == Indication::redirecting) return tell_redirecting();
    // Of a call that is up only tones and music, which the core plays.
    if (outgoing_ || !invite_received_.active() || answer_waits_) return fail(ErrorCode::unsupported);
    switch (indication) {
        case Indication::ringing:
            if (endpoint_->inband_progress) {
                JF_TRY(send_provisional(183, true));
                return fail(ErrorCode::unsupported);  // and the core plays the tone
            }
            state_ = State::early;
            return send_provisional(180, false);
        case Indication::progress:
            if (media_->negotiated()) state_ = State::early;
            return send_provisional(183, true);
        case Indication::proceeding: return {};  // the transaction sends 100 by itself
        case Indication::busy: return turn_away(486, HangupCause::user_busy);
        case Indication::congestion: return turn_away(503, HangupCause::normal_circuit_congestion);
        case Indication::incomplete: return turn_away(484, HangupCause::invalid_number_format);
        case Indication::stop:
        case Indication::source_update: return {};
        default: return fail(ErrorCode::unsupported);
    }
}

void SipCall::on_cancel(ServerHandle& handle, const Message& cancel) {
    const HangupCause cause = cause_of(cancel);
    const bool of_call = &handle == &invite_received_;
    if (of_call && reliable_) reliable_->stop();
    (void)handle.respond(487);
    if (of_call) ended(cause);
}

}  // namespace jackfield::sip
