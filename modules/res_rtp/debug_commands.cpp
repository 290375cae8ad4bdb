// CLI commands that print packets: rtp set debug, rtcp set debug, rtcp set stats.
#include "modules/res_rtp/debug_commands.hpp"

#include "core/base/strings.hpp"
#include "core/console/command.hpp"

namespace jackfield::rtp {
namespace {

constexpr CommandInfo rtp_debug_info{.words = "rtp set debug", .synopsis = "Print RTP packets, or stop that",
                                     .text = "rtp set debug on|off - of all calls\n"
                                             "rtp set debug ip ADDRESS[:PORT] - those to and from that far side\n"
                                             "At most 300 packets a second are printed; the others are counted."};
constexpr CommandInfo rtcp_debug_info{.words = "rtcp set debug", .synopsis = "Print RTCP reports, or stop that",
                                      .text = "rtcp set debug on|off - of all calls\n"
                                              "rtcp set debug ip ADDRESS[:PORT] - those to and from that far side"};
constexpr CommandInfo stats_info{.words = "rtcp set stats", .synopsis = "Print the quality of calls whenever a report tells it, or stop that",
                                 .text = "rtcp set stats on|off - packets, losses, jitter of both directions and the round trip"};

struct Wanted {
    bool on = false;
    SocketAddress of;
};

// on, off, or ip ADDRESS[:PORT] where `by_address`.
Result<Wanted> parse_wanted(CommandWords words, std::string_view command, bool by_address) {
    if (words.size() == 1)
        if (const auto on = parse_bool(words[0])) return Wanted{*on, {}};
    if (!by_address || words.size() != 2 || !equals_ignoring_case(words[0], "ip"))
        return fail(ErrorCode::invalid, "Usage: {} on|off{}", command, by_address ? "|ip ADDRESS[:PORT]" : "");
    auto address = SocketAddress::parse(words[1]);
    if (!address) return fail(ErrorCode::invalid, "'{}' is no address; write 192.0.2.1, 192.0.2.1:4000 or [2001:db8::1]:4000", words[1]);
    return Wanted{true, *address};
}

Result<void> tell_console(Console& console, std::string_view what, const Wanted& wanted) {
    if (!wanted.on) return console.print("{} Disabled\n", what);
    if (!wanted.of.valid()) return console.print("{} Enabled\n", what);
    return console.print("{} Enabled for address: {}\n", what, wanted.of.port() ? wanted.of.to_string() : wanted.of.host());
}

std::vector<std::string> words_of_debug(CommandWords, std::size_t index, std::string_view) {
    return index == 0 ? std::vector<std::string>{"on", "off", "ip"} : std::vector<std::string>{};
}

std::vector<std::string> words_of_stats(CommandWords, std::size_t index, std::string_view) {
    return index == 0 ? std::vector<std::string>{"on", "off"} : std::vector<std::string>{};
}

}  // namespace

Result<void> add_debug_commands(Module& module, std::function<void(const PacketLog::Settings&)> print) {
    struct State {
        PacketLog::Settings settings;
        std::function<void(const PacketLog::Settings&)> print;
    };
    State& state = module.own<State>(PacketLog::Settings{}, std::move(print));
    JF_TRY(module.add(rtp_debug_info, [&state](Console& console, CommandWords words) -> Result<void> {
        const Wanted wanted = JF_TRY(parse_wanted(words, "rtp set debug", true));
        state.settings.rtp = wanted.on;
        state.settings.rtp_of = wanted.of;
        state.print(state.settings);
        return tell_console(console, "RTP Packet Debugging", wanted);
    }, words_of_debug));
    JF_TRY(module.add(rtcp_debug_info, [&state](Console& console, CommandWords words) -> Result<void> {
        const Wanted wanted = JF_TRY(parse_wanted(words, "rtcp set debug", true));
        state.settings.rtcp = wanted.on;
        state.settings.rtcp_of = wanted.of;
        state.print(state.settings);
        return tell_console(console, "RTCP Packet Debugging", wanted);
    }, words_of_debug));
    return module.add(stats_info, [&state](Console& console, CommandWords words) -> Result<void> {
        const Wanted wanted = JF_TRY(parse_wanted(words, "rtcp set stats", false));
        state.settings.statistics = wanted.on;
        state.print(state.settings);
        return tell_console(console, "RTCP Stats", wanted);
    }, words_of_stats);
}

}  // namespace jackfield::rtp
