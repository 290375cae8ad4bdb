// Status, Hangup, Redirect, Getvar, Setvar, SendText, PlayDTMF, SendFlash, AbsoluteTimeout.
#include <re2/re2.h>

#include <array>
#include <chrono>

#include "core/bridge/bridge.hpp"
#include "core/channel/channel_visit.hpp"
#include "core/dialplan/executor.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/channel_lookup.hpp"
#include "modules/res_manager/server.hpp"
#include "modules/res_manager/snapshot_fields.hpp"

namespace jackfield::manager {
namespace {

using namespace std::chrono_literals;

// --- variables ---------------------------------------------------------------------------------------------------------

// The channel named, kept alive; null when none is named.
Result<std::shared_ptr<Channel>> optional_channel(const ManagerRequest& request) {
    if (request.get("Channel").empty()) return nullptr;
    return JF_TRY(channel_of(request)).get().share();
}

Result<void> get_variable(const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Variable").empty()) return fail(ErrorCode::invalid, "No variable specified");
    const std::string name(request.get("Variable"));
    const auto channel = JF_TRY(optional_channel(request));
    std::string value = JF_TRY(read_expression(channel.get(), name));
    reply.respond("Success", ManagerFields().add("Variable", name).add("Value", value));
    return {};
}

Result<void> set_variable(const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Variable").empty()) return fail(ErrorCode::invalid, "No variable specified");
    const std::string name(request.get("Variable"));
    const auto channel = JF_TRY(optional_channel(request));
    JF_TRY(write_expression(channel.get(), name, request.get("Value")));
    reply.success("Variable Set");
    return {};
}

// --- Status --------------------------------------------------------------------------------------------------------------

std::string codec_name(const Codec* codec) { return codec ? std::string(codec->name) : std::string(); }

ManagerFields status_of(const Server& server, Channel& channel) {
    MediaStream& media = channel.media();
    const StreamStatistics statistics = media.statistics();
    std::string native;
    for (const StreamInfo& stream : channel.topology()) native += stream.formats.to_string();
    ManagerFields fields;
    fields.add("Privilege", "Call");
    add_channel(fields, server, channel);
    fields.add("Type", channel.technology()).add("DNID", channel.caller().dnid);
    const auto known = [](const auto& field) { return field.text.empty() ? std::string("<unknown>") : field.text; };
    fields.add("EffectiveConnectedLineNum", known(channel.connected().id.number));
    fields.add("EffectiveConnectedLineName", known(channel.connected().id.name));
    fields.add("TimeToHangup", 0).add("BridgeID", channel.bridge() ? channel.bridge()->id() : std::string());
    fields.add("Application", channel.application).add("Data", channel.application_arguments);
    fields.add("Nativeformats", native).add("Readformat", codec_name(media.read_codec())).add("Readtrans", statistics.read_path);
    fields.add("Writeformat", codec_name(media.write_codec())).add("Writetrans", statistics.write_path);
    fields.add("Callgroup", channel.attributes().call_groups).add("Pickupgroup", channel.attributes().pickup_groups);
    fields.add("Seconds", std::chrono::duration_cast<std::chrono::seconds>(wall_now() - channel.created()).count());
    return fields;
}

Result<void> status(const ManagerRequest& request, ManagerReply& reply) {
    const Server& server = static_cast<SessionReply&>(reply).server;
    const auto names = split_arguments(request.get("Variables"));
    const bool all_variables = parse_bool(request.get("AllVariables")).value_or(false);
    std::size_t count = 0;
    const auto tell = [&](Channel& channel) -> Result<void> {
        ManagerFields fields = status_of(server, channel);
        if (all_variables)
            for (const Variables::Entry& entry : channel.variables().all()) fields.add("Variable", entry.name + "=" + entry.value);
        const auto keep = channel.share();
        for (const std::string& name : names)
            if (const auto value = read_expression(keep.get(), name)) fields.add("Variable", name + "=" + *value);
        ++count;
        return reply.item("Status", fields);
    };
    if (request.get("Channel").empty()) {
        reply.begin_list("Channel status will follow");
        JF_TRY(visit_channels(tell));
    } else {
        Channel& channel = JF_TRY(channel_of(request));
        reply.begin_list("Channel status will follow");
        JF_TRY(tell(channel));
    }
    reply.end_list("StatusComplete", ManagerFields().add("Items", count));
    return {};
}

// --- ends and moves --------------------------------------------------------------------------------------------------------

Result<HangupCause> wanted_cause(const ManagerRequest& request) {
    const std::string_view text = request.get("Cause");
    if (text.empty()) return HangupCause::normal_clearing;
    const auto cause = parse_cause(text);
    if (cause == HangupCause::not_defined) return fail(ErrorCode::invalid, "Cause: '{}' is no hang-up cause", text);
    return cause;
}

Result<void> hang_up(const ManagerRequest& request, ManagerReply& reply) {
    const HangupCause cause = JF_TRY(wanted_cause(request));
    const std::string name = JF_TRY(needed(request, "Channel"));
    if (name.size() < 3 || !name.starts_with('/') || !name.ends_with('/')) {
        Channel& channel = JF_TRY(channel_of(request));
        channel.hang_up(cause);
        reply.success("Channel Hungup");
        return {};
    }
    RE2::Options options(RE2::POSIX);
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    const RE2 expression(re2::StringPiece(name.data() + 1, name.size() - 2), options);
    if (!expression.ok()) return fail(ErrorCode::invalid, "'{}' is no regular expression: {}", name, expression.error());
    reply.begin_list("Channels hung up will follow");
    JF_TRY(visit_channels([&](Channel& channel) -> Result<void> {
        if (!RE2::PartialMatch(channel.name(), expression)) return {};
        const std::string ended = channel.name();
        channel.hang_up(cause);
        return reply.item("ChannelHungup", ManagerFields().add("Channel", ended));
    }));
    reply.end_list("ChannelsHungupListComplete");
    return {};
}

// Where a channel is to go, by fields with the prefix "Extra" or none. May wait.
Result<Place> wanted_place(const ManagerRequest& request, std::string_view prefix, Channel& channel) {
    const auto field = [&](std::string_view name) { return request.get(std::string(prefix).append(name)); };
    const std::string_view priority = field("Priority").empty() ? std::string_view("1") : field("Priority");
    const Place place = JF_TRY(resolve_place(channel, fmt::format("{},{},{}", field("Context"), field("Exten"), priority)));
    if (!extension_exists(channel, place.context, place.extension, place.priority))
        return fail(ErrorCode::not_found, "There is no priority {} of {}@{}", place.priority, place.extension, place.context);
    return place;
}

Result<void> redirect(const ManagerRequest& request, ManagerReply& reply) {
    const auto first = JF_TRY(channel_of(request)).get().share();
    JF_TRY(needed(request, "Exten"));
    const Place place = JF_TRY(wanted_place(request, {}, *first));
    if (request.get("ExtraChannel").empty()) {
        JF_TRY(first->redirect(place));
        reply.success("Redirect successful");
        return {};
    }
    const auto second = JF_TRY(channel_of(request, "ExtraChannel")).get().share();
    const Place other = request.get("ExtraExten").empty() ? place : JF_TRY(wanted_place(request, "Extra", *second));
    if (first->hung_up() || second->hung_up()) return fail(ErrorCode::hangup, "Redirect failed, a channel is not up");
    // Both in one turn: neither may find the other gone from their bridge and hang up.
    JF_TRY(first->redirect(place));
    JF_TRY(second->redirect(other));
    reply.success("Dual Redirect successful");
    return {};
}

Result<void> send_text(const ManagerRequest& request, ManagerReply& reply) {
    const auto channel = JF_TRY(channel_of(request)).get().share();
    const std::string text = JF_TRY(needed(request, "Message"));
    const std::string_view type = request.get("Content-Type");
    JF_TRY(channel->send_text(text, type.empty() ? "text/plain" : type));
    reply.success("Success");
    return {};
}

Result<void> play_digit(const ManagerRequest& request, ManagerReply& reply) {
    Channel& channel = JF_TRY(channel_of(request));
    const std::string digit = JF_TRY(needed(request, "Digit"));
    if (digit.size() != 1 || !std::string_view("0123456789*#ABCDabcd").contains(digit[0]))
        return fail(ErrorCode::invalid, "Digit: one of 0 to 9, *, #, A to D");
    auto length = 250ms;
    if (const std::string_view text = request.get("Duration"); !text.empty()) {
        const auto number = parse_number<int>(text);
        if (!number || *number < 1 || *number > 30000) return fail(ErrorCode::invalid, "Duration: 1 to 30000 milliseconds");
        length = std::chrono::milliseconds(*number);
    }
    if (parse_bool(request.get("Receive")).value_or(false))
        channel.remote_digit(digit[0], length);
    else
        channel.send_digits(digit, length, 0ms);
    reply.success("DTMF successfully queued");
    return {};
}

Result<void> send_flash(const ManagerRequest& request, ManagerReply& reply) {
    Channel& channel = JF_TRY(channel_of(request));
    if (parse_bool(request.get("Receive")).value_or(false))
        channel.remote_event({ChannelEvent::Kind::flash, {}, {}});
    else
        JF_TRY(channel.indicate(Indication::flash));
    reply.success("Flash successfully queued");
    return {};
}

Result<void> absolute_timeout(const ManagerRequest& request, ManagerReply& reply) {
    const auto channel = JF_TRY(channel_of(request)).get().share();
    const auto seconds = parse_number<double>(request.get("Timeout"));
    if (!seconds || *seconds < 0) return fail(ErrorCode::invalid, "No timeout specified");
    JF_TRY(write_expression(channel.get(), "TIMEOUT(absolute)", request.get("Timeout")));
    reply.success("Timeout Set");
    return {};
}

using namespace manager_class;
constexpr std::array all_channel_actions{
    ActionEntry{{"Status", system | call | reporting, "Tell all about one channel or every channel",
                 "Channel; all when it is left out. Variables: names "
                 "whose values are wanted. AllVariables: yes."}, status},
    ActionEntry{{"Hangup", system | call, "End a channel, or all that match",
                 "Channel: a name, or /expression/ for all that match. Cause: a number."}, hang_up},
    ActionEntry{{"Redirect", call, "Send a channel, or two, elsewhere in the dialplan",
                 "Channel, Context, Exten, Priority; with ExtraChannel, ExtraContext, "
                 "ExtraExten, ExtraPriority a second one at the same moment."}, redirect},
    ActionEntry{{"Getvar", call | reporting, "Read a variable or function", "Variable. Channel; a global one when it "
                 "is left out."}, get_variable},
    ActionEntry{{"Setvar", call, "Set a variable or function", "Variable, Value. Channel; a global one when it is "
                 "left out."}, set_variable},
    ActionEntry{{"SendText", call, "Send text to a channel's far side", "Channel, Message."}, send_text},
    ActionEntry{{"PlayDTMF", call, "Press a key", "Channel, Digit, Duration (milliseconds). Receive: yes, as if "
                 "the channel's far side had pressed it."}, play_digit},
    ActionEntry{{"SendFlash", call, "Flash the hook", "Channel. Receive: yes, as if the channel's far side had done it; else it "
                 "is for that side, where its technology can carry it."}, send_flash},
    ActionEntry{{"AbsoluteTimeout", system | call, "Limit how long a channel may last",
                 "Channel, Timeout (seconds, 0: none)."}, absolute_timeout},
};

}  // namespace

std::span<const ActionEntry> channel_actions() { return all_channel_actions; }

}  // namespace jackfield::manager
