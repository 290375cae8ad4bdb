// Feeds arbitrary bytes to whatever looks into sound: file headers, payloads of every codec, WAV49 blocks, tones.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/media/sound_file.hpp"
#include "core/media/tone.hpp"

// The formats' own code, each with a descriptor of its own name.
#define jackfield_module_descriptor wav_descriptor
#define jackfield_abi_tag wav_abi_tag
#define jackfield_module_needs wav_needs
namespace wav {
#include "modules/format_wav.cpp"
}
#undef jackfield_module_descriptor
#undef jackfield_abi_tag
#undef jackfield_module_needs
#define jackfield_module_descriptor wav49_descriptor
#define jackfield_abi_tag wav49_abi_tag
#define jackfield_module_needs wav49_needs
namespace wav49 {
#include "modules/format_wav_gsm.cpp"
}
#undef jackfield_module_descriptor
#undef jackfield_abi_tag
#undef jackfield_module_needs
#define jackfield_module_descriptor pcm_descriptor
#define jackfield_abi_tag pcm_abi_tag
#define jackfield_module_needs pcm_needs
namespace pcm {
#include "modules/format_pcm.cpp"
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    using namespace jackfield;
    const std::span<const std::uint8_t> input(bytes, size);
    for (const auto read : {wav::read_header, wav49::read_header, pcm::read_au}) {
        const auto layout = read(input);
        if (!layout && layout.error().text.empty()) std::abort();
    }
    // A WAVE header says where the sound is: within what was read.
    if (const auto layout = wav::read_header(input); layout && (layout->offset > size || !layout->codec)) std::abort();
    if (const auto layout = wav49::read_header(input); layout && layout->offset > size) std::abort();

    for (const Codec* codec : list_codecs())
        if (codec->samples && codec->samples(input) > size * 2000 + 6000) std::abort();

    if (size >= 65) {  // packing again gives the same block
        std::array<std::uint8_t, 66> frames;
        std::array<std::uint8_t, 65> block;
        wav49::unpack(input.first(65), frames);
        wav49::pack(frames, block);
        if (!std::equal(block.begin(), block.end(), bytes)) std::abort();
    }
    if (auto tone = make_tone({reinterpret_cast<const char*>(bytes), std::min<std::size_t>(size, 400)}); tone)
        for (int i = 0; i < 20; ++i) (*tone)->next(160);
    return 0;
}
