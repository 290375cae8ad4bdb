// Digits as telephone events (RFC 4733): what comes in becomes one begin and one end, what goes out is repeated.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/media/frame.hpp"
#include "modules/res_rtp/rtp_packet.hpp"

namespace jackfield::rtp {

// At most an end of the digit before, a begin and an end come of one packet.
struct FoundDigits {
    std::array<Digit, 3> digits;
    std::size_t count = 0;
    void add(const Digit& digit) { digits[count++] = digit; }
};

class EventReceiver {
  public:
    FoundDigits hear(const TelephoneEvent& event, std::uint32_t timestamp, std::uint64_t now_ns,
                     std::uint32_t clock_hz);
    // Ends a digit whose end packets were all lost.
    FoundDigits check(std::uint64_t now_ns);
    bool active() const { return active_; }
    void set_timeout(std::uint64_t ns) { timeout_ns_ = ns; }

  private:
    void end(FoundDigits& found);
    bool active_ = false, seen_ = false;
    std::uint8_t event_ = 0;
    std::uint32_t timestamp_ = 0;  // of the present or the last event
    std::uint32_t before_ = 0;     // duration of its earlier segments
    std::uint16_t duration_ = 0;
    std::uint32_t clock_hz_ = 8000;
    std::uint64_t heard_at_ = 0, timeout_ns_ = 375'000'000;
};

class EventSender {
  public:
    struct Outgoing {
        TelephoneEvent event;
        std::uint32_t timestamp;
        bool marker;
    };
    // Begins an event at that timestamp; one that is still on its way is given up.
    void begin(std::uint8_t event, std::uint32_t timestamp);
    // No longer pressed; `least` is the duration to be reached at least, in timestamp units.
    void end(std::uint32_t least);
    // The packet to send now, `step` timestamp units after the last one; nothing when the event is over.
    std::optional<Outgoing> next(std::uint32_t step);
    bool active() const { return state_ != State::idle; }

  private:
    static constexpr unsigned repeats = 3;  // of the end (RFC 4733 2.5.1.4)
    enum class State : std::uint8_t { idle, pressed, released, ending } state_ = State::idle;
    TelephoneEvent event_;
    std::uint32_t timestamp_ = 0, duration_ = 0, least_ = 0;
    unsigned sent_ = 0, ends_ = 0;
};

}  // namespace jackfield::rtp
