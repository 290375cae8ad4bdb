// A port: where frames enter and leave a media thread (RTP, IAX2, DAHDI, half of a Local channel, external media).
// Channel drivers derive from it. Everything here runs on the port's media thread unless it says otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/media/frame.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

class MediaThread;
class PortReceiver;

// Descriptors of one media thread's epoll loop; a port registers its sockets in attach() and removes them in detach().
class Pollable {
  public:
    // Called once per turn while there is something to read (level-triggered): reading one packet is enough.
    virtual void readable() = 0;

  protected:
    ~Pollable() = default;
};

class Port {
  public:
    Port();
    virtual ~Port() = default;
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    // Sends a frame out of the port. The codec is one of those that the driver said the far side takes.
    virtual void write(const Frame& frame) = 0;
    // Sends a digit by the port's own means (RFC 4733 events); false: it has none, generate it in-band.
    virtual bool write_digit(const Digit& digit) { return (void)digit, false; }

    // Tells the far side what is missing of its frames; by default nothing. A key frame is asked for by the core too, when the
    // stream is connected with another.
    virtual void ask(const Feedback& feedback) { (void)feedback; }

    // The port starts to live on `thread` / leaves it (it may be attached to another one after that).
    virtual void attach(MediaThread& thread) = 0;
    virtual void detach() = 0;

    // What the two sides of a relayed call must agree upon to forward frames unopened; ports of one kind with equal
    // codecs may also be linked directly. 0: never.
    virtual std::uint32_t relay_kind() const { return 0; }

  protected:
    // Hands a frame that came from outside to whatever the stream is connected with.
    void receive(const Frame& frame);
    void receive_digit(const Digit& digit);
    // What the far side misses of the frames written, in their numbers.
    void receive_feedback(const Feedback& feedback);
    // A state-like event for the control thread, coalesced: RTP timeout, source address learnt, quality report.
    // `driver_event` bits are given to the function that the stream's owner set (MediaStream::on_port_event).
    void report(std::uint32_t driver_event);

  private:
    friend class MediaStream;
    friend struct StreamNode;
    PortReceiver* receiver_ = nullptr;
    Gate::Pass pass_;  // of the module whose code the port is
};

// One thread of the media plane. Ports and sources use it; control code only names it.
class MediaThread {
  public:
    virtual bool add(int descriptor, Pollable& pollable) = 0;
    virtual void remove(int descriptor) = 0;
    virtual std::uint64_t now_ns() const = 0;     // steady clock, read once per turn
    // A batch buffer for receiving, 64 KiB, free to use within one readable().
    virtual std::span<std::uint8_t> scratch() = 0;
    // Runs every 20 ms (or at the packet time asked) while registered: clocks of players, mixers, tones.
    class Ticked {
      public:
        virtual void tick(std::uint64_t now_ns) = 0;
        virtual ~Ticked() = default;
    };
    virtual void add_ticked(Ticked& ticked, std::chrono::milliseconds interval) = 0;
    virtual void remove_ticked(Ticked& ticked) = 0;
    virtual unsigned index() const = 0;

  protected:
    ~MediaThread() = default;
};

}  // namespace jackfield
