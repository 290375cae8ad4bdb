// What is known of the media of SIP calls: pjsip show channelstats.
#include "channels/sip/ua/channel_statistics.hpp"

#include <fmt/core.h>

#include "channels/sip/ua/call.hpp"
#include "core/bridge/bridge.hpp"
#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo statistics_info{
    .words = "pjsip show channelstats",
    .synopsis = "Show the media of SIP calls: packets, losses, jitter, round trip, and how it travels",
    .text = "As the last RTCP reports of both sides say; times in seconds. The last column: RTP, or the state of ICE and DTLS.\n"
            "Video and text that a call has are lines of their own below its audio, and so is what the far side tells in extended reports (XR)."};

double percent(std::uint32_t lost, std::uint32_t received) {
    return lost + received == 0 ? 0 : 100.0 * lost / (static_cast<double>(lost) + received);
}

Result<void> print_stream(Console& console, const Channel& channel, const RtpQuality& quality, std::string_view codec, std::string_view transport) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(wall_now() - channel.created()).count();
    // Asterisk's width: the first 8 characters of the bridge, the channel's name without its technology.
    const std::string bridge = channel.bridge() ? channel.bridge()->id().substr(0, 8) : std::string();
    return console.print(" {:8} {:<18} {:02}:{:02}:{:02} {:<6} {:>7} {:>7} {:>3.0f} {:>7.3f} {:>7} {:>7} {:>3.0f} {:>7.3f} {:>7.3f} {}\n", bridge,
                         channel.name().substr(channel.name().find('/') + 1), age / 3600, age / 60 % 60, age % 60, codec,
                         quality.packets_received, quality.lost, percent(quality.lost, quality.packets_received), quality.jitter_ms / 1000,
                         quality.packets_sent, quality.remote_lost, percent(quality.remote_lost, quality.packets_sent),
                         quality.remote_jitter_ms / 1000, quality.round_trip_ms / 1000,
                         transport);
}

std::string way_of(RtpTransport* transport, bool secured) { return transport ? transport->describe() : secured ? "SRTP" : "RTP"; }

Result<void> print_statistics(Console& console, const Channel& channel, const MediaSession& media) {
    const FormatList formats = media.formats();
    const Format* const format = formats.best(MediaType::audio);
    auto printed = print_stream(console, channel, media.rtp().quality(), format ? format->codec->name : "", way_of(media.transport(), media.secured()));
    if (const std::string told = describe_extended(media.rtp().extended_report()); printed && !told.empty())
        printed = console.print(" {:8} {:<18} XR {}\n", "", "", told);
    media.for_each_passed([&](const PassedStream& stream) {
        if (!printed || !stream.live()) return;
        const SdpCodec& best = stream.codecs.front();
        const Codec* const codec = find_codec(best.name, best.clock_rate, best.channels);
        printed = print_stream(console, channel, stream.rtp->quality(), codec ? codec->name : best.name, stream.bundled ? way_of(media.transport(), media.secured()) : way_of(stream.transport(), stream.secured()));
    });
    return printed;
}

}  // namespace

std::string describe_extended(const ExtendedReport& told) {
    std::string text;
    const auto add = [&text](std::string_view name, const auto& value) { text += fmt::format("{}{}={}", text.empty() ? "" : ";", name, value); };
    const auto part = [](std::uint8_t in_256) { return fmt::format("{:.3f}", in_256 / 256.0); };
    if (told.voip) {
        const VoipMetrics& voip = *told.voip;
        add("loss", part(voip.loss_rate));
        add("discard", part(voip.discard_rate));
        add("burstdensity", part(voip.burst_density));
        add("burstms", voip.burst_duration);
        add("gapdensity", part(voip.gap_density));
        add("gapms", voip.gap_duration);
        if (voip.round_trip) add("rttms", voip.round_trip);
        if (voip.end_system_delay) add("delayms", voip.end_system_delay);
        if (voip.jitter_nominal) add("jbms", voip.jitter_nominal);
        if (voip.r_factor != VoipMetrics::unavailable) add("rfactor", voip.r_factor);
        if (voip.mos_listening != VoipMetrics::unavailable) add("moslq", fmt::format("{:.1f}", voip.mos_listening / 10.0));
        if (voip.mos_conversational != VoipMetrics::unavailable) add("moscq", fmt::format("{:.1f}", voip.mos_conversational / 10.0));
    }
    if (told.statistics) {
        const StatisticsSummary& summary = *told.statistics;
        if (summary.told & StatisticsSummary::losses) add("lost", summary.lost);
        if (summary.told & StatisticsSummary::duplicates) add("doubled", summary.doubled);
        if (summary.told & StatisticsSummary::jitter) {
            add("jittermean", summary.jitter_mean);
            add("jittermax", summary.jitter_most);
        }
    }
    return text;
}

Result<void> add_channel_statistics(Module& module) {
    return module.add(statistics_info, [](Console& console, std::span<const std::string>) -> Result<void> {
        JF_TRY(console.print("\n                                             ...........Receive......... .........Transmit..........\n"
                             " BridgeId ChannelId ........ UpTime.. Codec.   Count    Lost Pct  Jitter   Count    Lost Pct  Jitter RTT.... Transport\n"));
        std::size_t count = 0;
        Result<void> printed;
        for_each_channel([&](Channel& channel) {
            const auto* const call = dynamic_cast<const SipCall*>(&channel.driver());
            if (!call || !call->media() || !printed) return;
            printed = print_statistics(console, channel, *call->media());
            ++count;
        });
        JF_TRY(std::move(printed));
        return console.print("\nObjects found: {}\n", count);
    });
}

}  // namespace jackfield::sip
