// What the libraries of the codecs take alone for 20 ms: the measure of the steps of translation (tests/bench/run --only translation).
#include <gsm.h>

#include <cmath>  // which SpanDSP's header would break
#include <cstdint>

#include <spandsp/telephony.h>  // does not include what it needs

#include <spandsp/g722.h>

#include <array>

#include "tests/bench/pieces/allocations.hpp"
#include "tests/unit/core/media/media_fixture.hpp"

using namespace jackfield::testing;

namespace {

template <std::size_t Samples>
std::array<std::int16_t, Samples> tone(double rate) {
    Tone source(440, 8000, rate);
    std::array<std::int16_t, Samples> pcm;
    for (auto& sample : pcm) sample = source.next();
    return pcm;
}

void library_gsm_encode(benchmark::State& state) {
    const gsm codec = gsm_create();
    auto pcm = tone<160>(8000);
    std::array<gsm_byte, 33> bytes;
    for (auto _ : state) gsm_encode(codec, pcm.data(), bytes.data());
    gsm_destroy(codec);
}
BENCHMARK(library_gsm_encode);

void library_gsm_decode(benchmark::State& state) {
    const gsm codec = gsm_create();
    auto pcm = tone<160>(8000);
    std::array<gsm_byte, 33> bytes;
    gsm_encode(codec, pcm.data(), bytes.data());
    for (auto _ : state)
        if (gsm_decode(codec, bytes.data(), pcm.data()) != 0) return state.SkipWithError("not decoded");
    gsm_destroy(codec);
}
BENCHMARK(library_gsm_decode);

void library_g722_encode(benchmark::State& state) {
    g722_encode_state_t* const codec = g722_encode_init(nullptr, 64000, 0);
    const auto pcm = tone<320>(16000);
    std::array<std::uint8_t, 160> bytes;
    for (auto _ : state) g722_encode(codec, bytes.data(), pcm.data(), static_cast<int>(pcm.size()));
    g722_encode_free(codec);
}
BENCHMARK(library_g722_encode);

void library_g722_decode(benchmark::State& state) {
    g722_encode_state_t* const encoder = g722_encode_init(nullptr, 64000, 0);
    g722_decode_state_t* const codec = g722_decode_init(nullptr, 64000, 0);
    auto pcm = tone<320>(16000);
    std::array<std::uint8_t, 160> bytes;
    g722_encode(encoder, bytes.data(), pcm.data(), static_cast<int>(pcm.size()));
    for (auto _ : state) g722_decode(codec, pcm.data(), bytes.data(), static_cast<int>(bytes.size()));
    g722_encode_free(encoder);
    g722_decode_free(codec);
}
BENCHMARK(library_g722_decode);

}  // namespace
