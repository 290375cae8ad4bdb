// RTP source and sink of one side's calls.
#include "tests/bench/load/media.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace bench {
namespace {

constexpr std::array codecs{Codec{"pcmu", "PCMU/8000", 0, 8.0}, Codec{"pcma", "PCMA/8000", 8, 8.0}, Codec{"g722", "G722/8000", 9, 8.0},
                            Codec{"gsm", "GSM/8000", 3, 1.65}};

// In the payload: mark, the packet's number, the moment of sending.
constexpr std::uint64_t mark = 0x6a61636b6669656c;
struct Stamp {
    std::uint64_t mark;
    std::uint64_t number;
    std::int64_t sent;
};

constexpr auto report_interval = std::chrono::seconds(5);
constexpr std::uint64_t control_ticks = 100;
constexpr std::size_t flows_a_batch = 16;  // small, so that the stamp of the last one is not old

void put16(std::uint8_t* where, std::uint16_t value) {
    value = htons(value);
    std::memcpy(where, &value, sizeof value);
}
void put32(std::uint8_t* where, std::uint32_t value) {
    value = htonl(value);
    std::memcpy(where, &value, sizeof value);
}

}  // namespace

const Codec& codec_named(std::string_view name) {
    for (const Codec& codec : codecs)
        if (codec.name == name) return codec;
    fmt::print(stderr, "jackfield_load: no codec '{}'; there are pcmu, pcma, g722 and gsm\n", name);
    std::exit(2);
}

MediaSide::MediaSide(Loop& loop, const Settings& settings)
    : loop_(loop), settings_(settings),
      payload_(static_cast<std::size_t>(settings.codec->bytes_per_ms * settings.packet_ms)),
      slots_(static_cast<std::size_t>(settings.packet_ms)) {
    payload_ = std::min(payload_, largest_payload);
    for (int i = 0; i < settings_.sockets; ++i) {
        sockaddr_in where = settings_.first;
        where.sin_port = htons(static_cast<std::uint16_t>(ntohs(where.sin_port) + 2 * i));
        media_.emplace_back(where, true);
        where.sin_port = htons(static_cast<std::uint16_t>(ntohs(where.sin_port) + 1));
        control_.emplace_back(where);
    }
    tick_kind_ = loop_.timer_kind([this](std::uint64_t number) { tick(number); });
}

int MediaSide::port_for(std::size_t call) const { return ntohs(media_[call % media_.size()].local().sin_port); }

std::string MediaSide::session_description(std::size_t call) const {
    const std::string host = host_text(settings_.first);
    return fmt::format("v=0\r\no=- {0} 1 IN IP4 {1}\r\ns=call\r\nc=IN IP4 {1}\r\nt=0 0\r\nm=audio {2} RTP/AVP {3} 101\r\na=rtpmap:{3} {4}\r\n"
                       "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:{5}\r\na=sendrecv\r\n",
                       call + 1, host, port_for(call), settings_.codec->payload_type, settings_.codec->rtpmap, settings_.packet_ms);
}

std::size_t MediaSide::start(std::size_t call, const sockaddr_in& remote) {
    std::size_t index = flows_.size();
    if (free_.empty()) {
        flows_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    Flow& flow = flows_[index];
    flow = {};
    flow.remote = remote;
    flow.socket = call % media_.size();
    flow.slot = next_slot_++ % slots_.size();
    flow.slot_place = slots_[flow.slot].size();
    flow.live = true;
    flow.source = static_cast<std::uint32_t>(0x4a460000u + index);
    flow.packet[0] = 0x80;
    flow.packet[1] = static_cast<std::uint8_t>(settings_.codec->payload_type);
    put32(&flow.packet[8], flow.source);
    flow.speaks = index < settings_.speakers;
    // A GSM frame begins with the nibble 0xd; for the others any octets are sound.
    if (!flow.speaks)
        std::fill_n(&flow.packet[head], payload_, static_cast<std::uint8_t>(settings_.codec->payload_type == 8 ? 0xd5 : 0xff));
    else
        for (std::size_t i = 0; i < payload_; ++i) flow.packet[head + i] = static_cast<std::uint8_t>(i % 33 == 0 ? 0xd5 : 0x35 + 37 * i);
    slots_[flow.slot].push_back(index);
    by_remote_[address_key(remote)] = index;
    if (!std::exchange(ticking_, true)) {
        started_ = std::chrono::steady_clock::now();
        loop_.at(started_, tick_kind_, 0);
    }
    return index;
}

void MediaSide::stop(std::size_t index) {
    Flow& flow = flows_[index];
    if (!flow.live) return;
    flow.live = false;
    figures_.lost += missing(flow);
    figures_.silent_flows += flow.sent > 10 && flow.received == 0;
    auto& slot = slots_[flow.slot];
    slot[flow.slot_place] = slot.back();
    flows_[slot.back()].slot_place = flow.slot_place;
    slot.pop_back();
    if (const auto found = by_remote_.find(address_key(flow.remote)); found != by_remote_.end() && found->second == index)
        by_remote_.erase(found);
    free_.push_back(index);
}

// The schedule is fixed at the start: a late turn sends what it missed, and the server sees the burst that it would see. What
// came is read here too, in one batch and without a wake-up for each packet, which the server's core would pay for in part; the
// kernel has stamped when it came.
void MediaSide::tick(std::uint64_t number) {
    send_slot(slots_[number % slots_.size()]);
    for (UdpSocket& socket : media_) socket.receive([this](const Datagram& packet) { take(packet); });
    if (number % control_ticks == 0)
        for (UdpSocket& socket : control_) {
            socket.receive([](const Datagram&) {});
            socket.flush();
        }
    ticking_ = !by_remote_.empty();
    if (!ticking_) return;
    loop_.at(started_ + std::chrono::milliseconds(number + 1), tick_kind_, number + 1);
}

void MediaSide::send_slot(const std::vector<std::size_t>& flows) {
    std::array<mmsghdr, flows_a_batch> messages;
    std::array<iovec, flows_a_batch> pieces;
    for (std::size_t socket = 0; socket < media_.size(); ++socket) {
        std::size_t count = 0;
        const auto send = [&] {
            figures_.sent += media_[socket].send(std::span(messages.data(), count));
            count = 0;
        };
        WallTime now{};
        for (const std::size_t index : flows) {
            Flow& flow = flows_[index];
            if (flow.socket != socket) continue;
            if (count == 0) now = wall_time();
            prepare(flow, now);
            pieces[count] = {flow.packet.data(), head + payload_};
            messages[count] = {};
            messages[count].msg_hdr = {.msg_name = &flow.remote, .msg_namelen = sizeof flow.remote, .msg_iov = &pieces[count], .msg_iovlen = 1};
            if (++count == flows_a_batch) send();
        }
        if (count > 0) send();
    }
}

void MediaSide::prepare(Flow& flow, WallTime now) {
    put16(&flow.packet[2], flow.sequence++);
    put32(&flow.packet[4], flow.timestamp);
    flow.timestamp += static_cast<std::uint32_t>(8 * settings_.packet_ms);
    const Stamp stamp{mark, flow.number++, now.count()};
    // GSM has no room for octets that mean nothing; its loss is told by RTP's own numbers.
    if (settings_.codec->payload_type != 3 && flow.speaks) std::memcpy(&flow.packet[head], &stamp, sizeof stamp);
    ++flow.sent;
    if (flow.sent % (static_cast<std::uint64_t>(report_interval / std::chrono::milliseconds(1)) / static_cast<std::uint64_t>(settings_.packet_ms)) == 0)
        send_report(flow);
}

// RFC 3550 6.4.1 (sender report without report blocks) and 6.5 (the CNAME that every compound packet has).
void MediaSide::send_report(Flow& flow) {
    std::array<std::uint8_t, 28 + 16> packet{0x80, 200, 0, 6};
    put32(&packet[4], flow.source);
    const auto now = wall_time();
    put32(&packet[8], static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count() + 2208988800));
    put32(&packet[16], flow.timestamp);
    put32(&packet[20], static_cast<std::uint32_t>(flow.sent));
    put32(&packet[24], static_cast<std::uint32_t>(flow.sent * payload_));
    packet[28] = 0x81;
    packet[29] = 202;
    packet[31] = 3;
    put32(&packet[32], flow.source);
    packet[36] = 1;
    packet[37] = 4;
    std::memcpy(&packet[38], "load", 4);
    sockaddr_in to = flow.remote;
    to.sin_port = htons(static_cast<std::uint16_t>(ntohs(to.sin_port) + 1));
    control_[flow.socket].queue(to, {reinterpret_cast<const char*>(packet.data()), packet.size()});
}

void MediaSide::take(const Datagram& packet) {
    const auto found = by_remote_.find(address_key(packet.from));
    if (found == by_remote_.end() || packet.data.size() < head) {
        ++figures_.strange;
        return;
    }
    ++figures_.received;
    count(flows_[found->second], packet.data, packet.arrived);
}

void MediaSide::count(Flow& flow, std::span<const char> packet, WallTime arrived) {
    Stamp stamp{};
    if (packet.size() >= head + sizeof stamp) std::memcpy(&stamp, packet.data() + head, sizeof stamp);
    const bool numbered = stamp.mark == mark;
    if (numbered) figures_.delay.add(arrived - WallTime(stamp.sent));
    const WallTime sent = numbered ? WallTime(stamp.sent) : WallTime{};
    if (flow.received > 0) {
        const bool both = numbered && flow.last_sent != WallTime{};
        const WallTime ours = both ? std::max(WallTime{}, sent - flow.last_sent - std::chrono::milliseconds(settings_.packet_ms)) : WallTime{};
        figures_.longest_gap = std::max(figures_.longest_gap, arrived - flow.last_arrival - ours);
    }
    flow.last_arrival = arrived;
    flow.last_sent = sent;
    ++flow.received;
    std::uint16_t sequence = 0;
    std::memcpy(&sequence, packet.data() + 2, sizeof sequence);
    std::uint32_t heard = static_cast<std::uint32_t>(stamp.number);
    if (!numbered)  // extend 16 bits by the distance to the last one
        heard = flow.last_heard + static_cast<std::uint32_t>(static_cast<std::int16_t>(ntohs(sequence) - static_cast<std::uint16_t>(flow.last_heard)));
    if (flow.counted == 0 || numbered != flow.numbered) {
        figures_.lost += missing(flow);
        flow.numbered = numbered;
        if (!numbered) heard = ntohs(sequence);  // counted anew, without the rounds of before
        flow.first_heard = flow.last_heard = heard;
        flow.counted = 0;
    }
    ++flow.counted;
    if (static_cast<std::int32_t>(heard - flow.last_heard) > 0) flow.last_heard = heard;
}

std::uint64_t MediaSide::missing(const Flow& flow) {
    if (flow.counted == 0) return 0;
    const std::uint64_t expected = flow.last_heard - flow.first_heard + 1;
    return expected > flow.counted ? expected - flow.counted : 0;
}

void MediaSide::reset() {
    figures_ = {};
    for (Flow& flow : flows_) {
        flow.counted = 0;
        flow.sent = flow.received = 0;
    }
}

MediaFigures MediaSide::figures() const {
    MediaFigures all = figures_;
    for (const Flow& flow : flows_) {
        if (!flow.live) continue;
        all.lost += missing(flow);
        all.silent_flows += flow.sent > 10 && flow.received == 0;
    }
    return all;
}

std::uint64_t MediaSide::dropped() const {
    std::uint64_t all = 0;
    for (const auto& sockets : {&media_, &control_})
        for (const UdpSocket& socket : *sockets) all += socket.dropped();
    return all;
}

}  // namespace bench
