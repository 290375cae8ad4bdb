// MixMonitor and StopMixMonitor: record a call while it goes on.
#include "apps/mixmonitor/monitors.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;
using mixmonitor::Monitors;
using mixmonitor::Order;

namespace {

constexpr ApplicationInfo start_info{
    .name = "MixMonitor",
    .syntax = "MixMonitor(filename.extension[,options[,command]])",
    .synopsis = "Record the call while it goes on",
    .text = "Both sides, mixed, until StopMixMonitor or the end of the channel. A relative name is below the folder monitor of the "
            "spool directory. The shell command runs when the file is complete; ^{X} in it stands for ${X}, replaced now. Sets "
            "MIXMONITOR_FILENAME.\n"
            "  a - append to an existing file\n"
            "  b - record only while the channel is bridged\n"
            "  i(variable) - set a variable to the id of this recording\n"
            "  p - beep on the channel at the start\n"
            "  P - beep on the channel when it is stopped\n"
            "  r(file) - what the channel says goes to a file of its own\n"
            "  t(file) - what the channel hears goes to a file of its own"};
constexpr ApplicationInfo stop_info{.name = "StopMixMonitor",
                                    .syntax = "StopMixMonitor([id])",
                                    .synopsis = "End a recording of MixMonitor",
                                    .text = "The one of that id, or the one started last."};
constexpr FunctionInfo function_info{.name = "MIXMONITOR",
                                     .syntax = "MIXMONITOR(id,key)",
                                     .synopsis = "What is known of a recording",
                                     .text = "The id is that of MixMonitor's option i. Key `filename`: the file of both sides."};

constexpr ManagerActionInfo start_action{"MixMonitor", manager_class::system, "Record a channel while its call goes on",
                                         "Channel, File, options and Command as the application MixMonitor has them. Answers MixMonitorID."};
constexpr ManagerActionInfo stop_action{"StopMixMonitor", manager_class::system | manager_class::call, "End a recording of MixMonitor",
                                        "Channel, and MixMonitorID, without which the one started last ends."};

constexpr ManagerActionInfo mute_action{
    "MixMonitorMute", manager_class::system | manager_class::call, "Silence in a recording of MixMonitor instead of a side or both",
    "Channel. Direction: read (what comes from the channel), write (what goes to it) or both. State: 1 or 0. MixMonitorID: this "
    "recording alone, else all of the channel."};

Result<std::string> full_name(std::string_view file) {
    if (file.empty()) return std::string();
    const auto dot = file.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == file.size() || file.substr(dot).contains('/'))
        return fail(ErrorCode::invalid, "MixMonitor needs a name with an extension, as call.wav, and not '{}'", file);
    if (file.starts_with('/')) return std::string(file);
    return fmt::format("{}/monitor/{}", constant_variable("ASTSPOOLDIR").value_or("/tmp"), file);
}

Result<OptionLetters> read_options(std::string_view text) { return OptionLetters::parse(text, "abipPrt"); }

Result<Order> read_order(Channel& channel, std::string_view file, const OptionLetters& options, std::string command) {
    Order order;
    order.mixed = JF_TRY(full_name(file));
    order.said = JF_TRY(full_name(options.argument('r')));
    order.heard = JF_TRY(full_name(options.argument('t')));
    if (order.mixed.empty() && order.said.empty() && order.heard.empty())
        return fail(ErrorCode::invalid, "MixMonitor needs the name of a file");
    order.append = options.has('a');
    order.only_bridged = options.has('b');
    order.end_beep = options.has('P');
    for (std::size_t at = 0; (at = command.find("^{", at)) != std::string::npos; ++at) command[at] = '$';
    order.command = JF_TRY(substitute(&channel, command));
    return order;
}

Result<void> start(Monitors& monitors, Channel& channel, const Arguments& arguments) {
    const auto parts = split_arguments(arguments.raw(), ',', 3);
    const auto part = [&](std::size_t place) { return parts.size() > place ? parts[place] : std::string(); };
    const OptionLetters options = JF_TRY(read_options(part(1)));
    Order order = JF_TRY(read_order(channel, part(0), options, part(2)));
    if (options.has('p'))
        if (auto beep = channel.play("beep"); !beep && ends_application(beep.error().code))
            return std::unexpected(std::move(beep).error());
    const std::string file = order.mixed;
    auto id = monitors.start(channel, std::move(order));
    if (!id) {  // a full disk does not end the call
        log_error("MixMonitor of {}: {}", channel.name(), id.error().text);
        return {};
    }
    channel.set_variable("MIXMONITOR_FILENAME", file);
    if (options.has('i')) channel.set_variable(options.argument('i'), *std::move(id));
    return {};
}

Result<Channel*> channel_of(const ManagerRequest& request) {
    if (request.get("Channel").empty()) return fail(ErrorCode::invalid, "No channel specified");
    if (Channel* channel = find_channel(request.get("Channel"))) return channel;
    return fail(ErrorCode::not_found, "No such channel");
}

Result<void> start_by_manager(Monitors& monitors, const ManagerRequest& request, ManagerReply& reply) {
    Channel* channel = JF_TRY(channel_of(request));
    const auto keep = channel->share();
    const OptionLetters options = JF_TRY(read_options(request.get("options")));
    Order order = JF_TRY(read_order(*channel, request.get("File"), options, std::string(request.get("Command"))));
    const std::string file = order.mixed;
    std::string id = JF_TRY(monitors.start(*channel, std::move(order)));
    if (options.has('p')) mixmonitor::beep(*channel);
    channel->set_variable("MIXMONITOR_FILENAME", file);
    if (options.has('i')) channel->set_variable(options.argument('i'), id);
    reply.respond("Success", ManagerFields().add("MixMonitorID", id));
    return {};
}

Result<void> stop_by_manager(Monitors& monitors, const ManagerRequest& request, ManagerReply& reply) {
    Channel* channel = JF_TRY(channel_of(request));
    if (!monitors.stop(*channel, request.get("MixMonitorID"))) return fail(ErrorCode::not_found, "Could not stop monitoring channel");
    reply.respond("Success", {});
    return {};
}

Result<void> mute_by_manager(Monitors& monitors, const ManagerRequest& request, ManagerReply& reply) {
    Channel* channel = JF_TRY(channel_of(request));
    const std::string_view word = request.get("Direction"), state = request.get("State");
    if (word.empty()) return fail(ErrorCode::invalid, "No direction specified. Must be read, write or both");
    if (state.empty()) return fail(ErrorCode::invalid, "No state specified");
    using Direction = Tap::Direction;
    const bool read = equals_ignoring_case(word, "read"), write = equals_ignoring_case(word, "write");
    if (!read && !write && !equals_ignoring_case(word, "both"))
        return fail(ErrorCode::invalid, "Invalid direction '{}' specified. Must be read, write or both", word);
    const auto on = parse_bool(state);
    if (!on) return fail(ErrorCode::invalid, "State is 1 or 0, not '{}'", state);
    if (!monitors.mute(*channel, request.get("MixMonitorID"), read ? Direction::read : write ? Direction::write : Direction::both, *on))
        return fail(ErrorCode::not_found, "Cannot set mute flag");
    reply.respond("Success", {});
    return {};
}

Result<std::string> read(Monitors& monitors, Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "MIXMONITOR needs a channel");
    const auto* monitor = monitors.find(*channel, arguments[0]);
    if (!monitor) return fail(ErrorCode::not_found, "MIXMONITOR: the channel has no recording {}", arguments[0]);
    if (!equals_ignoring_case(arguments[1], "filename"))
        return fail(ErrorCode::invalid, "MIXMONITOR: the key is filename, not '{}'", arguments[1]);
    return monitor->order.mixed;
}

Result<void> load(Module& module) {
    Monitors& monitors = module.own<Monitors>();
    JF_TRY(module.add(start_info, [&monitors](Channel& channel, const Arguments& arguments) {
        return start(monitors, channel, arguments);
    }));
    JF_TRY(module.add(stop_info, [&monitors](Channel& channel, const Arguments& arguments) -> Result<void> {
        if (!monitors.stop(channel, arguments[0])) log_notice("StopMixMonitor: {} has no such recording", channel.name());
        return {};
    }));
    JF_TRY(module.add(start_action, [&monitors](const ManagerRequest& request, ManagerReply& reply) {
        return start_by_manager(monitors, request, reply);
    }));
    JF_TRY(module.add(stop_action, [&monitors](const ManagerRequest& request, ManagerReply& reply) {
        return stop_by_manager(monitors, request, reply);
    }));
    JF_TRY(module.add(mute_action, [&monitors](const ManagerRequest& request, ManagerReply& reply) {
        return mute_by_manager(monitors, request, reply);
    }));
    JF_TRY(mixmonitor::add_one_touch(module, monitors));
    return module.add(function_info, FunctionBody{[&monitors](Channel* channel, const Arguments& arguments) {
                          return read(monitors, channel, arguments);
                      }});
}

}  // namespace

JACKFIELD_MODULE("app_mixmonitor", "Record calls while they go on", load)
