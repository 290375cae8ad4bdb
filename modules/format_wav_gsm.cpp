// format_wav_gsm - WAV49: GSM 06.10 in Microsoft WAVE files, two frames in 65 bytes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

constexpr std::size_t frame_bytes = 33, pair_bytes = 65, header_bytes = 60;
constexpr unsigned signature = 0xd;  // four bits before each frame as RTP carries it, RFC 3551 4.5.8

// Bits of a frame's 76 parameters in their order (GSM 06.10 table 1.1): eight for the filter, then 17 in each of four
// sub-frames.
constexpr std::array<std::uint8_t, 76> make_widths() {
    constexpr std::array<std::uint8_t, 8> filter{6, 6, 5, 5, 4, 4, 3, 3};
    constexpr std::array<std::uint8_t, 17> sub_frame{7, 2, 2, 6, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    std::array<std::uint8_t, 76> widths{};
    std::copy(filter.begin(), filter.end(), widths.begin());
    for (std::size_t i = 0; i < 4; ++i)
        std::copy(sub_frame.begin(), sub_frame.end(), widths.begin() + static_cast<std::ptrdiff_t>(8 + 17 * i));
    return widths;
}
constexpr auto widths = make_widths();

// RTP puts the highest bit of each parameter first into the highest bit of a byte, Microsoft the lowest into the
// lowest.
unsigned read_high_first(std::span<const std::uint8_t> bytes, std::size_t& at, unsigned bits) {
    unsigned value = 0;
    for (unsigned i = 0; i < bits; ++i, ++at) value = value << 1 | (bytes[at / 8] >> (7 - at % 8) & 1);
    return value;
}
void write_high_first(std::span<std::uint8_t> bytes, std::size_t& at, unsigned bits, unsigned value) {
    for (unsigned i = bits; i-- > 0; ++at)
        bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] | (value >> i & 1) << (7 - at % 8));
}
unsigned read_low_first(std::span<const std::uint8_t> bytes, std::size_t& at, unsigned bits) {
    unsigned value = 0;
    for (unsigned i = 0; i < bits; ++i, ++at) value |= static_cast<unsigned>(bytes[at / 8] >> at % 8 & 1) << i;
    return value;
}
void write_low_first(std::span<std::uint8_t> bytes, std::size_t& at, unsigned bits, unsigned value) {
    for (unsigned i = 0; i < bits; ++i, ++at)
        bytes[at / 8] = static_cast<std::uint8_t>(bytes[at / 8] | (value >> i & 1) << at % 8);
}

void unpack(std::span<const std::uint8_t> file, std::span<std::uint8_t> codec) {
    std::fill(codec.begin(), codec.end(), std::uint8_t{0});
    std::size_t from = 0;
    for (int frame = 0; frame < 2; ++frame) {
        const auto out = codec.subspan(frame * frame_bytes, frame_bytes);
        std::size_t to = 0;
        write_high_first(out, to, 4, signature);
        for (const unsigned bits : widths) write_high_first(out, to, bits, read_low_first(file, from, bits));
    }
}

void pack(std::span<const std::uint8_t> codec, std::span<std::uint8_t> file) {
    std::fill(file.begin(), file.end(), std::uint8_t{0});
    std::size_t to = 0;
    for (int frame = 0; frame < 2; ++frame) {
        const auto in = codec.subspan(frame * frame_bytes, frame_bytes);
        std::size_t from = 4;
        for (const unsigned bits : widths) write_low_first(file, to, bits, read_high_first(in, from, bits));
    }
}

std::uint32_t number(std::span<const std::uint8_t> bytes, std::size_t at, unsigned size) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < size; ++i) value |= static_cast<std::uint32_t>(bytes[at + i]) << 8 * i;
    return value;
}
bool named(std::span<const std::uint8_t> bytes, std::size_t at, std::string_view name) {
    return std::equal(name.begin(), name.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

Result<SoundFileFormat::Layout> read_header(std::span<const std::uint8_t> head) {
    if (head.size() < 12 || !named(head, 0, "RIFF") || !named(head, 8, "WAVE"))
        return fail(ErrorCode::invalid, "it does not begin as a WAVE file");
    bool is_gsm = false;
    for (std::size_t at = 12; head.size() - at >= 8;) {
        const std::uint32_t size = number(head, at + 4, 4);
        const bool sound = named(head, at, "data"), format = named(head, at, "fmt ");
        at += 8;
        if (sound) {
            if (!is_gsm) return fail(ErrorCode::invalid, "its sound is not GSM; such files are called .wav");
            SoundFileFormat::Layout layout{.offset = at};
            if (size != 0 && size != 0xffffffff) layout.length = size;
            return layout;
        }
        if (format && head.size() - at >= 14)
            is_gsm = number(head, at, 2) == 0x31 && number(head, at + 12, 2) == pair_bytes;
        const std::size_t step = std::size_t{size} + (size & 1);
        if (step > head.size() - at) break;
        at += step;
    }
    return fail(ErrorCode::invalid, "there is no sound in its first {} bytes", head.size());
}

std::vector<std::uint8_t> make_header(std::size_t bytes) {
    std::vector<std::uint8_t> header;
    const auto text = [&](const char* name) { header.insert(header.end(), name, name + 4); };
    const auto put = [&](std::uint32_t value, int size) {
        for (int i = 0; i < size; ++i) header.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    };
    const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, 0xffffffff - header_bytes));
    text("RIFF");
    put(length + header_bytes - 8, 4);
    text("WAVE");
    text("fmt ");
    put(20, 4);
    put(0x31, 2);
    put(1, 2);  // channels
    put(8000, 4);
    put(1625, 4);  // bytes a second
    put(pair_bytes, 2);
    put(0, 2);    // bits a sample: none
    put(2, 2);    // what follows
    put(320, 2);  // samples in a block
    text("fact");
    put(4, 4);
    put(length / static_cast<std::uint32_t>(pair_bytes) * 320, 4);
    text("data");
    put(length, 4);
    return header;
}

constexpr SoundFileFormat::Packing packing{pair_bytes, 2 * frame_bytes, unpack, pack};

Result<void> load(Module& module) {
    return module.add(SoundFileFormat{.name = "wav49",
                                      .extensions = {"WAV", "wav49"},
                                      .codec = "gsm",
                                      .description = "Microsoft WAV format (Proprietary GSM)",
                                      .read_header = read_header,
                                      .make_header = make_header,
                                      .packing = &packing});
}

}  // namespace

JACKFIELD_MODULE("format_wav_gsm", "Microsoft WAV format (Proprietary GSM)", load);
