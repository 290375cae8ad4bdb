// How many samples a payload holds, read from its bytes alone, for each codec the core knows.
#pragma once

#include <cstdint>
#include <span>

namespace jackfield::payload_samples {

using Payload = std::span<const std::uint8_t>;

// Codecs with a constant bit rate: `Samples` samples take `Bytes` bytes.
template <unsigned Samples, unsigned Bytes>
unsigned constant(Payload payload) {
    return static_cast<unsigned>(payload.size() / Bytes * Samples + payload.size() % Bytes * Samples / Bytes);
}
// Codecs whose packets always hold one frame of that many samples (SILK, AMR: 20 ms).
template <unsigned Samples>
unsigned one_frame(Payload payload) {
    return payload.empty() ? 0 : Samples;
}
// Codecs of whole frames; a rest that is no frame counts nothing.
template <unsigned Samples, unsigned Bytes>
unsigned frames(Payload payload) {
    return static_cast<unsigned>(payload.size() / Bytes * Samples);
}

unsigned g723(Payload payload);  // ITU-T G.723.1: the two low bits of a frame's first byte give its size
unsigned g729(Payload payload);  // ITU-T G.729 annex B: frames of 10 bytes, at the end maybe one of 2 (noise)
unsigned ilbc(Payload payload);  // RFC 3952: frames of 38 bytes (20 ms) or 50 bytes (30 ms)
unsigned opus(Payload payload);  // RFC 6716 3.1: table of contents byte; at 48 kHz
// RFC 5574: frames told apart by their mode bits; `frame` samples each.
unsigned speex(Payload payload, unsigned frame);
template <unsigned Frame>
unsigned speex(Payload payload) {
    return speex(payload, Frame);
}

}  // namespace jackfield::payload_samples
