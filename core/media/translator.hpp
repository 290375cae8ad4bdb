// Translators: one step between two codecs; the registry finds the cheapest chain of steps.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/media/format.hpp"
#include "core/media/frame.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// State of one direction of one call. Media thread only. Never allocates in translate().
class Translator {
  public:
    virtual ~Translator() = default;
    // Decodes or encodes one frame's bytes; returns the bytes written to `out`, 0 when more input is needed.
    // Malformed input gives what concealment makes of it, never an error.
    virtual std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) = 0;
    // A frame of `samples` samples is missing; fills in what a listener should hear. 0: nothing.
    virtual std::size_t conceal(unsigned samples, std::span<std::uint8_t> out);
};

struct TranslatorInfo {
    std::string name;          // "ulawtolin"
    std::string from, to;      // codec names; one of them linear, or both for resampling
    unsigned cost_us = 1;      // for one second of audio, measured (`core show translation`)
    std::function<std::unique_ptr<Translator>()> make;
};
Result<Registration> register_in(Module& module, TranslatorInfo info);

// The short way for codec modules: a type with
//   std::size_t encode(std::span<const std::int16_t> pcm, std::span<std::uint8_t> out);
//   std::size_t decode(std::span<const std::uint8_t> in, std::span<std::int16_t> pcm);   // returns samples
// makes both directions to linear audio of the codec's rate. Optional, for losses:
//   std::size_t conceal(unsigned samples, std::span<std::int16_t> pcm);                  // returns samples
template <class C>
concept AudioCodec = std::default_initializable<C> &&
    requires(C codec, std::span<const std::int16_t> pcm, std::span<std::uint8_t> bytes,
             std::span<const std::uint8_t> in, std::span<std::int16_t> samples) {
        { codec.encode(pcm, bytes) } -> std::convertible_to<std::size_t>;
        { codec.decode(in, samples) } -> std::convertible_to<std::size_t>;
    };
template <AudioCodec C>
Result<void> add_audio_codec(Module& module, const std::string& codec, unsigned cost_us) {
    struct Encoder final : Translator {
        C state;
        std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
            return state.encode({reinterpret_cast<const std::int16_t*>(in.data()), in.size() / 2}, out);
        }
    };
    struct Decoder final : Translator {
        C state;
        std::size_t translate(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) override {
            return 2 * state.decode(in, {reinterpret_cast<std::int16_t*>(out.data()), out.size() / 2});
        }
        std::size_t conceal(unsigned samples, std::span<std::uint8_t> out) override {
            if constexpr (requires { state.conceal(samples, std::span<std::int16_t>()); })
                return 2 * state.conceal(samples, {reinterpret_cast<std::int16_t*>(out.data()), out.size() / 2});
            else
                return Translator::conceal(samples, out);
        }
    };
    const Codec* known = find_codec(codec);
    const Codec* linear = known ? linear_codec(known->rate) : nullptr;
    if (!linear) return fail(ErrorCode::invalid, "codec {} is not known; add_codec() it first", codec);
    JF_TRY(module.add(TranslatorInfo{codec + "to" + linear->name, codec, linear->name, cost_us,
                                     [] { return std::make_unique<Decoder>(); }}));
    JF_TRY(module.add(TranslatorInfo{linear->name + "to" + codec, linear->name, codec, cost_us,
                                     [] { return std::make_unique<Encoder>(); }}));
    return {};
}

// A chain of steps made for one direction of one call. Made on the control thread, used on one media thread.
class TranslationPath {
  public:
    // Cheapest by: sample rate kept, then quality, then cost. Errors: unsupported, naming both codecs.
    static Result<std::unique_ptr<TranslationPath>> find(const Codec* from, const Codec* to);
    ~TranslationPath();
    const Codec* from() const;
    const Codec* to() const;
    // Steps through the chain; calls `out` with each frame that comes of it (none or more), at most
    // FrameBuffer::capacity bytes each. Timestamps go on in `to`'s clock, gaps of the input included. A frame without
    // payload but with `samples` is one that was lost: the first step conceals it.
    void translate(const Frame& frame, const std::function<void(const Frame&)>& out);
    std::string describe() const;  // "(ulaw)->(slin)->(g722)"

  private:
    struct Private;
    explicit TranslationPath(std::unique_ptr<Private> made);
    std::unique_ptr<Private> private_;
};
// Cost for comparing candidates without making the chain; no value: no way. Steps: for `core show translation`.
struct PathCost {
    unsigned cost_us = 0;
    unsigned steps = 0;
    bool rate_kept = true;
};
std::optional<PathCost> path_cost(const Codec* from, const Codec* to);

}  // namespace jackfield
