// format_wav - Microsoft WAVE files: 16 bit PCM at any telephone rate; A-law and mu-law are read too.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

constexpr unsigned pcm_tag = 1, alaw_tag = 6, ulaw_tag = 7, gsm_tag = 0x31, extensible_tag = 0xfffe;

unsigned u16(std::span<const std::uint8_t> bytes, std::size_t at) { return bytes[at] | bytes[at + 1] << 8; }
std::uint32_t u32(std::span<const std::uint8_t> bytes, std::size_t at) {
    return u16(bytes, at) | static_cast<std::uint32_t>(u16(bytes, at + 2)) << 16;
}
std::string_view name_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return {reinterpret_cast<const char*>(&bytes[at]), 4};
}

// The codec that a "fmt " chunk describes.
Result<const Codec*> read_format(std::span<const std::uint8_t> chunk) {
    if (chunk.size() < 16) return fail(ErrorCode::invalid, "the WAVE format is cut short");
    unsigned tag = u16(chunk, 0);
    if (tag == extensible_tag && chunk.size() >= 26) tag = u16(chunk, 24);  // first two bytes of the sub-format
    const unsigned channels = u16(chunk, 2), bits = u16(chunk, 14);
    const std::uint32_t rate = u32(chunk, 4);
    if (channels != 1) return fail(ErrorCode::invalid, "it has {} channels; convert it to one", channels);
    if (tag == gsm_tag)
        return fail(ErrorCode::invalid, "it is a WAV49 file (GSM); its name has to end in .WAV or .wav49");
    if ((tag == alaw_tag || tag == ulaw_tag) && rate == 8000) return find_codec(tag == alaw_tag ? "alaw" : "ulaw");
    if (tag != pcm_tag || bits != 16)
        return fail(ErrorCode::invalid, "it has {} bits of WAVE format {}; convert it to 16 bit PCM", bits, tag);
    const Codec* codec = linear_codec({rate});
    if (!codec) return fail(ErrorCode::invalid, "it has {} samples a second; convert it to 8000 or 16000", rate);
    return codec;
}

Result<SoundFileFormat::Layout> read_header(std::span<const std::uint8_t> head) {
    if (head.size() < 12 || name_at(head, 0) != "RIFF" || name_at(head, 8) != "WAVE")
        return fail(ErrorCode::invalid, "it does not begin as a WAVE file");
    SoundFileFormat::Layout layout;
    for (std::size_t at = 12; head.size() - at >= 8;) {
        const std::string_view name = name_at(head, at);
        const std::uint32_t size = u32(head, at + 4);
        at += 8;
        if (name == "data") {
            if (!layout.codec) return fail(ErrorCode::invalid, "its sound comes before its format");
            layout.offset = at;
            // Programs that write to a pipe leave 0 or all ones: then it goes on to the end.
            if (size != 0 && size != 0xffffffff) layout.length = size;
            return layout;
        }
        if (name == "fmt ")
            layout.codec = JF_TRY(read_format(head.subspan(at, std::min<std::size_t>(size, head.size() - at))));
        const std::size_t step = std::size_t{size} + (size & 1);
        if (step > head.size() - at) break;
        at += step;
    }
    return fail(ErrorCode::invalid, "there is no sound in its first {} bytes", head.size());
}

template <std::uint32_t Rate>
std::vector<std::uint8_t> make_header(std::size_t bytes) {
    std::vector<std::uint8_t> header;
    const auto text = [&](const char* name) { header.insert(header.end(), name, name + 4); };
    const auto number = [&](std::uint32_t value, int size) {
        for (int i = 0; i < size; ++i) header.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    };
    const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, 0xffffffff - 36));
    text("RIFF");
    number(length + 36, 4);
    text("WAVE");
    text("fmt ");
    number(16, 4);
    number(pcm_tag, 2);
    number(1, 2);  // channels
    number(Rate, 4);
    number(Rate * 2, 4);
    number(2, 2);
    number(16, 2);
    text("data");
    number(length, 4);
    return header;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(SoundFileFormat{.name = "wav",
                                      .extensions = {"wav"},
                                      .codec = "slin",
                                      .description = "Microsoft WAV/WAV16 format (8kHz/16kHz Signed Linear)",
                                      .read_header = read_header,
                                      .make_header = make_header<8000>}));
    return module.add(SoundFileFormat{.name = "wav16",
                                      .extensions = {"wav16"},
                                      .codec = "slin16",
                                      .description = "Microsoft WAV format (16kHz Signed Linear)",
                                      .read_header = read_header,
                                      .make_header = make_header<16000>});
}

}  // namespace

JACKFIELD_MODULE("format_wav", "Microsoft WAV/WAV16 format (8kHz/16kHz Signed Linear)", load);
