// Feeds arbitrary packets to the RTP and RTCP parsers, the event receiver, what extended reports count and the jitter buffer,
// as a socket would. Packets are cut from the input by a length byte each.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/media/jitter_buffer.hpp"
#include "modules/res_rtp/extended_reception.hpp"
#include "modules/res_rtp/header_extension.hpp"
#include "modules/res_rtp/reception.hpp"
#include "modules/res_rtp/rtcp_packet.hpp"
#include "modules/res_rtp/rtp_packet.hpp"
#include "modules/res_rtp/telephone_events.hpp"

using namespace jackfield;
using namespace jackfield::rtp;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

struct Session {
    EventReceiver events;
    Reception reception;
    ExtendedReception extended;
    JitterBuffer buffer{{.adaptive = true}};
    std::uint64_t now = 1'000'000'000;
    int open_digits = 0;

    void count(const FoundDigits& found) {
        require(found.count <= found.digits.size());
        for (std::size_t i = 0; i < found.count; ++i) {
            open_digits += found.digits[i].end ? -1 : 1;
            require(open_digits == 0 || open_digits == 1);  // one begin, one end, in turn
            require(found.digits[i].key != 0);
        }
    }
    void hear(std::span<const std::uint8_t> bytes) {
        if (const auto report = parse_rtcp(bytes, 0x01020304)) {
            require(report->lost_count <= report->lost.size());
            // What is read of an extended report is read again of what is written of it.
            OutgoingReport again{.ssrc = report->ssrc, .reference_time = report->reference_time, .reference_answer = report->reference_answer, .extended = report->extended};
            std::uint8_t written[512];
            const auto read = parse_rtcp(std::span(written).first(write_rtcp(again, written)), 0x01020304);
            require(read && read->extended.voip == report->extended.voip && read->extended.statistics == report->extended.statistics);
        }
        const auto packet = parse(bytes);
        if (!packet) return;
        require(packet->payload.size() + header_size <= bytes.size());
        require(packet->payload.empty() ||
                (packet->payload.data() >= bytes.data() + header_size &&
                 packet->payload.data() + packet->payload.size() <= bytes.data() + bytes.size()));
        std::vector<std::uint8_t> blocks(packet->payload.begin(), packet->payload.end());
        set_block_types(blocks, 98);
        for (const int number : {1, 4, 200}) (void)find_extension(bytes, static_cast<std::uint8_t>(number));
        std::vector<std::uint8_t> named(bytes.begin(), bytes.end());
        named.resize(bytes.size() + largest_extension);
        const std::size_t grown = insert_extension(named, bytes.size(), 4, "mid");
        require(grown == bytes.size() || find_extension(std::span(named).first(grown), 4) == "mid");
        std::uint8_t again[header_size];
        write(packet->header, again);
        require(again[1] == bytes[1] && read_32(again + 4) == packet->header.timestamp);
        reception.hear(packet->header.sequence, packet->header.timestamp, static_cast<std::uint32_t>(now / 125'000));
        (void)reception.fraction_lost();
        extended.hear(packet->header.sequence, packet->header.timestamp, static_cast<std::uint32_t>(now / 125'000));
        if (packet->header.marker) extended.discard(packet->header.sequence);
        (void)extended.summary();
        VoipMetrics metrics;
        extended.describe(metrics, 8000);
        if (packet->header.payload_type == 101) {
            if (const auto event = parse_event(packet->payload))
                count(events.hear(*event, packet->header.timestamp, now, 8000));
            buffer.pass(packet->header.sequence);
        } else {
            buffer.put({packet->header.sequence, packet->header.timestamp, 0, packet->header.marker, packet->payload},
                       now);
        }
        count(events.check(now));
        for (unsigned got = 0; buffer.get(now); ++got) require(got < 1000);
        require(buffer.waiting() <= 128);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    Session session;
    std::span<const std::uint8_t> rest(bytes, size);
    while (rest.size() > 2) {
        const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 2);
        session.now += std::uint64_t{rest[1]} * 1'000'000;
        // A copy of its own, so that the sanitizer sees each end.
        const std::vector<std::uint8_t> packet(rest.begin() + 2,
                                               rest.begin() + 2 + static_cast<std::ptrdiff_t>(length));
        session.hear(packet);
        rest = rest.subspan(2 + length);
    }
    return 0;
}
