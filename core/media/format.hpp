// Codecs and formats: what a frame's bytes are.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield {

enum class MediaType : std::uint8_t { audio, video, image, text };

struct SampleRate {
    std::uint32_t hz = 8000;
    bool operator==(const SampleRate&) const = default;
};

// One way to encode media. Codecs are interned: there is one object per name for the life of the process, so that a
// pointer names it. Core knows all of Asterisk's names (core/media/format.cpp); a module may add others.
struct Codec {
    std::string name;                       // Asterisk's: "ulaw", "alaw", "g722", "slin", "slin16", "opus", "h264"
    std::string description;
    std::string encoding;                   // RTP encoding name (RFC 3551 and the codec's RFC): "PCMU", "G722"; or empty
    MediaType type = MediaType::audio;
    SampleRate rate;                        // of the decoded audio
    SampleRate rtp_clock;                   // of RTP timestamps; 8000 for G.722 (RFC 3551 4.5.2)
    std::uint8_t channels = 1;
    int static_payload_type = -1;           // RFC 3551 table 4 and 5; -1: dynamic
    std::chrono::milliseconds packet_time{20};       // default
    std::chrono::milliseconds maximum_packet_time{150};
    unsigned bytes_per_10ms = 0;            // 0: variable
    bool linear = false;                    // signed 16 bit, host byte order
    int quality = 100;                      // of translation order: loss of a step, percent kept
    // Samples (at `rate`) in a payload.
    unsigned (*samples)(std::span<const std::uint8_t> payload) = nullptr;
};

// Null when nobody knows the name.
const Codec* find_codec(std::string_view name);
const Codec* find_codec(std::string_view encoding, std::uint32_t rtp_clock, unsigned channels);  // of an SDP rtpmap
const Codec* find_static_payload(int payload_type);
std::vector<const Codec*> list_codecs();
// Signed linear at that rate ("slin", "slin16", ...); null when there is none.
const Codec* linear_codec(SampleRate rate);
// Adds one for ever (modules that bring a codec the core does not know). Errors: exists.
Result<const Codec*> add_codec(Codec codec);

// A codec with the parameters that two sides agreed upon.
struct Format {
    const Codec* codec = nullptr;
    std::chrono::milliseconds packet_time{0};  // 0: the codec's own
    std::string parameters;                    // fmtp, as negotiated
    std::chrono::milliseconds effective_packet_time() const {
        return packet_time.count() ? packet_time : codec->packet_time;
    }
    bool operator==(const Format&) const = default;
};

// Formats in order of preference.
class FormatList {
  public:
    FormatList() = default;
    explicit FormatList(std::vector<Format> formats) : formats_(std::move(formats)) {}
    // `allow = !all,ulaw:40,alaw` and `disallow`. Errors: invalid with the nearest valid word.
    Result<void> allow(std::string_view list);
    Result<void> disallow(std::string_view list);

    bool empty() const { return formats_.empty(); }
    std::size_t size() const { return formats_.size(); }
    auto begin() const { return formats_.begin(); }
    auto end() const { return formats_.end(); }
    const Format* find(const Codec* codec) const;
    bool has(const Codec* codec) const { return find(codec) != nullptr; }
    const Format* best(MediaType type) const;  // first of that type
    FormatList joint(const FormatList& other) const;  // mine in my order, that the other has as well
    FormatList of_type(MediaType type) const;
    void add(Format format);                   // at the end, or in place of the same codec's entry
    std::string to_string() const;  // "(ulaw|alaw)", as Asterisk prints it
    bool operator==(const FormatList&) const = default;

  private:
    std::vector<Format> formats_;
};

}  // namespace jackfield
