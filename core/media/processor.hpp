// What changes a stream's media on its way: processors of audio (gain, filters, effects) and filters of whole frames.
// A module derives from one of them and gives it to MediaStream::add(); destroying what that returns takes it out again.
#pragma once

#include <cstdint>
#include <span>

#include "core/media/source.hpp"

namespace jackfield {

// Changes audio in place. It stands next to the channel: what it makes of `read` is what taps, silence watches, injectors
// and the other side get, and what it makes of `write` goes on to taps, whispers and the channel. While there is one, that
// direction is decoded and encoded again, also between sides of one codec; when the last has gone, frames pass unopened.
// Made and destroyed on the control thread, used on the stream's media thread; it moves with the channel's stream, so that
// changes of port, bridge and thread do not touch it.
class AudioProcessor {
  public:
    using Direction = Tap::Direction;
    // Processors of one direction run by `order`, lowest first, and equal ones as they were added.
    enum Order : std::int8_t { clean = -50, level = 0, effect = 50, mute = 100 };
    // `both`: one object hears the two directions one after the other; most want one object for each.
    explicit AudioProcessor(Direction direction, int order = level) : direction_(direction), order_(order) {}
    virtual ~AudioProcessor() = default;
    Direction direction() const { return direction_; }
    int order() const { return order_; }

    // Before the first audio of that rate, and again whenever the rate changes. The one place that may allocate.
    virtual void begin(SampleRate rate) { (void)rate; }
    // Linear 16 bit, one channel, at the rate of the last begin(); usually 20 ms, but any length from 1 sample up.
    // Allocates nothing, waits for nothing, throws nothing. `direction` is read or write.
    virtual void process(std::span<std::int16_t> audio, Direction direction) = 0;

  private:
    friend struct StreamNode;
    Direction direction_;
    int order_;
    SampleRate rate_{0};  // of the last begin()
};

// Sees frames and digits as they come, of any media and any codec, and keeps back those that it does not let pass. Filters
// run in the order in which they were added: on `read` before anything else, on `write` after all but the translation.
// What is relayed unopened is seen too: while there is a filter, frames take the longer way. Threads as above.
class FrameFilter {
  public:
    using Direction = Tap::Direction;
    explicit FrameFilter(Direction direction) : direction_(direction) {}
    virtual ~FrameFilter() = default;
    Direction direction() const { return direction_; }
    // False: the frame goes no further. `direction` is read or write.
    virtual bool passes(const Frame& frame, Direction direction) = 0;
    virtual bool passes(const Digit& digit, Direction direction) = 0;

  private:
    Direction direction_;
};

}  // namespace jackfield
