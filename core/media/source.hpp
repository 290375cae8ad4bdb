// Sources and sinks of audio that is not a call's other side: files, tones, hold music, recordings, detectors.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "core/media/frame.hpp"

namespace jackfield {

// Produces audio on a media thread, one frame a tick; made on the control thread.
class Source {
  public:
    virtual ~Source() = default;
    virtual const Codec* codec() const = 0;
    // The next `samples` samples; an empty frame: ended. Never waits: a source whose data has not come yet gives silence.
    virtual Frame next(unsigned samples) = 0;
};

// Takes copies of a stream's audio (recording, spying, detection). Media thread.
class Tap {
  public:
    enum class Direction : std::uint8_t { read, write, both };  // read: what the channel says; write: what it hears
    enum class Place : std::uint8_t { before_whisper, after_whisper };
    explicit Tap(Direction direction, Place place = Place::after_whisper) : direction_(direction), place_(place) {}
    virtual ~Tap() = default;
    Direction direction() const { return direction_; }
    Place place() const { return place_; }
    virtual const Codec* wants() const { return nullptr; }  // null: as it comes; else translated before
    virtual void hear(const Frame& frame, Direction direction) = 0;

  private:
    Direction direction_;
    Place place_;
};

// Adds audio to what a channel hears (whisper) or says (barge by injection). Mixed on the media thread.
class Injector {
  public:
    explicit Injector(Tap::Direction direction) : direction_(direction) {}
    virtual ~Injector() = default;
    Tap::Direction direction() const { return direction_; }
    virtual bool replaces() const { return false; }      // true: instead of the call's audio (mute, announcement)
    virtual void mix(std::span<std::int16_t> audio, SampleRate rate) = 0;

  private:
    Tap::Direction direction_;
};

}  // namespace jackfield
