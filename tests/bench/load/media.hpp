// RTP source and sink of one side's calls (RFC 3550): many flows over few sockets, told apart by where the packets come from.
#pragma once

#include <array>
#include <deque>
#include <unordered_map>

#include "tests/bench/load/histogram.hpp"
#include "tests/bench/load/loop.hpp"

namespace bench {

struct Codec {
    std::string_view name, rtpmap;
    int payload_type;
    double bytes_per_ms;
};
/// "pcmu", "pcma", "g722" or "gsm"; ends the program for others.
const Codec& codec_named(std::string_view name);

/// What a side heard and said since the last reset.
struct MediaFigures {
    std::uint64_t sent = 0, received = 0, lost = 0, strange = 0;  // strange: from where no flow has its other end
    std::uint64_t silent_flows = 0;                               // that sent and heard nothing at all
    Histogram delay;                                              // from our send to the kernel's receipt, where the payload came through
    std::chrono::nanoseconds longest_gap{};  // between two packets of one flow, less what we ourselves sent late
};

/// Sends a packet per flow and packet time, in slots of 1 ms over which the flows are spread, by absolute time. Payloads hold a
/// mark, a number and the moment of sending, by which the other side tells loss and delay if no one transcoded them. RTCP sender
/// reports go out every 5 s from the port above; what comes there is read and thrown away.
class MediaSide {
  public:
    struct Settings {
        std::string name;
        sockaddr_in first;  // address and first (even) port; each socket takes two
        int sockets = 4;
        const Codec* codec = nullptr;
        int packet_ms = 20;
        std::size_t speakers = ~std::size_t{0};  // so many flows speak, those after them send silence
    };
    MediaSide(Loop& loop, const Settings& settings);

    /// The port that the next call announces.
    int port_for(std::size_t call) const;
    std::string session_description(std::size_t call) const;

    /// Begins to send from that call's port to `remote` and to hear what comes from there. `stop` forgets it.
    std::size_t start(std::size_t call, const sockaddr_in& remote);
    void stop(std::size_t flow);
    std::size_t flows() const { return by_remote_.size(); }

    void reset();
    /// The figures since the last reset, with the flows that are still up.
    MediaFigures figures() const;
    std::uint64_t dropped() const;

  private:
    static constexpr std::size_t head = 12, largest_payload = 8 * 60;
    struct Flow {
        sockaddr_in remote{};
        std::size_t socket = 0, slot = 0, slot_place = 0;
        bool live = false, speaks = true;
        std::uint16_t sequence = 0;
        std::uint32_t timestamp = 0, number = 0, source = 0;
        std::uint64_t sent = 0, received = 0;
        std::uint32_t first_heard = 0, last_heard = 0;  // the numbers, or RTP's own where the payload was changed
        std::uint64_t counted = 0;                      // heard since first_heard
        bool numbered = false;
        WallTime last_arrival{}, last_sent{};
        std::array<std::uint8_t, head + largest_payload> packet{};
    };

    void tick(std::uint64_t number);
    void send_slot(const std::vector<std::size_t>& flows);
    void prepare(Flow& flow, WallTime now);
    void take(const Datagram& packet);
    void count(Flow& flow, std::span<const char> packet, WallTime arrived);
    void send_report(Flow& flow);
    static std::uint64_t missing(const Flow& flow);

    Loop& loop_;
    Settings settings_;
    std::size_t payload_;
    std::vector<UdpSocket> media_, control_;
    std::deque<Flow> flows_;
    std::vector<std::size_t> free_;
    std::unordered_map<std::uint64_t, std::size_t> by_remote_;
    std::vector<std::vector<std::size_t>> slots_;
    std::size_t tick_kind_, next_slot_ = 0;
    Time started_;
    bool ticking_ = false;
    MediaFigures figures_;
};

}  // namespace bench
