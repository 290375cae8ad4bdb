// Listening to a stream and speaking into it from another one: what ChanSpy, ExtenSpy and snoop channels are made of.
#pragma once

#include <cstdint>
#include <memory>

#include "core/media/media_stream.hpp"

namespace jackfield {

// Which sides of a channel: `in` is what the channel says, `out` what it hears.
enum class SnoopWays : std::uint8_t { none, in, out, both };

// Taps and injectors on `target`, and a port for the stream of who listens. The two may live on different media threads; audio
// passes by rings of a quarter of a second, so that a slow listener loses audio and never holds up the target. Goes on while
// the target's port, peer and thread change; when the target has gone, the port gives silence. Whispers are not heard back.
// Control thread.
class Snoop {
  public:
    struct Options {
        SnoopWays hear = SnoopWays::both;
        SnoopWays whisper = SnoopWays::none;  // in: to those whom the channel talks to; out: to the channel itself
        SampleRate rate{8000};                // of the port's audio, 8000 to 48000
        double volume = 1;                    // factor of what is heard
    };
    Snoop(MediaStream& target, const Options& options);
    ~Snoop();  // the target is left as it was; the port may live on
    Snoop(const Snoop&) = delete;
    Snoop& operator=(const Snoop&) = delete;

    // Gives what is heard every 20 ms and whispers what is written to it, both as codec(). Once; null after that.
    std::unique_ptr<Port> take_port();
    const Codec* codec() const;
    void set_hear(SnoopWays ways);
    void set_whisper(SnoopWays ways);
    void set_volume(double factor);

  private:
    struct Private;
    std::unique_ptr<Private> private_;
};

}  // namespace jackfield
