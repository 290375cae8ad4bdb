// CLI commands of capture files: channel capture start, channel capture stop, channel show captures.
#include "channels/sip/ua/capture_commands.hpp"

#include "channels/sip/ua/call.hpp"
#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo start_info{
    .words = "channel capture start", .synopsis = "Write what a call sends and receives into a file for Wireshark",
    .text = "channel capture start CHANNEL [signalling] [FILE] - the SIP messages of all legs of the channel's call and their RTP, ICE and DTLS as they go over\n"
            "the wire, encrypted if it is; signalling: messages alone. With `pjsip set history on` those from before are in it as well. The file is\n"
            "in capture_directory of [global] in pjsip.conf, and ends with the call, at capture_max_size or capture_max_time. Headers below UDP are\n"
            "made up, also of messages by TCP, TLS and WebSocket.",
    .needs_root = true};
constexpr CommandInfo stop_info{.words = "channel capture stop", .synopsis = "End the capture of a call",
                                .text = "channel capture stop CHANNEL|FILE - the file is complete when this returns", .needs_root = true};
constexpr CommandInfo show_info{.words = "channel show captures", .synopsis = "List the calls that are written into files",
                                .text = "With the packets written, and those lost because they came too fast."};

Result<void> start_capture(CallCaptures& captures, Console& console, CommandWords words) {
    CallCaptures::Request request;
    std::size_t next = 1;
    if (words.size() > next && words[next] == "signalling") {
        request.media = false;
        ++next;
    }
    if (words.size() > next) request.file = words[next++];
    if (words.empty() || words.size() > next) return fail(ErrorCode::invalid, "Usage: channel capture start CHANNEL [signalling] [FILE]");
    request.channel = words[0];
    const std::string path = JF_TRY(captures.start(request));
    return console.print("Captured in {}\n", path);
}

Result<void> stop_capture(CallCaptures& captures, Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: channel capture stop CHANNEL|FILE");
    JF_TRY(captures.stop(words[0]));
    return console.print("Capture of {} ended\n", words[0]);
}

Result<void> show_captures(const CallCaptures& captures, Console& console) {
    const auto all = captures.list();
    Table table(console, {{"Channel", 30}, {"Packets", 9, true}, {"Bytes", 11, true}, {"Lost", 6, true}, {"Media", 5}, {"File", 0}});
    JF_TRY(table.header());
    for (const auto& each : all)
        JF_TRY(table.row({each.channel, std::to_string(each.packets), std::to_string(each.bytes), std::to_string(each.lost), each.media ? "yes" : "no", each.file}));
    return console.print("\n{} call{} captured\n", all.size(), all.size() == 1 ? "" : "s");
}

std::vector<std::string> sip_channels(CommandWords, std::size_t index, std::string_view word) {
    constexpr std::size_t most = 1000;
    std::vector<std::string> names;
    if (index == 1) names.emplace_back("signalling");
    if (index != 0) return names;
    for_each_channel([&](Channel& channel) {
        if (names.size() < most && starts_with_ignoring_case(channel.name(), word) && dynamic_cast<SipCall*>(&channel.driver())) names.push_back(channel.name());
    });
    return names;
}

}  // namespace

Result<void> add_capture_commands(Module& module, CallCaptures& captures) {
    JF_TRY(module.add(start_info, [&captures](Console& console, CommandWords words) { return start_capture(captures, console, words); }, sip_channels));
    JF_TRY(module.add(stop_info, [&captures](Console& console, CommandWords words) { return stop_capture(captures, console, words); },
                      [&captures](CommandWords, std::size_t index, std::string_view) {
                          std::vector<std::string> names;
                          if (index == 0)
                              for (const auto& each : captures.list()) names.push_back(each.channel);
                          return names;
                      }));
    return module.add(show_info, [&captures](Console& console, CommandWords) { return show_captures(captures, console); });
}

}  // namespace jackfield::sip
