// RTCP packets (RFC 3550 6.4 to 6.6), with feedback (RFC 4585 6, RFC 5104 4.3) and extended reports (RFC 3611).
#include "modules/res_rtp/rtcp_packet.hpp"

#include <algorithm>
#include <cstring>

#include "modules/res_rtp/rtp_packet.hpp"

namespace jackfield::rtp {
namespace {

constexpr std::uint8_t sender_report = 200, receiver_report = 201, source_description = 202, goodbye = 203, transport_feedback = 205,
                       payload_feedback = 206, extended_report = 207;
constexpr std::uint8_t generic_nack = 1, picture_loss = 1, full_intra_request = 4;  // their formats
constexpr std::size_t feedback_head = 12;
constexpr std::size_t sender_size = 20, block_size = 24;
enum ExtendedBlock : std::uint8_t { reference_block = 4, answer_block = 5, statistics_block = 6, voip_block = 7 };
constexpr std::size_t extended_head = 4, reference_size = 8, answer_size = 12, statistics_size = 36, voip_size = 32;  // of what follows the head

ReportBlock read_block(const std::uint8_t* at) {
    ReportBlock block;
    block.ssrc = read_32(at);
    block.fraction_lost = at[4];
    const std::uint32_t lost = read_32(at + 4) & 0xffffff;
    block.lost = lost & 0x800000 ? static_cast<std::int32_t>(lost | 0xff000000) : static_cast<std::int32_t>(lost);
    block.highest_sequence = read_32(at + 8);
    block.jitter = read_32(at + 12);
    block.last_report = read_32(at + 16);
    block.delay = read_32(at + 20);
    return block;
}

// One SR or RR whose length field has been checked.
void read_report(std::span<const std::uint8_t> packet, std::uint32_t our_ssrc, CompoundReport& report) {
    std::size_t at = 8;
    if (packet[1] == sender_report) {
        if (packet.size() < at + sender_size) return;
        const std::uint8_t* const info = &packet[at];
        report.sender = SenderInfo{std::uint64_t{read_32(info)} << 32 | read_32(info + 4), read_32(info + 8),
                                   read_32(info + 12), read_32(info + 16)};
        at += sender_size;
    }
    for (unsigned left = packet[0] & 0x1f; left > 0 && at + block_size <= packet.size(); --left, at += block_size)
        if (const ReportBlock block = read_block(&packet[at]); block.ssrc == our_ssrc) report.about_us = block;
}

bool is_feedback(std::uint8_t type) { return type == transport_feedback || type == payload_feedback; }

// One of these, at least feedback_head long.
void read_feedback(std::span<const std::uint8_t> packet, std::uint32_t our_ssrc, CompoundReport& report) {
    const std::uint8_t format = packet[0] & 0x1f;
    if (packet[1] == payload_feedback && format == full_intra_request) {  // it names sources one by one
        for (std::size_t at = feedback_head; at + 8 <= packet.size(); at += 8)
            if (read_32(&packet[at]) == our_ssrc) report.full_intra = packet[at + 4];
        return;
    }
    if (read_32(&packet[8]) != our_ssrc) return;
    if (packet[1] == payload_feedback && format == picture_loss) report.picture_lost = true;
    if (packet[1] != transport_feedback || format != generic_nack) return;
    for (std::size_t at = feedback_head; at + 4 <= packet.size() && report.lost_count < report.lost.size(); at += 4)
        report.lost.at(report.lost_count++) = {read_16(&packet[at]), read_16(&packet[at + 2])};
}

VoipMetrics read_voip(const std::uint8_t* at) {
    VoipMetrics metrics{.ssrc = read_32(at), .loss_rate = at[4], .discard_rate = at[5], .burst_density = at[6], .gap_density = at[7]};
    metrics.burst_duration = read_16(at + 8);
    metrics.gap_duration = read_16(at + 10);
    metrics.round_trip = read_16(at + 12);
    metrics.end_system_delay = read_16(at + 14);
    metrics.signal_level = at[16];
    metrics.noise_level = at[17];
    metrics.echo_return_loss = at[18];
    metrics.minimum_gap = at[19];
    metrics.r_factor = at[20];
    metrics.external_r_factor = at[21];
    metrics.mos_listening = at[22];
    metrics.mos_conversational = at[23];
    metrics.receiver = at[24];
    metrics.jitter_nominal = read_16(at + 26);
    metrics.jitter_maximum = read_16(at + 28);
    metrics.jitter_most = read_16(at + 30);
    return metrics;
}

// `flags`: of the block's head; the time to live is passed over.
StatisticsSummary read_statistics(const std::uint8_t* at, std::uint8_t flags) {
    StatisticsSummary summary{.ssrc = read_32(at)};
    summary.begin = read_16(at + 4);
    summary.end = read_16(at + 6);
    if (flags & 0x80) {
        summary.told |= StatisticsSummary::losses;
        summary.lost = read_32(at + 8);
    }
    if (flags & 0x40) {
        summary.told |= StatisticsSummary::duplicates;
        summary.doubled = read_32(at + 12);
    }
    if (flags & 0x20) {
        summary.told |= StatisticsSummary::jitter;
        summary.jitter_least = read_32(at + 16);
        summary.jitter_most = read_32(at + 20);
        summary.jitter_mean = read_32(at + 24);
        summary.jitter_deviation = read_32(at + 28);
    }
    return summary;
}

// One XR, at least 8 long. What it says of other sources than ours is passed over.
void read_extended(std::span<const std::uint8_t> packet, std::uint32_t our_ssrc, CompoundReport& report) {
    for (auto rest = packet.subspan(8); rest.size() >= extended_head;) {
        const std::size_t size = 4u * read_16(&rest[2]);
        const auto body = rest.subspan(extended_head);
        if (size > body.size()) return;
        const std::uint8_t* const at = body.data();
        if (rest[0] == reference_block && size == reference_size) report.reference_time = std::uint64_t{read_32(at)} << 32 | read_32(at + 4);
        if (rest[0] == answer_block && size % answer_size == 0)
            for (std::size_t i = 0; i < size; i += answer_size)
                if (read_32(at + i) == our_ssrc) report.reference_answer = ReferenceAnswer{our_ssrc, read_32(at + i + 4), read_32(at + i + 8)};
        if (rest[0] == statistics_block && size == statistics_size && read_32(at) == our_ssrc) report.extended.statistics = read_statistics(at, rest[1]);
        if (rest[0] == voip_block && size == voip_size && read_32(at) == our_ssrc) report.extended.voip = read_voip(at);
        rest = body.subspan(size);
    }
}

class Writer {
  public:
    explicit Writer(std::span<std::uint8_t> out) : out_(out) {}
    void header(std::uint8_t count, std::uint8_t type) {
        start_ = size_;
        byte(static_cast<std::uint8_t>(2 << 6 | count));
        byte(type);
        word_16(0);  // length, see end()
    }
    void byte(std::uint8_t value) {
        if (size_ < out_.size()) out_[size_] = value;
        ++size_;
    }
    void word_16(std::uint16_t value) {
        byte(static_cast<std::uint8_t>(value >> 8));
        byte(static_cast<std::uint8_t>(value));
    }
    void word_32(std::uint32_t value) {
        word_16(static_cast<std::uint16_t>(value >> 16));
        word_16(static_cast<std::uint16_t>(value));
    }
    void block(std::uint8_t type, std::uint8_t flags, std::size_t size) {  // the head of one of XR
        byte(type);
        byte(flags);
        word_16(static_cast<std::uint16_t>(size / 4));
    }
    void end() {
        while ((size_ - start_) % 4) byte(0);
        if (size_ <= out_.size()) write_16(&out_[start_ + 2], static_cast<std::uint16_t>((size_ - start_) / 4 - 1));
    }
    std::size_t size() const { return size_ <= out_.size() ? size_ : 0; }

  private:
    std::span<std::uint8_t> out_;
    std::size_t size_ = 0, start_ = 0;
};

void write_statistics(Writer& writer, const StatisticsSummary& summary) {
    const auto flag = [&summary](StatisticsSummary::Told told, unsigned bit) { return summary.told & told ? bit : 0u; };
    writer.block(statistics_block,
                 static_cast<std::uint8_t>(flag(StatisticsSummary::losses, 0x80) | flag(StatisticsSummary::duplicates, 0x40) | flag(StatisticsSummary::jitter, 0x20)),
                 statistics_size);
    writer.word_32(summary.ssrc);
    writer.word_16(summary.begin);
    writer.word_16(summary.end);
    for (const std::uint32_t each : {summary.lost, summary.doubled, summary.jitter_least, summary.jitter_most, summary.jitter_mean, summary.jitter_deviation, 0u})
        writer.word_32(each);  // the last: times to live, which are not told
}

void write_voip(Writer& writer, const VoipMetrics& metrics) {
    writer.block(voip_block, 0, voip_size);
    writer.word_32(metrics.ssrc);
    for (const std::uint8_t each : {metrics.loss_rate, metrics.discard_rate, metrics.burst_density, metrics.gap_density}) writer.byte(each);
    for (const std::uint16_t each : {metrics.burst_duration, metrics.gap_duration, metrics.round_trip, metrics.end_system_delay}) writer.word_16(each);
    for (const std::uint8_t each : {metrics.signal_level, metrics.noise_level, metrics.echo_return_loss, metrics.minimum_gap, metrics.r_factor,
                                    metrics.external_r_factor, metrics.mos_listening, metrics.mos_conversational, metrics.receiver, std::uint8_t{0}})
        writer.byte(each);
    for (const std::uint16_t each : {metrics.jitter_nominal, metrics.jitter_maximum, metrics.jitter_most}) writer.word_16(each);
}

void write_extended(Writer& writer, const OutgoingReport& report) {
    if (!report.reference_time && !report.reference_answer && !report.extended.voip && !report.extended.statistics) return;
    writer.header(0, extended_report);
    writer.word_32(report.ssrc);
    if (report.reference_time) {
        writer.block(reference_block, 0, reference_size);
        writer.word_32(static_cast<std::uint32_t>(*report.reference_time >> 32));
        writer.word_32(static_cast<std::uint32_t>(*report.reference_time));
    }
    if (report.reference_answer) {
        writer.block(answer_block, 0, answer_size);
        for (const std::uint32_t each : {report.reference_answer->ssrc, report.reference_answer->last_reference, report.reference_answer->delay}) writer.word_32(each);
    }
    if (report.extended.statistics) write_statistics(writer, *report.extended.statistics);
    if (report.extended.voip) write_voip(writer, *report.extended.voip);
    writer.end();
}

}  // namespace

std::optional<CompoundReport> parse_rtcp(std::span<const std::uint8_t> bytes, std::uint32_t our_ssrc) {
    CompoundReport report;
    bool first = true;
    for (unsigned packets = 0; !bytes.empty() && packets < 16; ++packets) {
        if (bytes.size() < 4 || bytes[0] >> 6 != 2) break;
        const std::size_t length = 4u * (read_16(&bytes[2]) + 1u);
        if (length > bytes.size()) break;
        const auto packet = bytes.first(length);
        const bool reports = packet[1] == sender_report || packet[1] == receiver_report;
        if (first && ((!reports && !is_feedback(packet[1])) || length < 8)) return {};
        if (first) report.ssrc = read_32(&packet[4]);
        first = false;
        if (reports && length >= 8) read_report(packet, our_ssrc, report);
        if (is_feedback(packet[1]) && length >= feedback_head) read_feedback(packet, our_ssrc, report);
        if (packet[1] == extended_report && length >= 8) read_extended(packet, our_ssrc, report);
        if (packet[1] == goodbye && (packet[0] & 0x1f) > 0 && length >= 8) report.bye = true;
        bytes = bytes.subspan(length);
    }
    if (first) return {};
    return report;
}

std::size_t write_rtcp(const OutgoingReport& report, std::span<std::uint8_t> out) {
    Writer writer(out);
    writer.header(report.block ? 1 : 0, report.sender ? sender_report : receiver_report);
    writer.word_32(report.ssrc);
    if (report.sender) {
        writer.word_32(static_cast<std::uint32_t>(report.sender->ntp_time >> 32));
        writer.word_32(static_cast<std::uint32_t>(report.sender->ntp_time));
        writer.word_32(report.sender->rtp_time);
        writer.word_32(report.sender->packets);
        writer.word_32(report.sender->octets);
    }
    if (report.block) {
        const std::int32_t lost = std::clamp(report.block->lost, -0x800000, 0x7fffff);
        writer.word_32(report.block->ssrc);
        writer.word_32(std::uint32_t{report.block->fraction_lost} << 24 |
                       (static_cast<std::uint32_t>(lost) & 0xffffff));
        writer.word_32(report.block->highest_sequence);
        writer.word_32(report.block->jitter);
        writer.word_32(report.block->last_report);
        writer.word_32(report.block->delay);
    }
    writer.end();
    const std::string_view cname = report.cname.substr(0, 255);
    writer.header(1, source_description);
    writer.word_32(report.ssrc);
    writer.byte(1);  // CNAME
    writer.byte(static_cast<std::uint8_t>(cname.size()));
    for (const char letter : cname) writer.byte(static_cast<std::uint8_t>(letter));
    writer.byte(0);  // end of the items
    writer.end();
    write_extended(writer, report);
    if (report.bye) {
        writer.header(1, goodbye);
        writer.word_32(report.ssrc);
        writer.end();
    }
    return writer.size();
}

std::size_t write_feedback(const OutgoingFeedback& feedback, std::span<std::uint8_t> out) {
    using Kind = OutgoingFeedback::Kind;
    Writer writer(out);
    const bool nack = feedback.kind == Kind::nack;
    writer.header(nack ? generic_nack : feedback.kind == Kind::pli ? picture_loss : full_intra_request, nack ? transport_feedback : payload_feedback);
    writer.word_32(feedback.ssrc);
    writer.word_32(feedback.kind == Kind::fir ? 0 : feedback.media_ssrc);  // RFC 5104 4.3.1.2
    if (nack) {
        writer.word_16(feedback.lost.first);
        writer.word_16(feedback.lost.following);
    } else if (feedback.kind == Kind::fir) {
        writer.word_32(feedback.media_ssrc);
        writer.word_32(std::uint32_t{feedback.number} << 24);
    }
    writer.end();
    return writer.size();
}

}  // namespace jackfield::rtp
