// core show channels|channel|channeltypes, channel request hangup, channel redirect
#include <algorithm>
#include <set>

#include "core/base/strings.hpp"
#include "core/bridge/bridge.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/channel_visit.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/console/date_text.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

Result<Channel*> named_channel(const std::string& name) {
    Channel* channel = find_channel(name);
    if (!channel) return fail(ErrorCode::not_found, "{} is not a known channel", name);
    return channel;
}

std::vector<std::string> channel_names(CommandWords, std::size_t index, std::string_view word) {
    constexpr std::size_t most = 1000;
    std::vector<std::string> names;
    if (index > 0) return names;
    for_each_channel([&](Channel& channel) {
        if (names.size() < most && starts_with_ignoring_case(channel.name(), word)) names.push_back(channel.name());
    });
    return names;
}

std::vector<std::string> channel_names_and_all(CommandWords words, std::size_t index, std::string_view word) {
    std::vector<std::string> names = channel_names(words, index, word);
    if (index == 0) names.emplace_back("all");
    return names;
}

namespace {


std::chrono::seconds age(const Channel& channel) {
    return std::chrono::duration_cast<std::chrono::seconds>(wall_now() - channel.created());
}

template <class Field>
std::string field_or(const Field& field, std::string_view otherwise) {
    return field.text.empty() ? std::string(otherwise) : field.text;
}

std::string location(Channel& channel) {
    const Place& place = channel.place();
    return channel.application.empty() && channel.bridge() ? std::string("(None)")
                                                          : fmt::format("{}@{}:{}", place.extension, place.context,
                                                                        place.priority);
}

std::string running(const Channel& channel) {
    return channel.application.empty() ? std::string("(None)")
                                       : fmt::format("{}({})", channel.application, channel.application_arguments);
}

std::string bridge_id(const Channel& channel) { return channel.bridge() ? channel.bridge()->id() : std::string(); }

Result<void> concise_line(Console& console, Channel& channel) {
    const Place& place = channel.place();
    return console.print("{}!{}!{}!{}!{}!{}!{}!{}!{}!{}!{}!{}!{}!{}\n", channel.name(), place.context, place.extension,
                         place.priority, to_string(channel.state()),
                         channel.application.empty() ? "(None)" : channel.application, channel.application_arguments,
                         field_or(channel.caller().id.number, ""), channel.attributes().account_code,
                         channel.attributes().peer_account, channel.attributes().amaflags, age(channel).count(),
                         bridge_id(channel), channel.unique_id());
}

Result<void> verbose_line(Console& console, Channel& channel) {
    const Place& place = channel.place();
    return console.print("{:<20.20} {:<20.20} {:<16.16} {:>4} {:<7.7} {:<12.12} {:<25.25} {:<15.15} {:>8.8} {:<11.11} "
                         "{:<11.11} {:<20.20}\n",
                         channel.name(), place.context, place.extension, place.priority, to_string(channel.state()),
                         channel.application.empty() ? "(None)" : channel.application, channel.application_arguments,
                         field_or(channel.caller().id.number, ""), clock_text(age(channel)),
                         channel.attributes().account_code, channel.attributes().peer_account, bridge_id(channel));
}

Result<void> show_channels(Console& console, CommandWords words) {
    const std::string form = words.empty() ? "" : words[0];
    if (words.size() > 1 || (!form.empty() && form != "concise" && form != "verbose" && form != "count"))
        return fail(ErrorCode::invalid, "Usage: core show channels [concise|verbose|count]");
    if (form == "verbose")
        JF_TRY(console.print("{:<20.20} {:<20.20} {:<16.16} {:<4.4} {:<7.7} {:<12.12} {:<25.25} {:<15.15} {:<8.8} "
                             "{:<11.11} {:<11.11} {:<20.20}\n",
                             "Channel", "Context", "Extension", "Prio", "State", "Application", "Data", "CallerID",
                             "Duration", "Accountcode", "PeerAccount", "BridgeID"));
    if (form.empty())
        JF_TRY(console.print("{:<20.20} {:<20.20} {:<7.7} {:<30.30}\n", "Channel", "Location", "State",
                             "Application(Data)"));
    std::size_t channels = 0;
    std::set<std::uint32_t> calls;
    JF_TRY(visit_channels([&](Channel& channel) -> Result<void> {
        ++channels;
        calls.insert(channel.call_id().value);
        if (form == "count") return {};
        if (form == "concise") return concise_line(console, channel);
        if (form == "verbose") return verbose_line(console, channel);
        return console.print("{:<20.20} {:<20.20} {:<7.7} {:<30.30}\n", channel.name(), location(channel),
                             to_string(channel.state()), running(channel));
    }));
    if (form == "concise") return {};
    const auto plural = [](std::size_t count) { return count == 1 ? "" : "s"; };
    JF_TRY(console.print("{} active channel{}\n", channels, plural(channels)));
    if (const std::size_t most = channel_limits().max_calls)
        JF_TRY(console.print("{} of {} max active call{} ({:5.2f}% of capacity)\n", calls.size(), most,
                             plural(calls.size()), 100.0 * static_cast<double>(calls.size()) / static_cast<double>(most)));
    else
        JF_TRY(console.print("{} active call{}\n", calls.size(), plural(calls.size())));
    return console.print("{} call{} processed\n", calls_processed(), plural(calls_processed()));
}

Result<void> show_channel(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: core show channel NAME");
    Channel& channel = *JF_TRY(named_channel(words[0]));
    // Everything is put together before the first wait: the channel may end meanwhile.
    std::string text;
    const auto line = [&](std::string_view name, std::string_view value) {
        text += fmt::format("{:>24}: {}\n", name, value);
    };
    MediaStream& media = channel.media();
    const StreamStatistics statistics = media.statistics();
    text += " -- General --\n";
    line("Name", channel.name());
    line("Type", channel.technology());
    line("UniqueID", channel.unique_id());
    line("LinkedID", channel.linked_id());
    line("Caller ID", field_or(channel.caller().id.number, "(N/A)"));
    line("Caller ID Name", field_or(channel.caller().id.name, "(N/A)"));
    line("Connected Line ID", field_or(channel.connected().id.number, "(N/A)"));
    line("Connected Line ID Name", field_or(channel.connected().id.name, "(N/A)"));
    line("Language", channel.attributes().language);
    line("State", fmt::format("{} ({})", to_string(channel.state()), static_cast<unsigned>(channel.state())));
    std::vector<std::string> formats;
    for (const StreamInfo& stream : channel.topology()) formats.push_back(stream.formats.to_string());
    line("NativeFormats", join(formats, " "));
    line("WriteFormat", media.write_codec() ? media.write_codec()->name : "(nothing)");
    line("ReadFormat", media.read_codec() ? media.read_codec()->name : "(nothing)");
    line("WriteTranscode", statistics.write_path.empty() ? "No" : "Yes " + statistics.write_path);
    line("ReadTranscode", statistics.read_path.empty() ? "No" : "Yes " + statistics.read_path);
    line("Relayed unopened", statistics.relayed ? "Yes" : "No");
    line("Media thread", fmt::format("{}", media.thread_index()));
    line("Frames in", fmt::format("{}", statistics.frames_in));
    line("Frames out", fmt::format("{}", statistics.frames_out));
    line("Custodian", channel.custodian());
    const auto answered = channel.answered_at();
    line("Time to Hangup", "0");
    line("Elapsed Time", clock_text(age(channel)));
    line("Answered", answered ? date_text(*answered) : "No");
    line("Bridge ID", channel.bridge() ? channel.bridge()->id() : "(Not bridged)");
    text += " --   PBX   --\n";
    line("Context", channel.place().context);
    line("Extension", channel.place().extension);
    line("Priority", fmt::format("{}", channel.place().priority));
    line("Call Group", channel.attributes().call_groups);
    line("Pickup Group", channel.attributes().pickup_groups);
    line("Application", channel.application.empty() ? "(N/A)" : channel.application);
    line("Data", channel.application_arguments.empty() ? "(Empty)" : channel.application_arguments);
    line("Call Identifier", channel.call_id() ? fmt::format("[C-{:08x}]", channel.call_id().value) : "(None)");
    text += "      Variables:\n";
    for (const Variables::Entry& variable : channel.variables().all())
        text += fmt::format("{}={}\n", variable.name, variable.value);
    return console.write(text);
}

Result<void> show_channel_types(Console& console, CommandWords) {
    JF_TRY(console.print("{:<16} {:<54}\n{:<16} {:<54}\n", "Type", "Description", "-----------", "-----------"));
    const auto drivers = channel_drivers().list();
    for (const auto* slot : drivers)
        JF_TRY(console.print("{:<16} {:<54}\n", slot->name, (*slot->value)->description()));
    return console.print("----------\n{} channel drivers registered.\n", drivers.size());
}

Result<void> request_hangup(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: channel request hangup CHANNEL|all");
    if (words[0] != "all") {
        Channel& channel = *JF_TRY(named_channel(words[0]));
        const std::string name = channel.name();
        channel.hang_up(HangupCause::normal_clearing);
        return console.print("Requested Hangup on channel '{}'\n", name);
    }
    std::size_t count = 0;
    JF_TRY(visit_channels([&](Channel& channel) -> Result<void> {
        channel.hang_up(HangupCause::normal_clearing);
        ++count;
        return {};
    }));
    return console.print("Requested Hangup on {} channels\n", count);
}

Result<void> redirect(Console& console, CommandWords words) {
    if (words.size() != 2)
        return fail(ErrorCode::invalid, "Usage: channel redirect CHANNEL [[context,]extension,]priority");
    Channel& channel = *JF_TRY(named_channel(words[0]));
    const ChannelId id = channel.id();
    const Place place = JF_TRY(resolve_place(channel, words[1]));
    auto still_there = find_channel(id);
    if (!still_there) return fail(ErrorCode::not_found, "{} has ended", words[0]);
    const std::string name = still_there->get().name();
    JF_TRY(still_there->get().redirect(place));
    return console.print("Channel '{}' successfully redirected to {}\n", name, words[1]);
}

}  // namespace

Result<void> add_channel_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"core show channels [concise|verbose|count]", "List the channels",
                                "`concise` separates fields by ! for programs, `count` gives the numbers only."},
                    show_channels));
    JF_TRY(core.add(CommandInfo{"core show channel NAME", "Show one channel", "By name or unique id."}, show_channel,
                    channel_names));
    JF_TRY(core.add(CommandInfo{"core show channeltypes", "List the channel drivers", "Technologies of dial strings."},
                    show_channel_types));
    JF_TRY(core.add(CommandInfo{"channel request hangup CHANNEL", "Hang a channel up, or all of them",
                                "`all` hangs up every call.", true},
                    request_hangup, channel_names_and_all));
    return core.add(CommandInfo{"channel redirect CHANNEL PLACE", "Send a channel elsewhere in the dialplan",
                                "PLACE is [[context,]extension,]priority; a channel in a bridge leaves it.", true},
                    redirect, channel_names);
}

}  // namespace jackfield
