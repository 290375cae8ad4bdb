// format_pcm - G.711 without a header, and Sun's .au files (mu-law).
#include <cstdint>
#include <cstring>

#include "core/media/sound_file.hpp"

using namespace jackfield;

namespace {

constexpr std::size_t au_header = 24;

std::uint32_t u32(std::span<const std::uint8_t> bytes, std::size_t at) {
    return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
           bytes[at + 3];
}

Result<SoundFileFormat::Layout> read_au(std::span<const std::uint8_t> head) {
    if (head.size() < au_header || std::memcmp(head.data(), ".snd", 4) != 0)
        return fail(ErrorCode::invalid, "it does not begin as an AU file");
    const std::uint32_t encoding = u32(head, 12), rate = u32(head, 16), channels = u32(head, 20);
    if ((encoding != 1 && encoding != 27) || rate != 8000 || channels != 1)
        return fail(ErrorCode::invalid, "it is not G.711 at 8000 Hz with one channel");
    SoundFileFormat::Layout layout{.offset = u32(head, 4), .codec = find_codec(encoding == 1 ? "ulaw" : "alaw")};
    if (const std::uint32_t length = u32(head, 8); length != 0 && length != 0xffffffff) layout.length = length;
    return layout;
}

std::vector<std::uint8_t> make_au(std::size_t bytes) {
    std::vector<std::uint8_t> header{'.', 's', 'n', 'd'};
    const auto length = bytes == 0 || bytes > 0xfffffffe ? 0xffffffff : static_cast<std::uint32_t>(bytes);
    for (const std::uint32_t value : {static_cast<std::uint32_t>(au_header), length, 1u, 8000u, 1u})
        for (int shift = 24; shift >= 0; shift -= 8) header.push_back(static_cast<std::uint8_t>(value >> shift));
    return header;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(SoundFileFormat{.name = "pcm",
                                      .extensions = {"ulaw", "pcm", "ul", "mu", "ulw"},
                                      .codec = "ulaw",
                                      .description = "Raw uLaw 8kHz Audio support (PCM)"}));
    JF_TRY(module.add(SoundFileFormat{.name = "alaw",
                                      .extensions = {"alaw", "al", "alw"},
                                      .codec = "alaw",
                                      .description = "Raw aLaw 8kHz PCM Audio support"}));
    return module.add(SoundFileFormat{.name = "au",
                                      .extensions = {"au"},
                                      .codec = "ulaw",
                                      .description = "Sun AU format (mu-law)",
                                      .read_header = read_au,
                                      .make_header = make_au});
}

}  // namespace

JACKFIELD_MODULE("format_pcm", "Raw/Sun uLaw/ALaw 8KHz (PCM,PCMA,AU)", load);
