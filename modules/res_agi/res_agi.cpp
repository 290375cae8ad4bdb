// res_agi - AGI, EAGI and DeadAGI: programs, FastAGI servers and manager clients that steer a call.
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/application.hpp"
#include "modules/res_agi/async.hpp"
#include "modules/res_agi/console.hpp"
#include "modules/res_agi/launch.hpp"
#include "modules/res_manager/manager.hpp"

namespace jackfield::agi {
namespace {

constexpr ApplicationInfo agi_info{
    .name = "AGI",
    .syntax = "AGI(command[,arg1[,arg2[,...]]])",
    .synopsis = "Let a script steer the call",
    .text = "The command is a program below astagidir (or a path), which speaks AGI on its standard input and output; "
            "agi://host[:port][/path] is a FastAGI server (port 4573; hagi:// looks its servers up by SRV), and agi:async waits for the action "
            "AGI of manager clients. Does not answer. `agi show commands` lists what a script may ask for.\n"
            "At hang-up a program gets SIGHUP, and a server the line HANGUP, unless AGISIGHUP is `no`; commands that need no call still work "
            "then, unless AGIEXITONHANGUP is `yes`. In the h extension the script runs on the call that has ended.\n"
            "Sets AGISTATUS to SUCCESS, FAILURE, NOTFOUND or HANGUP."};
constexpr ApplicationInfo eagi_info{
    .name = "EAGI",
    .syntax = "EAGI(command[,arg1[,arg2[,...]]])",
    .synopsis = "Let a program steer the call and hear the caller",
    .text = "As AGI; what the caller says comes on the program's descriptor 3 as signed linear audio at 8000 Hz, or as the codec that "
            "EAGI_AUDIO_FORMAT names (slin16, ulaw, ...). Only programs can have it, and only while the call is up."};
constexpr ApplicationInfo dead_info{
    .name = "DeadAGI",
    .syntax = "DeadAGI(command[,arg1[,arg2[,...]]])",
    .synopsis = "AGI on a call that has been hung up",
    .text = "AGI does the same; this name is for plans that have it."};

Result<Status> run(Channel& channel, const Arguments& arguments, AsyncCalls& async, bool enhanced) {
    std::vector<std::string> words;
    for (std::size_t i = 0; i < arguments.size(); ++i) words.emplace_back(arguments[i]);
    const std::string& script = words[0];
    const bool server = starts_with_ignoring_case(script, "agi://") || starts_with_ignoring_case(script, "hagi://");
    const bool asynchronous = starts_with_ignoring_case(script, "agi:async");
    if (enhanced && (server || asynchronous)) {
        log_warning("{}: EAGI works with programs only, not with {}", channel.name(), script);
        return Status::failure;
    }
    if (asynchronous) return async.serve(channel, words);
    return server ? run_server(channel, words) : run_program(channel, words, enhanced);
}

Result<void> run_agi(Channel& channel, const Arguments& arguments, AsyncCalls& async, bool enhanced) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "AGI needs the name of a script");
    if (enhanced && channel.hung_up()) {
        log_error("{}: EAGI can't run on a call that has been hung up; AGI can", channel.name());
        return {};
    }
    const Status status = JF_TRY(run(channel, arguments, async, enhanced));
    channel.set_variable("AGISTATUS", std::string(to_string(status)));
    if (status == Status::hangup) return fail(ErrorCode::hangup);
    return {};
}

// --- the manager's action -----------------------------------------------------------------------------------------------

constexpr ManagerActionInfo action_info{
    .name = "AGI",
    .privilege = manager_class::agi,
    .synopsis = "Add an AGI command to execute by Async AGI",
    .text = "Channel, Command; CommandID comes back in the event AsyncAGIExec."};

Result<void> add_command(const ManagerRequest& request, ManagerReply& reply, AsyncCalls& async) {
    const std::string_view name = request.get("Channel"), command = request.get("Command");
    if (name.empty() || command.empty()) return fail(ErrorCode::invalid, "Both, Channel and Command are *required*");
    Channel* channel = find_channel(name);
    if (!channel) return fail(ErrorCode::not_found, "Channel {} does not exist.", name);
    if (!async.add(*channel, {std::string(command), std::string(request.get("CommandID"))}))
        return fail(ErrorCode::not_found, "Failed to add AGI command to channel {} queue", channel->name());
    reply.success("Added AGI command to queue");
    return {};
}

Result<void> load(Module& module) {
    auto& async = module.own<AsyncCalls>();
    for (const ApplicationInfo& info : {agi_info, eagi_info, dead_info}) {
        const bool enhanced = info.name.text == eagi_info.name.text;
        JF_TRY(module.add(info, [&async, enhanced](Channel& channel, const Arguments& arguments) {
            return run_agi(channel, arguments, async, enhanced);
        }));
    }
    JF_TRY(add_console_commands(module, async));
    return module.add(action_info, [&async](const ManagerRequest& request, ManagerReply& reply) { return add_command(request, reply, async); });
}

}  // namespace
}  // namespace jackfield::agi

JACKFIELD_MODULE("res_agi", "Asterisk Gateway Interface (AGI)", jackfield::agi::load)
