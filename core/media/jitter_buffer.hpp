// Jitter buffer: takes packets as the network delivers them and gives them back evenly. Pure: time comes in, nothing
// waits.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/media/format.hpp"

namespace jackfield {

// Every packet has a moment when it is due: that of the fastest packet seen lately, plus its distance in timestamps,
// plus a delay. The delay is fixed, or follows what the slower packets needed. One thread; memory is bounded by its
// slots and taken as it is first used.
class JitterBuffer {
  public:
    struct Settings {
        bool adaptive = true;
        std::chrono::milliseconds delay{60};     // when fixed; what an adaptive one starts with
        std::chrono::milliseconds maximum{200};  // of the delay
        SampleRate clock;                        // of timestamps
    };
    struct Packet {
        std::uint16_t sequence = 0;
        std::uint32_t timestamp = 0;
        std::uint8_t kind = 0;  // the caller's, e.g. the payload type
        bool marker = false;
        std::span<const std::uint8_t> payload;
    };
    enum class Put : std::uint8_t { kept, late, doubled, restarted };  // restarted: kept, the stream began anew
    struct Statistics {
        std::uint64_t kept = 0, late = 0, doubled = 0, lost = 0, restarts = 0;
    };

    explicit JitterBuffer(const Settings& settings);

    // `now_ns`: any monotonic clock. Copies the payload.
    Put put(const Packet& packet, std::uint64_t now_ns);
    // The packet of that number took another way (a digit, comfort noise): it is not missing.
    void pass(std::uint16_t sequence);

    // What is due now; nothing: ask again later. Lost: a packet is missing that should be heard now, with the timestamp
    // and the number that it would have had and no payload. The payload lives until the next call.
    struct Due {
        bool lost = false;
        Packet packet;
    };
    std::optional<Due> get(std::uint64_t now_ns);

    std::chrono::milliseconds delay() const { return std::chrono::milliseconds(delay_ / 1'000'000); }
    std::size_t waiting() const { return waiting_; }
    const Statistics& statistics() const { return statistics_; }
    void reset();

  private:
    static constexpr std::size_t slots = 128;  // 2.5 s of 20 ms packets
    struct Slot {
        enum class State : std::uint8_t { empty, filled, passed } state = State::empty;
        bool marker = false;
        std::uint8_t kind = 0;
        std::uint16_t sequence = 0;
        std::uint32_t timestamp = 0;
        std::vector<std::uint8_t> payload;
    };

    void start(const Packet& packet, std::uint64_t now_ns);
    void measure(std::int64_t transit);
    void adapt();
    std::int64_t due_at(std::uint32_t timestamp) const;  // ns
    std::int64_t units_to_ns(std::int64_t units) const { return units * 1'000'000'000 / clock_; }
    Slot& slot(std::uint16_t sequence) { return slots_[sequence % slots]; }

    const Settings settings_;
    const std::int64_t clock_;
    std::vector<Slot> slots_;
    bool started_ = false;
    std::uint16_t next_ = 0, newest_ = 0;  // sequence numbers: to be given next, highest kept
    std::uint32_t next_timestamp_ = 0;     // of `next_`, as far as is known
    std::uint32_t step_ = 0;               // between the timestamps of neighbours
    std::size_t waiting_ = 0;
    unsigned late_run_ = 0;

    // Transit: arrival minus timestamp, relative to the first packet.
    std::uint32_t origin_timestamp_ = 0;
    std::uint64_t origin_ns_ = 0;
    std::int64_t fastest_ = 0;  // of the last windows
    static constexpr std::size_t windows = 4;
    static constexpr unsigned window_packets = 64;
    std::array<std::int64_t, windows> window_fastest_{}, window_slowest_{};
    std::size_t window_ = 0;
    unsigned in_window_ = 0;
    std::int64_t delay_;  // ns
    Statistics statistics_;
};

}  // namespace jackfield
