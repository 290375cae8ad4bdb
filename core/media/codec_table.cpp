// The codecs that the core knows: Asterisk's names, RTP names and static payload types (RFC 3551 and each codec's RFC).
#include "core/media/codec_table.hpp"

#include "core/media/payload_samples.hpp"

namespace jackfield {
namespace {

namespace count = payload_samples;
using std::chrono::milliseconds;

Codec linear(std::string name, std::uint32_t hz, int static_payload_type = -1) {
    return {.name = std::move(name),
            .description = "16 bit Signed Linear PCM (" + std::to_string(hz / 1000) + "kHz)",
            .encoding = "L16",
            .rate = {hz},
            .rtp_clock = {hz},
            .static_payload_type = static_payload_type,
            .maximum_packet_time = milliseconds(70),
            .bytes_per_10ms = hz / 50,
            .linear = true,
            .samples = count::constant<1, 2>};
}

Codec video(std::string name, std::string description, std::string encoding, int static_payload_type = -1) {
    return {.name = std::move(name),
            .description = std::move(description),
            .encoding = std::move(encoding),
            .type = MediaType::video,
            .rate = {1000},
            .rtp_clock = {90000},
            .static_payload_type = static_payload_type};
}

Codec silk(std::string name, std::uint32_t hz, unsigned (*samples)(count::Payload)) {
    return {.name = std::move(name),
            .description = "SILK Codec (" + std::to_string(hz / 1000) + "kHz)",
            .encoding = "SILK",
            .rate = {hz},
            .rtp_clock = {hz},
            .maximum_packet_time = milliseconds(100),
            .quality = 85,
            .samples = samples};
}

void add_waveform_codecs(std::vector<Codec>& all) {
    all.push_back({.name = "ulaw",
                   .description = "G.711 u-law",
                   .encoding = "PCMU",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .static_payload_type = 0,
                   .bytes_per_10ms = 80,
                   .quality = 98,
                   .samples = count::constant<1, 1>});
    all.push_back({.name = "alaw",
                   .description = "G.711 a-law",
                   .encoding = "PCMA",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .static_payload_type = 8,
                   .bytes_per_10ms = 80,
                   .quality = 98,
                   .samples = count::constant<1, 1>});
    // RFC 3551 4.5.2: the RTP clock of G.722 is 8000 Hz although it samples at 16 kHz.
    all.push_back({.name = "g722",
                   .description = "G722",
                   .encoding = "G722",
                   .rate = {16000},
                   .rtp_clock = {8000},
                   .static_payload_type = 9,
                   .bytes_per_10ms = 80,
                   .quality = 95,
                   .samples = count::constant<2, 1>});
    all.push_back({.name = "g726",
                   .description = "G.726 RFC3551",
                   .encoding = "G726-32",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .maximum_packet_time = milliseconds(300),
                   .bytes_per_10ms = 40,
                   .quality = 85,
                   .samples = count::constant<2, 1>});
    all.push_back({.name = "g726aal2",
                   .description = "G.726 AAL2",
                   .encoding = "AAL2-G726-32",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .maximum_packet_time = milliseconds(300),
                   .bytes_per_10ms = 40,
                   .quality = 85,
                   .samples = count::constant<2, 1>});
    // Dialogic's ADPCM, as IAX2 and VOX files carry it. It is not RTP's DVI4, so it has no RTP name.
    all.push_back({.name = "adpcm",
                   .description = "Dialogic ADPCM",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .maximum_packet_time = milliseconds(300),
                   .bytes_per_10ms = 40,
                   .quality = 75,
                   .samples = count::constant<2, 1>});
    all.push_back(linear("slin", 8000));
    all.push_back(linear("slin12", 12000));
    all.push_back(linear("slin16", 16000));
    all.push_back(linear("slin24", 24000));
    all.push_back(linear("slin32", 32000));
    all.push_back(linear("slin44", 44100, 11));
    all.push_back(linear("slin48", 48000));
    all.push_back(linear("slin96", 96000));
    all.push_back(linear("slin192", 192000));
    all.push_back({.name = "testlaw",
                   .description = "G.711 test-law",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .bytes_per_10ms = 80,
                   .quality = 98,
                   .samples = count::constant<1, 1>});
}

void add_speech_codecs(std::vector<Codec>& all) {
    all.push_back({.name = "gsm",
                   .description = "GSM",
                   .encoding = "GSM",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .static_payload_type = 3,
                   .maximum_packet_time = milliseconds(300),
                   .quality = 65,
                   .samples = count::frames<160, 33>});
    all.push_back({.name = "g729",
                   .description = "G.729A",
                   .encoding = "G729",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .static_payload_type = 18,
                   .maximum_packet_time = milliseconds(230),
                   .bytes_per_10ms = 10,
                   .quality = 75,
                   .samples = count::g729});
    all.push_back({.name = "g723",
                   .description = "G.723.1",
                   .encoding = "G723",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .static_payload_type = 4,
                   .packet_time = milliseconds(30),
                   .maximum_packet_time = milliseconds(300),
                   .quality = 60,
                   .samples = count::g723});
    all.push_back({.name = "ilbc",
                   .description = "iLBC",
                   .encoding = "iLBC",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .packet_time = milliseconds(30),
                   .maximum_packet_time = milliseconds(300),
                   .quality = 70,
                   .samples = count::ilbc});
    all.push_back({.name = "lpc10",
                   .description = "LPC10",
                   .encoding = "LPC",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .static_payload_type = 7,
                   .quality = 25,
                   .samples = count::frames<180, 7>});
    all.push_back({.name = "speex",
                   .description = "SpeeX",
                   .encoding = "speex",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .maximum_packet_time = milliseconds(60),
                   .quality = 75,
                   .samples = count::speex<160>});
    all.push_back({.name = "speex16",
                   .description = "SpeeX 16khz",
                   .encoding = "speex",
                   .rate = {16000},
                   .rtp_clock = {16000},
                   .maximum_packet_time = milliseconds(60),
                   .quality = 80,
                   .samples = count::speex<320>});
    all.push_back({.name = "speex32",
                   .description = "SpeeX 32khz",
                   .encoding = "speex",
                   .rate = {32000},
                   .rtp_clock = {32000},
                   .maximum_packet_time = milliseconds(60),
                   .quality = 82,
                   .samples = count::speex<640>});
    all.push_back({.name = "opus",
                   .description = "Opus Codec",
                   .encoding = "opus",
                   .rate = {48000},
                   .rtp_clock = {48000},
                   .maximum_packet_time = milliseconds(120),
                   .quality = 92,
                   .samples = count::opus});
    all.push_back({.name = "codec2",
                   .description = "Codec 2",
                   .encoding = "CODEC2",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .quality = 35,
                   .samples = count::frames<160, 6>});
    all.push_back(silk("silk8", 8000, count::one_frame<160>));
    all.push_back(silk("silk12", 12000, count::one_frame<240>));
    all.push_back(silk("silk16", 16000, count::one_frame<320>));
    all.push_back(silk("silk24", 24000, count::one_frame<480>));
    all.push_back({.name = "siren7",
                   .description = "ITU G.722.1 (Siren7, licensed from Polycom)",
                   .encoding = "G7221",
                   .rate = {16000},
                   .rtp_clock = {16000},
                   .maximum_packet_time = milliseconds(80),
                   .bytes_per_10ms = 40,
                   .quality = 85,
                   .samples = count::constant<4, 1>});
    all.push_back({.name = "siren14",
                   .description = "ITU G.722.1 Annex C, (Siren14, licensed from Polycom)",
                   .encoding = "G7221",
                   .rate = {32000},
                   .rtp_clock = {32000},
                   .maximum_packet_time = milliseconds(80),
                   .bytes_per_10ms = 60,
                   .quality = 88,
                   .samples = count::constant<16, 3>});
    all.push_back({.name = "g719",
                   .description = "ITU G.719",
                   .encoding = "G719",
                   .rate = {48000},
                   .rtp_clock = {48000},
                   .maximum_packet_time = milliseconds(80),
                   .bytes_per_10ms = 80,
                   .quality = 90,
                   .samples = count::constant<6, 1>});
    all.push_back({.name = "amr",
                   .description = "AMR narrow band",
                   .encoding = "AMR",
                   .rate = {8000},
                   .rtp_clock = {8000},
                   .quality = 75,
                   .samples = count::one_frame<160>});
    all.push_back({.name = "amrwb",
                   .description = "AMR wide band (G.722.2)",
                   .encoding = "AMR-WB",
                   .rate = {16000},
                   .rtp_clock = {16000},
                   .quality = 88,
                   .samples = count::one_frame<320>});
}

void add_other_media(std::vector<Codec>& all) {
    all.push_back(video("h261", "H.261 video", "H261", 31));
    all.push_back(video("h263", "H.263 video", "H263", 34));
    all.push_back(video("h263p", "H.263+ video", "H263-1998"));
    all.push_back(video("h264", "H.264 video", "H264"));
    all.push_back(video("h265", "H.265 video", "H265"));
    all.push_back(video("mpeg4", "MPEG4 video", "MP4V-ES"));
    all.push_back(video("vp8", "VP8 video", "VP8"));
    all.push_back(video("vp9", "VP9 video", "VP9"));
    all.push_back({.name = "jpeg",
                   .description = "JPEG image",
                   .encoding = "JPEG",
                   .type = MediaType::image,
                   .rate = {90000},
                   .rtp_clock = {90000},
                   .static_payload_type = 26});
    all.push_back(
        {.name = "png", .description = "PNG Image", .type = MediaType::image, .rate = {90000}, .rtp_clock = {90000}});
    all.push_back({.name = "t38",
                   .description = "T.38 UDPTL Fax",
                   .type = MediaType::image,
                   .rate = {8000},
                   .rtp_clock = {8000}});
    all.push_back({.name = "red",
                   .description = "T.140 Realtime Text with redundancy",
                   .encoding = "red",
                   .type = MediaType::text,
                   .rate = {1000},
                   .rtp_clock = {1000},
                   .packet_time = milliseconds(300)});
    all.push_back({.name = "t140",
                   .description = "Passthrough T.140 Realtime Text",
                   .encoding = "t140",
                   .type = MediaType::text,
                   .rate = {1000},
                   .rtp_clock = {1000},
                   .packet_time = milliseconds(300)});
}

}  // namespace

std::vector<Codec> built_in_codecs() {
    std::vector<Codec> all;
    add_waveform_codecs(all);
    add_speech_codecs(all);
    add_other_media(all);
    return all;
}

}  // namespace jackfield
