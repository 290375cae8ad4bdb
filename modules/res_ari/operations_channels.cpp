// /channels: what can be done with those that are there.
#include <algorithm>

#include "channels/sip/sip_management.hpp"
#include "core/channel/channel_events.hpp"
#include "core/console/daemon_control.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/outside_scope.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"
#include "modules/res_ari/operations.hpp"
#include "modules/res_ari/start_media.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;
using namespace std::chrono_literals;

struct Named {
    Channel* channel = nullptr;
    std::shared_ptr<Channel> keep;
    std::shared_ptr<Control> control;
};

// The channel of the path. Nothing and `refused`: there is none, or it is not in Stasis where `controlled` wants that.
std::optional<Named> named(Request& request, bool controlled, Answer& refused) {
    Named found;
    found.channel = find_channel(request.get("channelId"));
    if (!found.channel) {
        refused = error(404, "Channel not found");
        return {};
    }
    found.keep = found.channel->share();
    found.control = request.ari.control(*found.channel);
    if (controlled && !found.control) {
        refused = error(409, "Channel not in Stasis application");
        return {};
    }
    return found;
}

// For operations that run one command on the channel in Stasis.
Answer command(Request& request, std::move_only_function<Result<void>(Channel&)> run) {
    Answer refused;
    const auto found = named(request, true, refused);
    if (!found) return refused;
    const auto ran = run_command(*found->channel, std::move(run));
    if (ran) return done();
    if (ran.error().code == ErrorCode::hangup) return error(404, "Channel not found");
    if (ran.error().code == ErrorCode::invalid) return error(400, ran.error().text);
    return error(500, ran.error().text.empty() ? std::string(to_string(ran.error().code)) : ran.error().text);
}

Answer list_channels(Request& request) {
    JsonArray all;
    for_each_channel([&](Channel& channel) { all.emplace_back(channel_json(request.ari, channel)); });
    return ok(std::move(all));
}

Answer get_channel(Request& request) {
    Answer refused;
    const auto found = named(request, false, refused);
    return found ? ok(channel_json(request.ari, *found->channel)) : refused;
}

Answer hang_up(Request& request) {
    Answer refused;
    const auto found = named(request, false, refused);
    if (!found) return refused;
    static constexpr std::array<std::pair<std::string_view, HangupCause>, 9> reasons{
        {{"normal", HangupCause::normal_clearing},
         {"busy", HangupCause::user_busy},
         {"congestion", HangupCause::switch_congestion},
         {"no_answer", HangupCause::no_answer},
         {"timeout", HangupCause::no_user_response},
         {"rejected", HangupCause::call_rejected},
         {"unallocated", HangupCause::unallocated},
         {"normal_unspecified", HangupCause::normal_unspecified},
         {"answered_elsewhere", HangupCause::answered_elsewhere}}};
    HangupCause cause = HangupCause::normal_clearing;
    if (request.has("reason_code")) {
        const auto code = request.number("reason_code");
        cause = parse_cause(request.get("reason_code"));
        if (!code && cause == HangupCause::not_defined) return error(400, "Invalid Reason Code Provided");
    } else if (request.has("reason")) {
        const auto reason =
            std::ranges::find(reasons, request.get("reason"), [](const auto& each) { return std::string(each.first); });
        if (reason == reasons.end()) return error(400, "Invalid Reason Provided");
        cause = reason->second;
    }
    found->channel->hang_up(cause);
    return done();
}

// "context,extension,priority or label" as far as they are given; nothing: the next priority.
Result<std::optional<Place>> place_of(Request& request, Channel& channel) {
    if (!request.has("context") && !request.has("extension") && !request.has("priority") && !request.has("label"))
        return std::nullopt;
    Place place = channel.place();
    if (request.has("context")) place.context = request.get("context");
    if (request.has("extension")) place.extension = request.get("extension");
    const std::string priority = request.has("label")      ? request.get("label")
                                 : request.has("priority") ? request.get("priority")
                                                           : "1";
    return JF_TRY(resolve_place(channel, fmt::format("{},{},{}", place.context, place.extension, priority)));
}

Answer go(const Named& found, Control::Step step) {
    // After what was asked before: commands run in their order.
    const auto ran = run_command(*found.channel, [control = found.control, step = std::move(step)](Channel&) mutable {
        return control->go(std::move(step));
    });
    if (ran) return done();
    return ran.error().code == ErrorCode::hangup ? error(404, "Channel not found") : error(500, ran.error().text);
}

Answer continue_in_dialplan(Request& request) {
    Answer refused;
    const auto found = named(request, true, refused);
    if (!found) return refused;
    auto place = place_of(request, *found->channel);
    if (!place) return error(404, place.error().text);
    return go(*found, {.kind = Control::Step::Kind::leave, .place = *std::move(place)});
}

Answer move(Request& request) {
    Answer refused;
    const auto found = named(request, true, refused);
    if (!found) return refused;
    if (!request.ari.applications().active(request.get("app"))) return error(404, "Application not found");
    std::vector<std::string> arguments;
    if (request.has("appArgs")) arguments = split_arguments(request.get("appArgs"));
    return go(
        *found,
        {.kind = Control::Step::Kind::move, .application = request.get("app"), .arguments = std::move(arguments)});
}

Answer redirect(Request& request) {
    const std::string endpoint = request.get("endpoint");
    return command(request, [endpoint](Channel& channel) { return channel.transfer(endpoint); });
}

Answer transfer_progress(Request& request) {
    using enum SipTransferProgress;
    static constexpr std::pair<std::string_view, SipTransferProgress> words[]{
        {"channel_progress", progress}, {"channel_answered", answered}, {"channel_unavailable", unavailable}, {"channel_declined", declined}};
    const std::string word = request.get("states");
    const auto* const known = std::ranges::find(words, std::string_view(word), [](const auto& each) { return each.first; });
    if (known == std::end(words))
        return error(400, fmt::format("states: '{}' is none of channel_progress, channel_answered, channel_unavailable, channel_declined", word));
    Answer refused;
    const auto found = named(request, true, refused);
    if (!found) return refused;
    const auto sip = find_service<SipManagement>();
    if (auto told = sip ? (*sip)->tell_transfer(*found->channel, known->second) : fail(ErrorCode::invalid, "there is no SIP here"); !told)
        return error(412, told.error().text);
    return done();
}

Answer answer(Request& request) {
    return command(request, [](Channel& channel) { return channel.answer(); });
}

Answer ring(Request& request) {
    return command(request, [](Channel& channel) { return channel.indicate(Indication::ringing); });
}
Answer stop_ring(Request& request) {
    return command(request, [](Channel& channel) { return channel.indicate(Indication::stop); });
}
Answer progress(Request& request) {
    return command(request, [](Channel& channel) { return channel.indicate(Indication::progress); });
}
Answer hold(Request& request) {
    return command(request, [](Channel& channel) { return channel.indicate(Indication::hold); });
}
Answer unhold(Request& request) {
    return command(request, [](Channel& channel) { return channel.indicate(Indication::unhold); });
}

Answer send_dtmf(Request& request) {
    const std::string digits = request.get("dtmf");
    if (digits.empty()) return error(400, "DTMF is required");
    if (digits.size() > 255 || digits.find_first_not_of("0123456789*#ABCDabcdwW") != std::string::npos)
        return error(400, "DTMF has other characters than digits");
    const auto milliseconds = [&](std::string_view name) {
        return std::chrono::milliseconds(std::clamp<long>(request.number(name).value_or(100), 0, 60000));
    };
    const auto before = milliseconds("before"), after = milliseconds("after"), between = milliseconds("between"),
               length = milliseconds("duration");
    const bool wait_before = request.has("before"), wait_after = request.has("after");
    Answer refused;
    const auto found = named(request, true, refused);
    if (!found) return refused;
    const auto posted = found->channel->post_work([=](Channel& channel) {
        if (wait_before && !channel.wait(before)) return;
        channel.send_digits(digits, length, between);
        if (wait_after) (void)channel.wait(after);
    });
    return posted ? done() : error(500, posted.error().text);
}

Answer set_mute(Request& request, bool on) {
    const std::string direction = request.has("direction") ? request.get("direction") : "both";
    if (direction != "both" && direction != "in" && direction != "out")
        return error(400, "Invalid direction specified");
    return command(request, [on, direction](Channel& channel) -> Result<void> {
        struct Muted {
            bool in = false, out = false;
        };
        auto& now = channel.attachment<Muted>();
        if (direction != "out") now.in = on;
        if (direction != "in") now.out = on;
        channel.media().mute(now.in, now.out);
        return {};
    });
}
Answer mute(Request& request) { return set_mute(request, true); }
Answer unmute(Request& request) { return set_mute(request, false); }

Answer start_channel_moh(Request& request) {
    return command(request, [music = request.get("mohClass")](Channel& channel) { return channel.start_music(music); });
}
Answer stop_channel_moh(Request& request) {
    return command(request, [](Channel& channel) -> Result<void> {
        channel.stop_music();
        return {};
    });
}

Answer play_to_channel(Request& request) {
    Answer refused;
    const auto found = named(request, true, refused);
    if (!found) return refused;
    auto playing =
        make_playing(request, "channel:" + found->channel->unique_id(), found->channel->unique_id(), false, refused);
    if (!playing) return refused;
    if (playing->language.empty()) playing->language = found->channel->attributes().language;
    auto body = to_json(*playing);
    const auto started = start_on_channel(request.ari, *found->channel, playing);
    return started ? Answer{.status = 201, .body = std::move(body)} : error(500, started.error().text);
}

Answer record_channel(Request& request) {
    Answer refused;
    const auto found = named(request, true, refused);
    if (!found) return refused;
    return begin_recording(request, "channel:" + found->channel->unique_id(), found->channel->unique_id(), false);
}

Answer for_dialplan_only() { return error(403, "This function may be used from the dialplan only"); }

Answer get_variable(Request& request) {
    Answer refused;
    const auto found = named(request, false, refused);
    if (!found) return refused;
    const std::string name = request.get("variable");
    const OutsideScope outside(live_dangerously());
    const auto value = read_expression(found->channel, name);
    if (!value && value.error().code == ErrorCode::refused) return for_dialplan_only();
    if (!value || (value->empty() && !name.contains('(') && !found->channel->variables().find(name)))
        return error(404, "Provided variable was not found");
    return ok(JsonObject{{"value", to_json(*value)}});
}

Answer set_variable(Request& request) {
    Answer refused;
    const auto found = named(request, false, refused);
    if (!found) return refused;
    const std::string name = request.get("variable");
    if (name.empty()) return error(400, "Variable name is required");
    const OutsideScope outside(live_dangerously());
    const auto set = write_expression(found->channel, name, request.get("value"));
    if (!set && set.error().code == ErrorCode::refused) return for_dialplan_only();
    return set ? done() : error(400, set.error().text);
}

Answer rtp_statistics(Request& request) {
    Answer refused;
    const auto found = named(request, false, refused);
    if (!found) return refused;
    if (found->channel->hung_up() || !found->channel->media().has_port()) return error(404, "The channel has no RTP");
    const auto number = [&](std::string_view item) {
        return parse_number<double>(found->channel->driver().property(item).value_or("")).value_or(0);
    };
    const StreamStatistics now = found->channel->media().statistics();
    JsonObject object;
    object["txcount"] = now.frames_out;
    object["rxcount"] = now.frames_in;
    object["txoctetcount"] = now.bytes_out;
    object["rxoctetcount"] = now.bytes_in;
    object["txjitter"] = number("rtpqos,audio,txjitter");
    object["rxjitter"] = number("rtpqos,audio,rxjitter");
    object["txploss"] = number("rtpqos,audio,txploss");
    object["rxploss"] = number("rtpqos,audio,rxploss");
    object["rtt"] = number("rtpqos,audio,rtt");
    object["local_ssrc"] = number("rtpqos,audio,local_ssrc");
    object["remote_ssrc"] = number("rtpqos,audio,remote_ssrc");
    object["channel_uniqueid"] = found->channel->unique_id();
    return ok(std::move(object));
}

const Parameter id{.in = In::path, .name = "channelId", .required = true};

}  // namespace

std::span<const Operation> channel_operations() {
    static const std::vector<Operation> operations{
        {"GET", "/channels", "list", "List[Channel]", "All channels", {}, list_channels},
        {"GET", "/channels/{channelId}", "get", "Channel", "One channel", {id}, get_channel},
        {"DELETE",
         "/channels/{channelId}",
         "hangup",
         "void",
         "Hang a channel up",
         {id, {.name = "reason_code"}, {.name = "reason"}},
         hang_up},
        {"POST",
         "/channels/{channelId}/continue",
         "continueInDialplan",
         "void",
         "Let a channel leave the application and go on in the dialplan",
         {id, {.name = "context"}, {.name = "extension"}, {.name = "priority", .type = "int"}, {.name = "label"}},
         continue_in_dialplan},
        {"POST",
         "/channels/{channelId}/move",
         "move",
         "void",
         "Hand a channel to another application",
         {id, {.name = "app", .required = true}, {.name = "appArgs"}},
         move},
        {"POST",
         "/channels/{channelId}/redirect",
         "redirect",
         "void",
         "Have the far side call somewhere else",
         {id, {.name = "endpoint", .required = true}},
         redirect},
        {"POST",
         "/channels/{channelId}/transfer_progress",
         "transferProgress",
         "void",
         "Tell who asked for a transfer how it goes",
         {id, {.name = "states", .required = true}},
         transfer_progress},
        {"POST", "/channels/{channelId}/answer", "answer", "void", "Answer a channel", {id}, answer},
        {"POST", "/channels/{channelId}/ring", "ring", "void", "Signal ringing to a channel", {id}, ring},
        {"DELETE", "/channels/{channelId}/ring", "ringStop", "void", "End ringing", {id}, stop_ring},
        {"POST", "/channels/{channelId}/progress", "progress", "void", "Signal progress to a channel", {id}, progress},
        {"POST",
         "/channels/{channelId}/dtmf",
         "sendDTMF",
         "void",
         "Send digits to a channel",
         {id,
          {.name = "dtmf"},
          {.name = "before", .type = "int"},
          {.name = "between", .type = "int"},
          {.name = "duration", .type = "int"},
          {.name = "after", .type = "int"}},
         send_dtmf},
        {"POST", "/channels/{channelId}/mute", "mute", "void", "Mute a channel", {id, {.name = "direction"}}, mute},
        {"DELETE",
         "/channels/{channelId}/mute",
         "unmute",
         "void",
         "Let a channel be heard again",
         {id, {.name = "direction"}},
         unmute},
        {"POST", "/channels/{channelId}/hold", "hold", "void", "Put a channel on hold", {id}, hold},
        {"DELETE", "/channels/{channelId}/hold", "unhold", "void", "Take a channel off hold", {id}, unhold},
        {"POST",
         "/channels/{channelId}/moh",
         "startMoh",
         "void",
         "Play hold music to a channel",
         {id, {.name = "mohClass"}},
         start_channel_moh},
        {"DELETE", "/channels/{channelId}/moh", "stopMoh", "void", "End hold music", {id}, stop_channel_moh},
        {"POST", "/channels/{channelId}/play", "play", "Playback", "Play media to a channel",
         play_parameters(id, false), play_to_channel},
        {"POST", "/channels/{channelId}/play/{playbackId}", "playWithId", "Playback",
         "Play media to a channel, with an id of one's own", play_parameters(id, true), play_to_channel},
        {"POST", "/channels/{channelId}/record", "record", "LiveRecording", "Record what a channel says",
         record_parameters(id), record_channel},
        {"GET",
         "/channels/{channelId}/variable",
         "getChannelVar",
         "Variable",
         "A variable or function of a channel",
         {id, {.name = "variable", .required = true}},
         get_variable},
        {"POST",
         "/channels/{channelId}/variable",
         "setChannelVar",
         "void",
         "Set a variable or function of a channel",
         {id, {.name = "variable", .required = true}, {.name = "value"}},
         set_variable},
        {"GET",
         "/channels/{channelId}/rtp_statistics",
         "rtpstatistics",
         "RTPstat",
         "Counts of a channel's RTP",
         {id},
         rtp_statistics},
    };
    return operations;
}

}  // namespace jackfield::ari
