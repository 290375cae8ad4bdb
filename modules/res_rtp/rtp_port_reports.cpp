// The port of one RTP session: parameters, RTCP (RFC 3550 6), time-outs. Nothing of this runs per packet.
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <ctime>

#include "modules/res_rtp/rtcp_events.hpp"
#include "modules/res_rtp/rtp_port.hpp"
#include "modules/res_rtp/stun_message.hpp"
#include "modules/res_rtp/turn_client.hpp"

namespace jackfield::rtp {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
// A source that was learnt and says nothing for so long may have got another address (a NAT that forgot it).
constexpr std::uint64_t learn_again_after = 5 * second;

std::uint64_t ns_of(std::chrono::nanoseconds time) { return static_cast<std::uint64_t>(time.count()); }

// The time of this turn is not exact enough for round trips.
std::uint64_t clock_ns(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * second + static_cast<std::uint64_t>(now.tv_nsec);
}

// RFC 3550 4: seconds since 1900, and their fraction.
std::uint64_t ntp_time(std::uint64_t wall) {
    constexpr std::uint64_t from_1900_to_1970 = 2'208'988'800;
    return (wall / second + from_1900_to_1970) << 32 | ((wall % second) << 32) / second;
}

// RFC 3550 6.4.1: 1/65536 s. `then`: of CLOCK_MONOTONIC.
std::uint32_t units_since(std::uint64_t then) { return static_cast<std::uint32_t>((clock_ns(CLOCK_MONOTONIC) - then) / 1000 * 65536 / 1'000'000); }

RtcpReport told_report(const SocketAddress& peer, std::uint32_t ssrc, const std::optional<SenderInfo>& sender,
                       const std::optional<ReportBlock>& block, const std::optional<VoipMetrics>& voip, double round_trip_ms) {
    RtcpReport told{.peer = peer, .ssrc = ssrc, .by_sender = sender.has_value(), .has_block = block.has_value(), .round_trip_ms = round_trip_ms, .voip = voip};
    const SenderInfo from = sender.value_or(SenderInfo{});
    told.ntp_time = from.ntp_time;
    told.rtp_time = from.rtp_time;
    told.packets = from.packets;
    told.octets = from.octets;
    const ReportBlock about = block.value_or(ReportBlock{});
    told.block_ssrc = about.ssrc;
    told.fraction_lost = about.fraction_lost;
    told.lost = about.lost;
    told.highest_sequence = about.highest_sequence;
    told.jitter = about.jitter;
    told.last_report = about.last_report;
    told.delay = about.delay;
    return told;
}

LastReports& last_reports(Shared& shared) {
    LastReports* reports = shared.reports.load(std::memory_order_relaxed);
    if (!reports) shared.reports.store(reports = new LastReports, std::memory_order_release);
    return *reports;
}

// Since the kernel received it; 0 when it did not say or the clock was set meanwhile.
std::uint64_t age_of(msghdr& message) {
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS) return 0;
    timespec came;
    std::memcpy(&came, CMSG_DATA(header), sizeof(came));
    const std::uint64_t age = clock_ns(CLOCK_REALTIME) - (static_cast<std::uint64_t>(came.tv_sec) * second +
                                                          static_cast<std::uint64_t>(came.tv_nsec));
    return age < 60 * second ? age : 0;
}

}  // namespace

// Null for comfort noise, digits and what nobody offered.
const Codec* RtpPort::look_up_codec(std::uint8_t type) {
    known_type_ = type;
    known_codec_ = nullptr;
    if (!parameters_ || type == event_receive_type_) return nullptr;
    for (const auto* list : {&parameters_->receive, &parameters_->send})  // a far side may use its own numbers by mistake
        for (const RtpPayload& each : *list)
            if (each.type == type && each.codec) return known_codec_ = each.codec;
    return nullptr;
}

void RtpPort::take_news() {
    shared_->news.exchange(false, std::memory_order_acq_rel);  // first: what is handed over from here on is announced anew
    if (std::unique_ptr<const Watch> watch{shared_->pending_watch.exchange(nullptr, std::memory_order_acquire)})
        watch_ = watch->capture || watch->log ? std::move(watch) : nullptr;
    if (std::unique_ptr<RtpParameters> fresh{shared_->pending.exchange(nullptr, std::memory_order_acquire)}) apply_parameters(std::move(fresh));
}

void RtpPort::show(bool sent, bool rtcp, std::span<const std::uint8_t> bytes, const SocketAddress& remote) const {
    if (!remote.valid() || (shared_->carried && !sent)) return;  // the carrier has shown it
    if (watch_->capture) {
        SocketAddress local = shared_->sockets->local;
        if (rtcp && !rtcp_mux_) local = local.with_port(static_cast<std::uint16_t>(local.port() + 1));
        watch_->capture->packet({sent, rtcp, local, remote, bytes});
    }
    if (watch_->log && !rtcp) watch_->log->rtp(sent, bytes, remote, now());
}

void RtpPort::apply_parameters(std::unique_ptr<RtpParameters> fresh) {
    const bool moved = !parameters_ || !(parameters_->remote == fresh->remote);
    if (parameters_ && parameters_->key_number != fresh->key_number) begin_source();
    if (fresh->encrypt.get() != encrypt_) {
        packets_at_key_ = packets_sent_;
        key_worn_ = false;
    }
    if (RtpCipher* const before = decrypt_; before && fresh->decrypt && fresh->decrypt.get() != before && any_received_)
        if (const auto roll_over = before->roll_over(remote_ssrc_)) fresh->decrypt->expect(remote_ssrc_, *roll_over);
    parameters_ = std::move(fresh);
    const RtpParameters& now_valid = *parameters_;
    sending_ = now_valid.sending;
    receiving_ = now_valid.receiving;
    headroom_ = now_valid.relay.channel ? channel_header_size : 0;
    encrypt_ = now_valid.encrypt.get();
    decrypt_ = now_valid.decrypt.get();
    encrypt_rtcp_ = now_valid.encrypt_rtcp ? now_valid.encrypt_rtcp.get() : encrypt_;
    decrypt_rtcp_ = now_valid.decrypt_rtcp ? now_valid.decrypt_rtcp.get() : decrypt_;
    const bool sources_changed = std::exchange(sources_, now_valid.sources) != now_valid.sources;
    const bool multiplexing_changed = rtcp_mux_ != now_valid.rtcp_mux;
    multiplex_rtcp(now_valid.rtcp_mux);
    event_send_type_ = now_valid.dtmf_payload;
    event_receive_type_ = now_valid.dtmf_receive_payload >= 0 ? now_valid.dtmf_receive_payload : now_valid.dtmf_payload;
    if (passed_) {
        passed_->text_type = -1;
        for (const RtpPayload& each : now_valid.send)
            if (each.codec && each.codec->name == "t140") passed_->text_type = each.type;
    }
    if (!now_valid.extended || passed_)
        extended_.reset();
    else if (!extended_)
        extended_ = std::make_unique<Extended>();
    known_type_ = unknown_type;  // payload types are looked up again
    write_codec_ = nullptr;
    if (jitter_ && now_valid.write_codec) {
        // The clock of what comes in; both directions have it in common for every codec that is offered.
        const Codec* const first = now_valid.receive.empty() ? now_valid.write_codec : now_valid.receive.front().codec;
        if (first && first->rtp_clock.hz != 8000)
            jitter_ = std::make_unique<JitterBuffer>(JitterBuffer::Settings{
                .adaptive = shared_->options.jitter_implementation != "fixed",
                .delay = std::min(std::chrono::milliseconds(60), shared_->options.jitter_maximum),
                .maximum = shared_->options.jitter_maximum,
                .clock = first->rtp_clock});
    }
    heard_at_ = now();
    timeout_reported_ = false;
    if (moved || sources_changed) {
        target_ = now_valid.remote;
        if (target_.valid() && (target_.port() == 0 || target_.is_any())) target_ = {};
        open_learning(target_);
    }
    if (sources_ != RtpSources::learnt) source_ = target_;
    if (moved || multiplexing_changed || sources_changed || sources_ != RtpSources::learnt) aim_rtcp();
}

void RtpPort::every_half_second(std::uint64_t now_ns) {
    take_parameters();
    if (events_in_.active()) {
        const FoundDigits found = events_in_.check(now_ns);
        for (std::size_t i = 0; i < found.count; ++i) receive_digit(found.digits[i]);
    }
    check_silence(now_ns);
    check_key();
    read_rtcp();
    if (now_ns >= rtcp_due_) {
        if (rtcp_target_.valid() && (any_sent_ || any_received_) && !elsewhere()) send_rtcp(false);
        plan_rtcp(false);
    }
    publish_quality();
}

bool RtpPort::elsewhere() const { return parameters_ && parameters_->elsewhere; }

void RtpPort::check_silence(std::uint64_t now_ns) {
    if (elsewhere()) return;
    const RtpOptions& options = shared_->options;
    const std::uint64_t quiet = now_ns - std::min(heard_at_, now_ns);
    if (connected_ && sources_ == RtpSources::learnt && quiet > learn_again_after) open_learning(source_);
    const std::uint64_t limit = ns_of(receiving_ && sending_ ? options.timeout : options.hold_timeout);
    if (limit && quiet > limit && !timeout_reported_) {
        timeout_reported_ = true;
        report(rtp_timeout);
    }
    if (options.keepalive.count() && now_ns - std::max(written_at_, started_at_) > ns_of(options.keepalive))
        send_keepalive();
}

void RtpPort::check_key() {
    if (!encrypt_ || key_worn_ || !parameters_->key_life || packets_sent_ - packets_at_key_ < parameters_->key_life) return;
    key_worn_ = true;
    report(rtp_key_worn);
}

// RFC 6263 4.3: a packet of comfort noise, which keeps a NAT open and which nobody plays.
void RtpPort::send_keepalive() {
    if (!target_.valid() || events_out_.active() || passed_) return;
    std::uint8_t* const bytes = packet_space();
    constexpr std::uint8_t comfort_noise = 13;
    last_timestamp_ = timestamp_now();
    rtp::write({comfort_noise, false, ++last_sequence_, last_timestamp_, ssrc_}, bytes);
    bytes[header_size] = 127;  // -127 dBov: nothing
    send_packet(bytes, header_size + 1);
    write_source_ = 0;
    any_sent_ = true;
    written_at_ = now();
}

// RFC 3550 6.3.1: half to one and a half times the interval, so that reports of many sessions do not fall together, and
// half of it for the first.
void RtpPort::plan_rtcp(bool first) {
    const std::uint64_t mean = ns_of(shared_->settings->rtcp_interval) / (first ? 2 : 1);
    const std::uint64_t spread = mean / 2 + mean / 1024 * (random() % 1024);
    rtcp_due_ = now() + static_cast<std::uint64_t>(static_cast<double>(spread) / 1.21828);
}

void RtpPort::send_rtcp(bool bye, const OutgoingFeedback* feedback) {
    if (!rtcp_target_.valid()) return;
    OutgoingReport report{.ssrc = ssrc_, .cname = shared_->options.cname, .bye = bye};
    if (packets_sent_ != packets_at_report_)
        report.sender = SenderInfo{ntp_time(clock_ns(CLOCK_REALTIME)), timestamp_now(), packets_sent_, octets_sent_};
    packets_at_report_ = packets_sent_;
    if (any_received_) {
        ReportBlock block;
        block.ssrc = remote_ssrc_;
        block.fraction_lost = reception_.fraction_lost();
        block.lost = reception_.lost();
        block.highest_sequence = reception_.extended_highest();
        block.jitter = reception_.jitter();
        if (sender_report_at_) {
            block.last_report = sender_report_time_;
            block.delay = units_since(sender_report_at_);
        }
        report.block = block;
    }
    if (extended_ && !feedback) tell_extended(report);
    constexpr std::size_t most_feedback = 20;
    alignas(std::uint32_t) std::array<std::uint8_t, channel_header_size + 512 + most_feedback + RtpCipher::overhead> packet;
    const auto bytes = std::span(packet).subspan(channel_header_size);
    std::size_t size = write_rtcp(report, bytes.first(512));
    if (feedback && size) size += write_feedback(*feedback, bytes.subspan(size, most_feedback));
    if (watch_ && watch_->log) watch_->log->rtcp(report, rtcp_target_, now());
    if (RtpCipher* const cipher = rtcp_mux_ ? encrypt_ : encrypt_rtcp_; cipher && size) size = cipher->rtcp(bytes, size);
    if (size == 0) return;
    if (watch_) show(true, true, bytes.first(size), rtcp_target_);
    const int socket = rtcp_mux_ || shared_->sockets->rtcp < 0 ? socket_ : shared_->sockets->rtcp;
    const auto send = [socket](std::span<const std::uint8_t> all, const SocketAddress& to) {
        sendto(socket, all.data(), all.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.raw(), to.raw_size());
    };
    const RtpRelay& relay = rtcp_mux_ ? parameters_->relay : parameters_->relay_rtcp;
    if (!bye && rtcp_wanted.load(std::memory_order_relaxed)) {
        last_reports(*shared_).sent.set(told_report(rtcp_target_, ssrc_, report.sender, report.block, report.extended.voip, 0));
        this->report(rtcp_sent);
    }
    if (!relay.channel) return send(bytes.first(size), rtcp_target_);
    write_channel_header(relay.channel, size, packet.data());
    send(std::span(packet).first(channel_header_size + size), relay.server);
}

// Under multiplexing nothing comes by a socket of RTCP's own, so there is none.
void RtpPort::multiplex_rtcp(bool on) {
    rtcp_mux_ = on;
    SocketPair& sockets = *shared_->sockets;
    // Other threads send STUN and DTLS by it, to whoever has that number then: it stays.
    if (shared_->inbox || control_ || shared_->carried) return;
    if (on)
        close_rtcp(sockets);
    else if (sockets.rtcp < 0)
        open_rtcp(sockets, shared_->settings->checksums);
}

// Where reports go, with media going to target_.
void RtpPort::aim_rtcp() {
    if (rtcp_mux_)
        rtcp_target_ = target_;
    else if (parameters_->remote_rtcp.valid() || sources_ != RtpSources::learnt)
        rtcp_target_ = parameters_->remote_rtcp;
    else
        rtcp_target_ = target_.valid() ? target_.with_port(static_cast<std::uint16_t>(target_.port() + 1)) : target_;
}

// Reports are not urgent: the socket is read with the clock and stands in no epoll; the kernel notes when they came.
void RtpPort::read_rtcp() {
    const int socket = shared_->sockets->rtcp;
    if (socket < 0 || control_) return;
    constexpr unsigned most = 8;  // a flood waits, and is dropped by the kernel
    for (unsigned i = 0; i < most; ++i) {
        alignas(std::uint32_t) std::array<std::uint8_t, 1500> buffer;
        sockaddr_storage from;
        iovec part{buffer.data(), buffer.size()};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control;
        msghdr message{&from, sizeof(from), &part, 1, control.data(), control.size(), 0};
        const ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT);
        if (size <= 0) return;
        hear_rtcp(std::span(buffer).first(static_cast<std::size_t>(size)), SocketAddress(reinterpret_cast<const sockaddr*>(&from)),
                  age_of(message));
    }
}

void RtpPort::ControlSocket::packet(std::span<std::uint8_t> bytes, const sockaddr* from) {
    port.take_parameters();
    const bool relayed = port.parameters_ && unwrap(port.parameters_->relay_rtcp, bytes, from);
    if (!relayed && !is_rtcp(bytes)) return port.no_media(2, bytes, from);
    if (!port.rtcp_mux_) port.hear_rtcp(bytes, relayed ? port.rtcp_target_ : SocketAddress(from), 0);
}

bool RtpPort::unwrap(const RtpRelay& relay, std::span<std::uint8_t>& bytes, const sockaddr* from) {
    const auto data = relay.channel ? parse_channel_data(bytes) : std::nullopt;
    if (!data || data->channel != relay.channel || data->bytes.size() < header_size || data->bytes[0] >> 6 != 2) {
        // A receiver report is shorter than an RTP header.
        if (!data || data->channel != relay.channel || !is_rtcp(data->bytes)) return false;
    }
    if (!(SocketAddress(from) == relay.server)) return false;
    bytes = bytes.subspan(channel_header_size, data->bytes.size());
    return true;
}

// STUN, DTLS and what a relay wraps them in (RFC 7983) go to whoever cares; what else it may be, nobody does.
void RtpPort::no_media(unsigned component, std::span<const std::uint8_t> bytes, const sockaddr* from) {
    if (shared_->inbox && !bytes.empty() && (is_stun(bytes[0]) || is_dtls(bytes[0]) || is_channel_data(bytes[0])))
        shared_->inbox->put(component, SocketAddress(from), bytes, now());
}

void RtpPort::hear_rtcp(std::span<std::uint8_t> bytes, const SocketAddress& from, std::uint64_t age) {
    if (watch_) show(false, true, bytes, from);
    if (RtpCipher* const cipher = rtcp_mux_ ? decrypt_ : decrypt_rtcp_) bytes = bytes.first(cipher->rtcp(bytes, bytes.size()));
    const bool bundled = parameters_ && parameters_->bundle;
    if (bundled && parameters_->bundle->others)
        for (const Routes::Route& route : parameters_->bundle->others->all) route.crossing->pass(thread_, bytes, from);
    const auto heard = parse_rtcp(bytes, ssrc_);
    if (!heard) return;
    if (watch_ && watch_->log) watch_->log->rtcp(*heard, from, now());
    // From the host that media goes to or comes from; anybody else could end or falsify the statistics.
    if (!from.same_host(rtcp_target_) && !from.same_host(source_)) return;
    if (shared_->options.symmetric && !rtcp_mux_ && source_.valid() && from.same_host(source_)) rtcp_target_ = from;
    if (heard->sender && (!bundled || heard->ssrc == remote_ssrc_)) {
        sender_report_at_ = clock_ns(CLOCK_MONOTONIC) - age;
        sender_report_time_ = static_cast<std::uint32_t>(heard->sender->ntp_time >> 16);
    }
    if (passed_) hear_feedback(*heard);
    if (heard->is_extended() && !passed_) hear_extended(*heard, age);
    if (heard->about_us) {
        hear_block(*heard->about_us, age);
        if (watch_ && watch_->log) watch_->log->statistics(quality_, from, now());
    }
    if (!rtcp_wanted.load(std::memory_order_relaxed)) return;
    last_reports(*shared_).received.set(told_report(from, heard->ssrc, heard->sender, heard->about_us, heard->extended.voip, heard->about_us ? quality_.round_trip_ms : 0));
    report(rtcp_received);
}

void RtpPort::hear_block(const ReportBlock& block, std::uint64_t age) {
    quality_.remote_lost = static_cast<std::uint32_t>(std::max(block.lost, 0));
    quality_.remote_jitter_ms = block.jitter * 1000.0 / send_clock_;
    hear_round_trip(block.last_report, block.delay, age);
    publish_quality();
    report(rtp_quality_report);
}

void RtpPort::hear_round_trip(std::uint32_t last, std::uint32_t delay, std::uint64_t age) {
    if (!last) return;
    const auto middle = static_cast<std::uint32_t>(ntp_time(clock_ns(CLOCK_REALTIME) - age) >> 16);
    const auto round_trip = static_cast<std::int32_t>(middle - last - delay);
    if (round_trip >= 0) quality_.round_trip_ms = round_trip * 1000.0 / 65536;
}

// --- extended reports (RFC 3611) ------------------------------------------------------------------------------------

void RtpPort::hear_extended(const CompoundReport& heard, std::uint64_t age) {
    if (heard.reference_time) {
        if (!extended_) extended_ = std::make_unique<Extended>();
        extended_->reference_ssrc = heard.ssrc;
        extended_->reference = static_cast<std::uint32_t>(*heard.reference_time >> 16);
        extended_->reference_at = clock_ns(CLOCK_MONOTONIC) - age;
    }
    if (heard.reference_answer) hear_round_trip(heard.reference_answer->last_reference, heard.reference_answer->delay, age);
    if (!heard.extended.voip && !heard.extended.statistics) return;
    ExtendedReport known = last_reports(*shared_).extended.get();
    if (heard.extended.voip) known.voip = heard.extended.voip;
    if (heard.extended.statistics) known.statistics = heard.extended.statistics;
    last_reports(*shared_).extended.set(known);
}

void RtpPort::tell_extended(OutgoingReport& report) {
    if (const std::uint64_t came = std::exchange(extended_->reference_at, 0))
        report.reference_answer = ReferenceAnswer{extended_->reference_ssrc, extended_->reference, units_since(came)};
    const std::uint8_t wanted = parameters_ ? parameters_->extended : 0;
    if ((wanted & rtp_reference_time) && !report.sender) report.reference_time = ntp_time(clock_ns(CLOCK_REALTIME));
    if (!any_received_) return;
    if (wanted & rtp_voip_metrics) report.extended.voip = measured();
    if (!(wanted & rtp_statistics)) return;
    report.extended.statistics = extended_->reception.summary();
    if (report.extended.statistics) report.extended.statistics->ssrc = remote_ssrc_;
}

VoipMetrics RtpPort::measured() const {
    VoipMetrics metrics{.ssrc = remote_ssrc_};
    extended_->reception.describe(metrics, receive_clock_);
    const auto in_ms = [](double ms) { return static_cast<std::uint16_t>(std::clamp(ms, 0.0, 65535.0)); };
    metrics.round_trip = in_ms(quality_.round_trip_ms);
    const double packet_time = read_codec_ ? static_cast<double>(read_codec_->packet_time.count()) : 0;
    double here = packet_time;
    if (jitter_) {
        metrics.receiver = static_cast<std::uint8_t>((shared_->options.jitter_implementation == "fixed" ? 2 : 3) << 4);
        metrics.jitter_nominal = in_ms(static_cast<double>(jitter_->delay().count()));
        metrics.jitter_maximum = metrics.jitter_most = in_ms(static_cast<double>(shared_->options.jitter_maximum.count()));
        here += metrics.jitter_nominal;
    }
    metrics.end_system_delay = in_ms(here);
    if (!read_codec_) return metrics;
    const double missing = (metrics.loss_rate + metrics.discard_rate) / 256.0;
    if (const auto rating = transmission_rating(read_codec_->name, missing, 0)) metrics.mos_listening = static_cast<std::uint8_t>(mean_opinion(*rating) * 10 + 0.5);
    if (quality_.round_trip_ms <= 0) return metrics;  // how long the way is counts, and is not known
    if (const auto rating = transmission_rating(read_codec_->name, missing, quality_.round_trip_ms / 2 + here)) {
        metrics.r_factor = static_cast<std::uint8_t>(*rating + 0.5);
        metrics.mos_conversational = static_cast<std::uint8_t>(mean_opinion(*rating) * 10 + 0.5);
    }
    return metrics;
}

void RtpPort::publish_quality() {
    quality_.packets_sent = packets_sent_;
    if (any_received_) {
        quality_.packets_received = reception_.received();
        quality_.lost = static_cast<std::uint32_t>(std::max(reception_.lost(), 0));
        quality_.jitter_ms = reception_.jitter() * 1000.0 / std::max(receive_clock_, 1u);
    }
    shared_->quality.set(quality_);
}

}  // namespace jackfield::rtp
