// RTCP packets (RFC 3550 6.4 to 6.6), with feedback (RFC 4585 6, RFC 5104 4.3) and extended reports (RFC 3611): pure functions over bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "modules/res_rtp/rtcp_report.hpp"

namespace jackfield::rtp {

struct ReportBlock {
    std::uint32_t ssrc = 0;              // of the source that the block is about
    std::uint8_t fraction_lost = 0;      // 1/256
    std::int32_t lost = 0;               // 24 bit
    std::uint32_t highest_sequence = 0;  // extended
    std::uint32_t jitter = 0;            // timestamp units
    std::uint32_t last_report = 0;       // middle of the NTP time of the last sender report
    std::uint32_t delay = 0;             // since then, 1/65536 s
};
struct SenderInfo {
    std::uint64_t ntp_time = 0;
    std::uint32_t rtp_time = 0, packets = 0, octets = 0;
};

// Packets that a receiver misses: `first`, and first + i + 1 for each bit i of `following` (RFC 4585 6.2.1).
struct LostPackets {
    std::uint16_t first = 0, following = 0;
};

// Answers a receiver's reference time (RFC 3611 4.5), which makes a round trip of it as a report block does of a sender's.
struct ReferenceAnswer {
    std::uint32_t ssrc = 0;            // whose reference it was
    std::uint32_t last_reference = 0;  // the middle of it
    std::uint32_t delay = 0;           // since then, 1/65536 s
};

// What one compound packet says, as far as a session of two uses it.
struct CompoundReport {
    std::uint32_t ssrc = 0;  // of who wrote it
    std::optional<SenderInfo> sender;
    std::optional<ReportBlock> about_us;  // the block with our SSRC
    bool bye = false;
    // About our source:
    bool picture_lost = false;                // PLI
    std::optional<std::uint8_t> full_intra;   // the number of an FIR; the same number is the same request
    std::array<LostPackets, 32> lost;         // NACK; what is more is left out
    std::size_t lost_count = 0;
    // Extended: blocks of other kinds, or of a length that is not theirs, are passed over.
    std::optional<std::uint64_t> reference_time;      // of a receiver, NTP
    std::optional<ReferenceAnswer> reference_answer;  // to ours
    ExtendedReport extended;                          // about our source
    bool is_extended() const { return reference_time || reference_answer || extended.voip || extended.statistics; }
};
// Reads at most 16 packets of a compound. Nothing when it does not begin with a well-formed report (RFC 3550 6.1), or with
// feedback (RFC 5506).
std::optional<CompoundReport> parse_rtcp(std::span<const std::uint8_t> bytes, std::uint32_t our_ssrc);

// Writes SR (with `sender`) or RR, a block when given, SDES with the CNAME (RFC 3550 6.5.1), XR if there is anything for it, and BYE if asked. Returns
// the bytes written; 0 when `out` is too small (512 always suffice).
struct OutgoingReport {
    std::uint32_t ssrc = 0;
    std::optional<SenderInfo> sender;
    std::optional<ReportBlock> block;
    std::optional<std::uint64_t> reference_time;
    std::optional<ReferenceAnswer> reference_answer;
    ExtendedReport extended;
    std::string_view cname;  // at most 255 bytes of it are used
    bool bye = false;
};
std::size_t write_rtcp(const OutgoingReport& report, std::span<std::uint8_t> out);

// One feedback message, to follow a report in its compound packet. Returns the bytes written; 0 when `out` is too small (20
// always suffice).
struct OutgoingFeedback {
    enum class Kind : std::uint8_t { nack, pli, fir } kind = Kind::pli;
    std::uint32_t ssrc = 0, media_ssrc = 0;  // ours; of the source that it is about
    LostPackets lost;                        // nack
    std::uint8_t number = 0;                 // fir
};
std::size_t write_feedback(const OutgoingFeedback& feedback, std::span<std::uint8_t> out);

}  // namespace jackfield::rtp
