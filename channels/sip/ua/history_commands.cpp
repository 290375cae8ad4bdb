// CLI commands of the message history: pjsip set history, pjsip show history, channel show ladder.
#include "channels/sip/ua/history_commands.hpp"

#include <fmt/chrono.h>

#include <map>

#include "core/channel/channel_visit.hpp"
#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo set_history_info{.words = "pjsip set history", .synopsis = "Keep the last SIP messages, or stop that, or forget them",
                                       .text = "pjsip set history on|off|clear - at most 4 MiB are kept"};
constexpr CommandInfo show_history_info{.words = "pjsip show history", .synopsis = "List the SIP messages that were kept",
                                        .text = "pjsip show history [entry NUMBER] - the whole message with that number"};
constexpr CommandInfo ladder_info{.words = "channel show ladder", .synopsis = "Show the SIP messages of a call in order",
                                  .text = "channel show ladder CHANNEL|CALL-ID - of all SIP legs of the channel's call, as far as `pjsip set history on` "
                                          "has kept them"};

// "12:00:01.123"
std::string clock_text(WallTime at) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count() % 1000;
    return fmt::format("{:%H:%M:%S}.{:03}", parts, rest);
}

Result<void> set_history(MessageHistory& history, Console& console, CommandWords words) {
    const std::string_view word = words.empty() ? std::string_view() : std::string_view(words[0]);
    if (equals_ignoring_case(word, "clear")) {
        history.clear();
        return console.print("PJSIP history cleared\n");
    }
    const auto on = parse_bool(word);
    if (!on) return fail(ErrorCode::invalid, "Usage: pjsip set history on|off|clear");
    history.set(*on);
    return console.print("PJSIP History {}\n", *on ? "enabled" : "disabled");
}

Result<void> show_history(const MessageHistory& history, Console& console, CommandWords words) {
    if (words.size() == 2 && equals_ignoring_case(words[0], "entry")) {
        const auto number = parse_number<std::uint64_t>(words[1]);
        const auto* entry = number ? history.find(*number) : nullptr;
        if (!entry) return fail(ErrorCode::not_found, "no message has the number {}", words[1]);
        return console.print("<--- History Entry {} {} {} {} at {} --->\n{}\n", entry->number, entry->sent ? "Sent to" : "Received from",
                             entry->protocol, entry->remote.to_string(), clock_text(entry->time), std::string(entry->text));
    }
    JF_TRY(console.print("No.    Timestamp    (Dir) Address                        SIP Message\n"));
    const std::uint64_t last = history.entries().empty() ? 0 : history.entries().back().number;
    // By number, as printing waits and entries come and go meanwhile.
    for (std::uint64_t number = history.entries().empty() ? 1 : history.entries().front().number; number <= last; ++number)
        if (const auto* entry = history.find(number))
            JF_TRY(console.print("{:05}  {} {} {:<30} {}\n", number, clock_text(entry->time), entry->sent ? "* ==>" : "* <==",
                                 entry->remote.to_string(), std::string(entry->first_line())));
    return {};
}

// The SIP legs of a call by their Call-ID: those of all channels with the same linked id.
Result<std::map<std::string, std::string>> legs_of(const std::string& name) {
    std::map<std::string, std::string> legs;
    Channel* const channel = find_channel(name);
    if (!channel) {
        legs.emplace(name, name.substr(0, 24));  // a Call-ID, of a call that may have ended
        return legs;
    }
    const std::string linked = channel->linked_id();
    JF_TRY(visit_channels([&](Channel& each) -> Result<void> {
        const auto* call = dynamic_cast<SipCall*>(&each.driver());
        if (!call || each.linked_id() != linked) return {};
        if (auto id = call->property("pjsip,call-id")) legs.emplace(std::move(*id), each.name());
        return {};
    }));
    if (legs.empty()) return fail(ErrorCode::not_found, "the call of {} has no SIP channel", name);
    return legs;
}

Result<void> show_ladder(const MessageHistory& history, Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: channel show ladder CHANNEL|CALL-ID");
    const auto legs = JF_TRY(legs_of(words[0]));
    std::vector<std::string> lines;
    for (const auto& entry : history.entries()) {
        const auto leg = legs.find(std::string(entry.call_id()));
        if (leg == legs.end()) continue;
        lines.push_back(fmt::format("{}  {:<28} {} {:<24} {}\n", clock_text(entry.time), leg->second, entry.sent ? "-->" : "<--",
                                    entry.remote.to_string(), entry.first_line()));
    }
    if (lines.empty() && !history.on()) return fail(ErrorCode::not_found, "no messages are kept; write `pjsip set history on` before the call");
    for (const std::string& line : lines) JF_TRY(console.write(line));
    return console.print("\n{} message{} of {} leg{}\n", lines.size(), lines.size() == 1 ? "" : "s", legs.size(), legs.size() == 1 ? "" : "s");
}

}  // namespace

Result<void> add_history_commands(Module& module, MessageHistory& history) {
    const auto add = [&](const CommandInfo& info, auto run) {
        return module.add(info, [&history, run](Console& console, CommandWords words) { return run(history, console, words); });
    };
    JF_TRY(add(set_history_info, set_history));
    JF_TRY(add(show_history_info, show_history));
    return add(ladder_info, show_ladder);
}

}  // namespace jackfield::sip
