// One SIP call: its life as the driver's half of a channel, its end, and what is asked of it.
#include "channels/sip/ua/call.hpp"

#include "channels/sip/stack/identifiers.hpp"
#include "channels/sip/ua/causes.hpp"
#include "channels/sip/ua/channel_statistics.hpp"
#include "core/base/log.hpp"

namespace jackfield::sip {
SipCall::SipCall(CallContext& context, std::shared_ptr<const EndpointSettings> endpoint, bool is_outgoing)
    : context_(context),
      endpoint_(std::move(endpoint)),
      outgoing_(is_outgoing),
      success_(*this, context.agent.transports(), context.agent.timers()),
      session_(endpoint_->session_timer()),
      session_timer_([this] { session_due(); }) {
    if (endpoint_->direct_media) direct_ = std::make_unique<Direct>([this] { send_refresh(); });
}

SipCall::~SipCall() { count(-counted_in_use_, -counted_ringing_, -counted_held_); }

void SipCall::count(int in_use, int ringing, int held) {
    counted_in_use_ += in_use;
    counted_ringing_ += ringing;
    counted_held_ += held;
    if (ringing) context_.counts.ringing_changed(*this, counted_ringing_ > 0);
    if (in_use || ringing || held) context_.counts.call_changed(endpoint_->name, in_use, ringing, held);
}

// The far side has ended the call, or it came to nothing.
void SipCall::ended(HangupCause cause) {
    if (state_ == State::ended) return;
    state_ = State::ended;
    stop_repeating();
    channel().remote_hung_up(cause);
}

void SipCall::stop_repeating() {
    success_.stop();
    if (reliable_) reliable_->stop();
    if (refresh_retry_) refresh_retry_->stop();
    session_timer_.stop();
    if (direct_) direct_->review.stop();
}

void SipCall::hang_up(HangupCause cause) {
    const auto with_reason = [&](MessageWriter& writer) {
        if (!endpoint_->suppress_q850) writer.header(HeaderName::reason, reason_header(cause));
        writer.finish();
    };
    stop_repeating();
    if (state_ == State::ended) return;
    const State was = std::exchange(state_, State::ended);
    if (was == State::up) {
        if (reinvite_received_.active()) (void)reinvite_received_.respond(487);
        if (!dialogs_.empty())
            context_.agent.send_and_forget(*dialogs_.front(), Method::bye, [&](MessageWriter& writer) {
                answers_.write(writer, "BYE", dialogs_.front()->remote_target());
                with_reason(writer);
            });
    } else if (invite_received_.active()) {
        const int status = status_of(cause == HangupCause::normal_clearing ? HangupCause::call_rejected : cause);
        (void)refuse(status, cause);
    } else if (invite_sent_.active()) {
        invite_sent_.cancel(cause == HangupCause::answered_elsewhere ? "SIP;cause=200;text=\"Call completed elsewhere\"" : "");
        invite_sent_.release();
    }
}

void SipCall::moved_to(Channel& channel) {
    DriverChannel::moved_to(channel);
    media_->moved_to(channel);
}

Result<void> SipCall::send_text(std::string_view text, std::string_view content_type) {
    if (state_ != State::up || dialogs_.empty()) return fail(ErrorCode::unsupported, "a text needs an answered call");
    context_.agent.send_and_forget(*dialogs_.front(), Method::message,
                    [&](MessageWriter& writer) { writer.finish(content_type, text); });
    return {};
}

Result<std::string> SipCall::property(std::string_view item) const {
    const Halves parts = split_once(item, ',');
    const std::string_view key = parts.found ? parts.second : parts.first;
    const auto is = [&](std::string_view name) { return equals_ignoring_case(key, name); };
    if (equals_ignoring_case(parts.first, "rtp")) {
        if (is("src") || is("local")) return media_->rtp().local().to_string();
        if (is("dest")) return media_->rtp().learnt_source().to_string();
        if (is("direct")) return media_->direct() ? fmt::format("{}:{}", media_->direct()->connection.address, media_->direct()->port) : std::string();
        if (is("secure")) return media_->secured() ? "1" : "0";
        if (is("transport")) return media_->transport() ? media_->transport()->describe() : std::string("RTP");
        if (is("hold")) return media_->held_by_remote() ? "1" : "0";
        return fail(ErrorCode::not_found);
    }
    if (equals_ignoring_case(parts.first, "rtcp")) {
        const RtpQuality quality = media_->rtp().quality();
        if (is("txcount")) return std::to_string(quality.packets_sent);
        if (is("rxcount")) return std::to_string(quality.packets_received);
        if (is("rxploss")) return std::to_string(quality.lost);
        if (is("txploss")) return std::to_string(quality.remote_lost);
        if (is("rxjitter")) return fmt::format("{:.6f}", quality.jitter_ms / 1000);
        if (is("txjitter")) return fmt::format("{:.6f}", quality.remote_jitter_ms / 1000);
        if (is("rtt")) return fmt::format("{:.6f}", quality.round_trip_ms / 1000);
        if (is("xr")) return describe_extended(media_->rtp().extended_report());
        if (is("all"))
            return fmt::format("ssrc={};themssrc={};lp={};rxjitter={:.6f};rxcount={};txjitter={:.6f};txcount={};rlp={};rtt={:.6f}",
                               quality.ssrc, quality.remote_ssrc, quality.lost, quality.jitter_ms / 1000, quality.packets_received,
                               quality.remote_jitter_ms / 1000, quality.packets_sent, quality.remote_lost, quality.round_trip_ms / 1000);
        return fail(ErrorCode::not_found);
    }
    const UserDialog* dialog = dialogs_.empty() ? nullptr : dialogs_.front().get();
    if (is("endpoint")) return endpoint_->name;
    if (is("remote_addr")) return flow_.remote.to_string();
    if (is("local_addr")) return context_.agent.transports().signalling_address(flow_).to_string();
    if (is("call-id")) return dialog ? dialog->call_id() : request_.call_id;
    if (is("local_uri")) return dialog ? dialog->local_header() : request_.from;
    if (is("remote_uri")) return dialog ? dialog->remote_header() : request_.to;
    if (is("target_uri")) return dialog ? dialog->remote_target() : request_.uri;
    if (is("local_tag")) return dialog ? dialog->local_tag() : "";
    if (is("remote_tag")) return dialog ? dialog->remote_tag() : "";
    if (is("secure")) return secure_ ? "1" : "0";
    if (is("hangupcause") && !last_response_.empty()) return last_response_;
    return fail(ErrorCode::not_found);
}

namespace {

void for_each_header(std::string_view head, const SipCall::HeaderVisit& visit) {
    head.remove_prefix(std::min(head.find('\n'), head.size()));  // the first line
    for (const std::string_view line : split(head, '\n'))
        if (const Halves parts = split_once(line, ':'); parts.found && !visit(trim(parts.first), trim(parts.second))) return;
}

}  // namespace

void SipCall::for_each_received_header(const HeaderVisit& visit) const {
    if (!outgoing_) for_each_header(received_head_, visit);
}

void SipCall::for_each_response_header(const HeaderVisit& visit) const {
    if (outgoing_) for_each_header(received_head_, visit);
}

Result<std::string> SipCall::received_from_parameter(bool of_uri, std::string_view name) const {
    std::string from;
    for_each_received_header([&](std::string_view header, std::string_view value) {
        if (find_header_name(header) == HeaderName::from) from = value;
        return from.empty();
    });
    const auto address = parse_name_address(from);
    if (!address) return fail(ErrorCode::not_found, "the call came with no From header");
    const auto found = (of_uri ? address->uri.parameters : address->parameters).find(name);
    if (!found) return fail(ErrorCode::not_found, "From has no parameter '{}'", name);
    return of_uri ? unescape(found->value) : unquote(found->value);
}

Result<void> SipCall::refuse_with(int status) {
    if (status < 400 || status > 699) return fail(ErrorCode::invalid, "a call is refused with 400 to 699, not {}", status);
    const HangupCause cause = cause_of(status);
    if (!outgoing_ && invite_received_.active()) (void)refuse(status, cause);
    channel().hang_up(cause);
    return {};
}

}  // namespace jackfield::sip
