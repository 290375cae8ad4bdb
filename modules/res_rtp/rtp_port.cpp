// The port of one RTP session: media in and out (RFC 3550, RFC 3551, RFC 4733).
#include "modules/res_rtp/rtp_port.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "core/base/generation.hpp"
#include "core/media/comfort_noise.hpp"
#include "modules/res_rtp/header_extension.hpp"
#include "modules/res_rtp/turn_client.hpp"

namespace jackfield::rtp {
namespace {

constexpr std::size_t largest_payload = FrameBuffer::capacity;
static_assert(channel_header_size + header_size + largest_extension + largest_payload + RtpCipher::overhead <= MediaSocket::largest_packet);
constexpr std::uint32_t event_step_ms = 20;

std::uint32_t to_units(std::uint64_t ns, std::uint32_t clock) {
    return static_cast<std::uint32_t>(ns / 1000 * clock / 1'000'000);
}

// RFC 3551 4.5.11: linear audio travels in network byte order.
void swap_bytes(std::span<const std::uint8_t> from, std::uint8_t* to) {
    for (std::size_t i = 0; i + 1 < from.size(); i += 2) {
        const std::uint8_t low = from[i];
        to[i] = from[i + 1];
        to[i + 1] = low;
    }
}

}  // namespace

void RtpPort::Clocked::start(std::chrono::milliseconds interval) {
    if (port.thread_ && !std::exchange(runs, true)) port.thread_->add_ticked(*this, interval);
}
void RtpPort::Clocked::stop() {
    if (std::exchange(runs, false)) port.thread_->remove_ticked(*this);
}

RtpPort::RtpPort(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {
    // RFC 3550 5.1: random starts make known-plaintext attacks harder and collisions of SSRCs unlikely.
    random_state_ = random_number(std::numeric_limits<std::uint64_t>::max());
    random_state_ |= 1;  // the generator's state must not be 0
    begin_source();
    last_timestamp_ = random();
    shared_->quality.set(quality_);
    socket_ = shared_->sockets->rtp;
    events_in_.set_timeout(std::uint64_t{shared_->settings->digit_timeout} * 1'000'000'000 / 8000);
    if (shared_->options.jitter_buffer && shared_->options.type == MediaType::audio)
        jitter_ = std::make_unique<JitterBuffer>(
            JitterBuffer::Settings{.adaptive = shared_->options.jitter_implementation != "fixed",
                                   .delay = std::min(std::chrono::milliseconds(60), shared_->options.jitter_maximum),
                                   .maximum = shared_->options.jitter_maximum});
    if (shared_->options.type != MediaType::audio || shared_->carried) passed_ = std::make_unique<Passed>(*this);
    // Feedback can't wait for the clock.
    if (shared_->inbox || (passed_ && !shared_->carried)) control_ = std::make_unique<ControlSocket>(*this);
    learning_.start({}, shared_->settings->strict != Strictness::off, shared_->settings->probation);
}

RtpPort::~RtpPort() {
    if (any_sent_) send_rtcp(true);
    if (connected_) disconnect(socket_);
}

void RtpPort::begin_source() {
    ssrc_ = random();
    // RFC 3711 3.3.1: what hears the first packet after the number went round is one round behind for ever, and under SRTP
    // deaf. In the lower half that takes ten minutes.
    last_sequence_ = static_cast<std::uint16_t>(random() & 0x7fff);
    quality_.ssrc = ssrc_;
    write_source_ = 0;
}

std::uint32_t RtpPort::random() {  // xorshift64*; enough for jitter and starts that nobody has to guess twice
    random_state_ ^= random_state_ >> 12;
    random_state_ ^= random_state_ << 25;
    random_state_ ^= random_state_ >> 27;
    return static_cast<std::uint32_t>(random_state_ * 0x2545F4914F6CDD1DULL >> 32);
}

void RtpPort::attach(MediaThread& thread) {
    thread_ = &thread;
    if (!started_at_) {
        started_at_ = heard_at_ = now();
        plan_rtcp(true);
    }
    if (shared_->carried) {
        media_.attach_to_send(thread, socket_);
        shared_->carried->crossing->arrive(thread, *this);
        passed_->crossing_clock.start(std::chrono::milliseconds(10));
    } else {
        media_.attach(thread, socket_);
    }
    if (control_ && shared_->sockets->rtcp >= 0) control_->socket.attach(thread, shared_->sockets->rtcp);
    coarse_.start(std::chrono::milliseconds(500));
    if (jitter_) jitter_clock_.start(std::chrono::milliseconds(10));
    if (events_out_.active()) event_clock_.start(std::chrono::milliseconds(event_step_ms));
}

void RtpPort::detach() {
    media_.detach();  // what has come is still heard
    if (shared_->carried) {
        shared_->carried->crossing->leave();
        passed_->crossing_clock.stop();
    }
    if (control_) control_->socket.detach();
    last_now_ = now();
    for (Clocked* each : {&coarse_, &event_clock_, &jitter_clock_}) each->stop();
    thread_ = nullptr;
}

// --- in -----------------------------------------------------------------------------------------------------------

void RtpPort::packet(std::span<std::uint8_t> bytes, const sockaddr* raw_source) {
    take_parameters();
    SocketAddress from(raw_source);
    if (bytes.size() < header_size || bytes[0] >> 6 != 2) [[unlikely]] {
        if (headroom_ && unwrap(parameters_->relay, bytes, raw_source))
            from = target_;
        else if (!is_rtcp(bytes))
            return no_media(1, bytes, raw_source);
    }
    if (is_rtcp(bytes)) [[unlikely]] {  // also when nobody agreed upon it: RFC 5761 leaves no payload type there
        if (rtcp_mux_) hear_rtcp(bytes, from, 0);
        return;
    }
    if (watch_) [[unlikely]]
        show(false, false, bytes, from);
    if (decrypt_) bytes = bytes.first(decrypt_->rtp(bytes, bytes.size()));
    const auto packet = parse(bytes);
    if (!packet) [[unlikely]]
        return;
    const Header& header = packet->header;
    // The kernel filters for a connected socket, but not what was under way before.
    if (connected_ ? !(from == source_) : !judge_source(from, header.sequence)) return;
    heard_at_ = now();
    timeout_reported_ = false;
    if (!any_received_ || header.ssrc != remote_ssrc_) [[unlikely]] {
        if (pass_on(header, bytes, from)) return;
        new_remote_source(header);
    }
    const Codec* const codec = received_codec(header.payload_type);
    if (codec) [[likely]]
        receive_clock_ = codec->rtp_clock.hz;
    const std::uint32_t arrival = to_units(heard_at_, receive_clock_);
    reception_.hear(header.sequence, header.timestamp, arrival);
    if (extended_) [[unlikely]]
        extended_->reception.hear(header.sequence, header.timestamp, arrival);
    if (!receiving_) return;
    if (header.payload_type == event_receive_type_) return hear_event(*packet);
    if (events_in_.active()) [[unlikely]] {
        const FoundDigits found = events_in_.check(heard_at_);
        for (std::size_t i = 0; i < found.count; ++i) receive_digit(found.digits[i]);
    }
    if (!codec) {  // comfort noise (RFC 3389), keep-alives, what nobody offered
        if (jitter_) return jitter_->pass(header.sequence);
        return hear_comfort_noise(*packet);
    }
    if (codec != read_codec_) [[unlikely]] {
        if (read_codec_) report(rtp_codec_changed);
        read_codec_ = codec;
    }
    if (jitter_) {
        const auto put = jitter_->put({header.sequence, header.timestamp, header.payload_type, header.marker, packet->payload}, heard_at_);
        if (extended_ && put == JitterBuffer::Put::late) extended_->reception.discard(header.sequence);
        return;
    }
    hand_over(header, codec, packet->payload);
}

void RtpPort::hand_over(const Header& header, const Codec* codec, std::span<const std::uint8_t> payload) {
    Frame frame;
    frame.codec = codec;
    frame.payload = payload;
    frame.timestamp = header.timestamp;
    frame.sequence = header.sequence;
    frame.has_sequence = true;
    frame.marker = header.marker;
    frame.source = read_source_;
    if (codec->samples) frame.samples = static_cast<std::uint16_t>(std::min(codec->samples(payload), 0xffffu));
    if (!codec->linear) [[likely]]
        return receive(frame);
    FrameBuffer swapped;
    frame.payload = payload.first(std::min(payload.size(), largest_payload) & ~std::size_t{1});
    swap_bytes(frame.payload, swapped.data());
    frame.payload = swapped.bytes().first(frame.payload.size());
    receive(frame);
}

void RtpPort::play_out(std::uint64_t now_ns) {
    while (const auto due = jitter_->get(now_ns)) {
        const auto& packet = due->packet;
        if (due->lost) {
            if (!read_codec_) continue;
            Frame gap;  // no payload: who translates conceals it, who relays leaves it out
            gap.codec = read_codec_;
            gap.timestamp = packet.timestamp;
            gap.sequence = packet.sequence;
            gap.has_sequence = true;
            gap.samples =
                static_cast<std::uint16_t>(std::uint64_t{read_codec_->rate.hz} *
                                           static_cast<std::uint64_t>(read_codec_->packet_time.count()) / 1000);
            gap.source = read_source_;
            receive(gap);
        } else if (const Codec* const codec = received_codec(packet.kind)) {
            hand_over({packet.kind, packet.marker, packet.sequence, packet.timestamp, remote_ssrc_}, codec,
                      packet.payload);
        }
    }
}

void RtpPort::hear_event(const Packet& packet) {
    if (jitter_) jitter_->pass(packet.header.sequence);
    const auto event = parse_event(packet.payload);
    if (!event) return;
    const FoundDigits found = events_in_.hear(*event, packet.header.timestamp, heard_at_, receive_clock_);
    for (std::size_t i = 0; i < found.count; ++i) receive_digit(found.digits[i]);
}

// Behind a jitter buffer it would overtake the audio: there it is silence, as for all who look into the packets.
void RtpPort::hear_comfort_noise(const Packet& packet) {
    if (!parameters_ || packet.header.payload_type != parameters_->comfort_noise_receive_payload || packet.payload.empty() || !read_codec_) return;
    Frame frame;
    frame.codec = &comfort_noise;
    frame.payload = packet.payload;
    frame.timestamp = packet.header.timestamp;
    frame.sequence = packet.header.sequence;
    frame.has_sequence = true;
    frame.silence = true;
    frame.source = read_source_;
    receive(frame);
}

// To another stream of the bundle; true: it is none of ours.
bool RtpPort::pass_on(const Header& header, std::span<std::uint8_t> bytes, const SocketAddress& from) {
    if (!parameters_ || !parameters_->bundle || !parameters_->bundle->others) return false;
    if (Crossing* const crossing = parameters_->bundle->others->find(bytes, header)) {
        crossing->pass(thread_, bytes, from);
        return true;
    }
    return header.payload_type != event_receive_type_ && !received_codec(header.payload_type);
}

void RtpPort::new_remote_source(const Header& header) {
    any_received_ = true;
    remote_ssrc_ = header.ssrc;
    quality_.remote_ssrc = header.ssrc;
    read_source_ = new_frame_source();
    reception_.start(header.sequence);
    if (extended_) extended_->reception = {};
    if (jitter_) jitter_->reset();
    if (passed_ && passed_->key_frame_wanted) ask_key_frame();
}

// --- where it comes from --------------------------------------------------------------------------------------------

bool RtpPort::judge_source(const SocketAddress& from, std::uint16_t sequence) {
    if (sources_ != RtpSources::learnt) return sources_ == RtpSources::authenticated || from == target_;
    switch (learning_.hear(from, sequence, now())) {
        case SourceLearning::Verdict::drop:
            return false;
        case SourceLearning::Verdict::pass:
            return true;
        case SourceLearning::Verdict::learnt:
            break;
    }
    if (!(from == source_) || shared_->settings->strict != Strictness::off) lock_source(from);
    return true;
}

void RtpPort::lock_source(const SocketAddress& from) {
    source_ = from;
    if (shared_->options.symmetric) {
        target_ = from;
        if (rtcp_mux_ || (parameters_ && !parameters_->remote_rtcp.valid())) aim_rtcp();
    }
    shared_->source.set(from);
    report(rtp_source_learnt);
    if (shared_->settings->strict == Strictness::off) return;
    if (connect(socket_, from.raw(), from.raw_size()) != 0) return;  // it goes on learning, packet by packet
    connected_ = true;
    send_connected_ = target_ == from;
}

void RtpPort::open_learning(const SocketAddress& expected) {
    if (connected_) disconnect(socket_);
    connected_ = send_connected_ = false;
    learning_.start(expected, shared_->settings->strict != Strictness::off, shared_->settings->probation);
}

// --- out ----------------------------------------------------------------------------------------------------------

bool RtpPort::choose_payload(const Codec* codec) {
    if (!parameters_) return false;
    for (const RtpPayload& each : parameters_->send)
        if (each.codec == codec) {
            send_type_ = each.type;
            send_clock_ = codec->rtp_clock.hz;
            write_codec_ = codec;
            write_source_ = 0;
            if (passed_) passed_->redundant = passed_->text_type >= 0 && codec->encoding == "red";
            return true;
        }
    return false;
}

std::uint32_t RtpPort::timestamp_now() const {
    if (!any_sent_) return last_timestamp_;
    return last_timestamp_ + std::max(to_units(now() - written_at_, send_clock_), last_step_);
}

// Numbers of a new source go on where the old one's ended, and its timestamps where the clock is now.
void RtpPort::join_source(const Frame& frame) {
    write_source_ = frame.source;
    sequence_offset_ = static_cast<std::uint16_t>(last_sequence_ + 1 - frame.sequence);
    timestamp_offset_ = timestamp_now() - frame.timestamp;
    if (passed_) passed_->joined_at = static_cast<std::uint16_t>(last_sequence_ + 1);
}

void RtpPort::write(const Frame& frame) {
    take_parameters();
    // An event takes the place of the audio (RFC 4733 2.5.1.2).
    if (!sending_ || !thread_ || frame.payload.empty() || frame.payload.size() > largest_payload || events_out_.active()) return;
    if (frame.codec != write_codec_ && !choose_payload(frame.codec)) [[unlikely]]
        return write_comfort_noise(frame);
    const bool joins = frame.source != write_source_ || write_source_ == 0;
    if (joins) [[unlikely]]
        join_source(frame);

    // The marker of audio says that its timestamps begin anew; that of a picture is at its end.
    Header header{send_type_, frame.marker || (joins && !passed_), 0, frame.timestamp + timestamp_offset_, ssrc_};
    header.sequence = frame.has_sequence ? static_cast<std::uint16_t>(frame.sequence + sequence_offset_)
                                         : static_cast<std::uint16_t>(last_sequence_ + 1);
    std::uint8_t* const bytes = packet_space();
    rtp::write(header, bytes);
    if (frame.codec->linear) [[unlikely]]
        swap_bytes(frame.payload, bytes + header_size);
    else
        std::memcpy(bytes + header_size, frame.payload.data(), frame.payload.size());
    std::size_t size = header_size + frame.payload.size();
    if (passed_) [[unlikely]]
        size = finish_passed(bytes, size);
    send_packet(bytes, size);

    if (static_cast<std::int16_t>(header.sequence - last_sequence_) > 0) {  // not one that was overtaken
        if (const std::uint32_t step = header.timestamp - last_timestamp_; any_sent_ && step <= send_clock_ / 5)
            last_step_ = step;
        last_sequence_ = header.sequence;
        last_timestamp_ = header.timestamp;
    }
    any_sent_ = true;
    written_at_ = now();
    octets_sent_ += static_cast<std::uint32_t>(frame.payload.size());
}

// Between two packets of audio. A far side that has none is sent nothing, and does not miss a number: it would count a loss.
void RtpPort::write_comfort_noise(const Frame& frame) {
    constexpr std::size_t most = 64;  // RFC 3389 3: a level, and coefficients of a filter
    if (frame.codec != &comfort_noise || write_source_ == 0 || frame.source != write_source_) return;
    const auto sequence = static_cast<std::uint16_t>(frame.sequence + sequence_offset_);
    if (sequence != static_cast<std::uint16_t>(last_sequence_ + 1)) return;  // overtaken, or after a loss
    if (parameters_->comfort_noise_payload < 0 || frame.payload.size() > most) {
        --sequence_offset_;
        return;
    }
    std::uint8_t* const bytes = packet_space();
    last_sequence_ = sequence;
    last_timestamp_ = frame.timestamp + timestamp_offset_;
    rtp::write({static_cast<std::uint8_t>(parameters_->comfort_noise_payload), false, sequence, last_timestamp_, ssrc_}, bytes);
    std::memcpy(bytes + header_size, frame.payload.data(), frame.payload.size());
    send_packet(bytes, header_size + frame.payload.size());
    octets_sent_ += static_cast<std::uint32_t>(frame.payload.size());
    written_at_ = now();
}

std::size_t RtpPort::finish_passed(std::uint8_t* bytes, std::size_t size) const {
    if (passed_->redundant) set_block_types({bytes + header_size, size - header_size}, static_cast<std::uint8_t>(passed_->text_type));
    if (!parameters_->bundle) return size;
    return insert_extension({bytes, size + largest_extension}, size, parameters_->bundle->mid_extension, parameters_->bundle->mid);
}

void RtpPort::send_packet(std::uint8_t* bytes, std::size_t size) {
    if (encrypt_) size = encrypt_->rtp({bytes, MediaSocket::largest_packet - headroom_}, size);
    if (size == 0) return;
    if (watch_) [[unlikely]]
        show(true, false, {bytes, size}, target_);
    ++packets_sent_;
    if (headroom_) [[unlikely]] {
        write_channel_header(parameters_->relay.channel, size, bytes - channel_header_size);
        return media_.send(channel_header_size + size, &parameters_->relay.server);
    }
    // Errors count as loss: a full buffer, or a far side that is gone and has said so by ICMP.
    if (send_connected_) [[likely]]
        media_.send(size, nullptr);
    else if (target_.valid())
        media_.send(size, &target_);
}

bool RtpPort::write_digit(const Digit& digit) {
    take_parameters();
    const auto event = event_of_key(digit.key);
    if (event_send_type_ < 0 || !event) return false;
    if (!sending_ || !thread_) return true;
    if (digit.end) {
        events_out_.end(digit.duration_ms * (send_clock_ / 1000));
        return true;
    }
    if (events_out_.active()) {
        events_out_.end(0);
        while (events_out_.active()) send_event(now());
    }
    events_out_.begin(*event, timestamp_now());
    event_clock_.start(std::chrono::milliseconds(event_step_ms));
    send_event(now());
    return true;
}

void RtpPort::send_event(std::uint64_t now_ns) {
    const std::uint32_t step = event_step_ms * (send_clock_ / 1000);
    const auto outgoing = events_out_.next(step);
    if (!outgoing) return event_clock_.stop();
    std::uint8_t* const bytes = packet_space();
    rtp::write(
        {static_cast<std::uint8_t>(event_send_type_), outgoing->marker, ++last_sequence_, outgoing->timestamp, ssrc_},
        bytes);
    write_event(outgoing->event, bytes + header_size);
    send_packet(bytes, header_size + event_size);
    octets_sent_ += event_size;
    any_sent_ = true;
    // Audio joins anew after the event, where it ended.
    write_source_ = 0;
    last_timestamp_ = outgoing->timestamp + outgoing->event.duration;
    last_step_ = step;
    written_at_ = now_ns;
}

}  // namespace jackfield::rtp
