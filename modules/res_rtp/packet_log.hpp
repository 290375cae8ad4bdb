// What `rtp set debug`, `rtcp set debug` and `rtcp set stats` print of packets.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "core/base/address.hpp"
#include "modules/res_rtp/rtcp_packet.hpp"
#include "modules/res_rtp/rtp.hpp"

namespace jackfield::rtp {

// Shared by the ports of all sessions while something is to be printed; the settings never change. Media threads; nothing waits,
// and beyond most_per_second lines are left out and counted.
class PacketLog {
  public:
    static constexpr unsigned most_per_second = 300;
    struct Settings {
        bool rtp = false, rtcp = false, statistics = false;
        SocketAddress rtp_of, rtcp_of;  // only of that far side, port 0: any of its ports; invalid: all
        bool any() const { return rtp || rtcp || statistics; }
    };
    explicit PacketLog(const Settings& settings) : settings_(settings) {}
    const Settings& settings() const { return settings_; }

    // `now`: of the steady clock.
    void rtp(bool sent, std::span<const std::uint8_t> bytes, const SocketAddress& remote, std::uint64_t now);
    void rtcp(const OutgoingReport& report, const SocketAddress& remote, std::uint64_t now);
    void rtcp(const CompoundReport& report, const SocketAddress& remote, std::uint64_t now);
    void statistics(const RtpQuality& quality, const SocketAddress& remote, std::uint64_t now);

  private:
    bool allow(std::uint64_t now);

    const Settings settings_;
    std::atomic<std::uint64_t> second_{0};
    std::atomic<unsigned> in_second_{0};
};

}  // namespace jackfield::rtp
