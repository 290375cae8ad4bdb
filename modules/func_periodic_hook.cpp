// func_periodic_hook - PERIODIC_HOOK: dialplan that runs beside a call again and again and is heard in it.
#include "core/channel/per_channel.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_hooks = 16;  // of a channel

constexpr FunctionInfo info{
    .name = "PERIODIC_HOOK",
    .syntax = "PERIODIC_HOOK(context,extension,interval) or PERIODIC_HOOK(hook_id)",
    .synopsis = "Run dialplan beside a call again and again, heard in the call",
    .text = "Reading ${PERIODIC_HOOK(hooks,beep,180)} starts a hook and gives its id: each 180 seconds the extension runs on a channel of its own, "
            "while this one goes on; what it plays is heard by both sides. HOOK_CHANNEL is this channel's name there, HOOK_ID the id. A run "
            "that takes longer than the interval is not started twice. Set(PERIODIC_HOOK(id)=off) ends it, =on starts it again; it ends with "
            "the call at the latest."};

struct Hook {
    std::string id, context, extension;
    std::chrono::seconds interval{0};
    std::unique_ptr<Timer> timer;
    bool running = false;
};
using Hooks = std::vector<Hook>;
using Calls = PerChannel<Hooks>;

Hook* find(Calls& calls, Channel& channel, std::string_view id) {
    Hooks* hooks = calls.find(channel);
    if (!hooks) return nullptr;
    for (Hook& hook : *hooks)
        if (hook.id == id) return &hook;
    return nullptr;
}

struct Run {
    ChannelId channel;
    std::string id, name;  // of the hook; the channel's
    DialRequest request;
};

// One half of a Local channel runs the hook's extension, the other one carries what is heard into the call.
Result<void> carry_out(const Run& run) {
    DialOutcome outcome = DialOutcome::chan_unavail;
    const Custody custody = JF_TRY(originate(run.request, 10s, outcome, [&](Channel& called) {
        called.set_variable("__HOOK_CHANNEL", run.name);
        called.set_variable("__HOOK_ID", run.id);
    }));
    const InterruptScope scope(custody.interrupter());
    return run_application(custody.channel(), "ChanSpy", run.name + ",qEB");
}

void run_hook(Calls& calls, const Run& run) {
    const auto done = carry_out(run);
    if (!done && !ends_application(done.error().code)) log_warning("PERIODIC_HOOK of {}: {}", run.name, done.error().text);
    const auto channel = find_channel(run.channel);
    if (!channel) return;
    if (Hook* hook = find(calls, *channel, run.id)) hook->running = false;
}

void expired(Calls& calls, ChannelId id, const std::string& hook_id) {
    const auto found = find_channel(id);
    if (!found) return;
    Channel& channel = *found;
    Hook* hook = find(calls, channel, hook_id);
    if (!hook) return;
    hook->timer->start(hook->interval);
    if (hook->running) return;
    Run run{.channel = id, .id = hook_id, .name = channel.name(), .request = {}};
    run.request.technology = "Local";
    run.request.destination = fmt::format("{}@{}/n", hook->extension, hook->context);
    const auto started = spawn({.name = "hook of " + run.name, .call_id = channel.call_id()},
                               [&calls, run = std::move(run)] { run_hook(calls, run); });
    hook->running = started.has_value();
    if (!started) log_warning("PERIODIC_HOOK of {}: {}", channel.name(), started.error().text);
}

void start(Calls& calls, Channel& channel, Hook& hook) {
    hook.timer = std::make_unique<Timer>([&calls, id = channel.id(), hook_id = hook.id] { expired(calls, id, hook_id); });
    hook.timer->start(hook.interval);
}

Result<std::string> read(Calls& calls, Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "PERIODIC_HOOK needs a channel");
    if (!arguments.has(0) || !arguments.has(1)) return fail(ErrorCode::invalid, "PERIODIC_HOOK needs a context, an extension and an interval");
    const auto interval = parse_number<unsigned>(trim(arguments[2]));
    if (!interval || *interval == 0 || *interval > 86400)
        return fail(ErrorCode::invalid, "PERIODIC_HOOK: the interval is 1 to 86400 whole seconds, not '{}'", arguments[2]);
    if (!extension_exists(*channel, arguments[0], arguments[1]))
        return fail(ErrorCode::not_found, "PERIODIC_HOOK: there is no extension {}@{}", arguments[1], arguments[0]);
    Hooks& hooks = calls.of(*channel);
    if (hooks.size() >= most_hooks) return fail(ErrorCode::limit, "PERIODIC_HOOK: {} has {} hooks already", channel->name(), most_hooks);
    Hook& hook = hooks.emplace_back();
    hook.id = std::to_string(hooks.size());
    hook.context = arguments[0];
    hook.extension = arguments[1];
    hook.interval = std::chrono::seconds(*interval);
    start(calls, *channel, hook);
    return hook.id;
}

Result<void> write(Calls& calls, Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "PERIODIC_HOOK needs a channel");
    Hook* hook = find(calls, *channel, trim(arguments[0]));
    if (!hook) return fail(ErrorCode::not_found, "PERIODIC_HOOK: {} has no hook '{}'", channel->name(), arguments[0]);
    const auto on = parse_bool(trim(value));
    if (!on) return fail(ErrorCode::invalid, "PERIODIC_HOOK({}): write on or off, not '{}'", arguments[0], value);
    if (!*on)
        hook->timer.reset();
    else if (!hook->timer)
        start(calls, *channel, *hook);
    return {};
}

Result<void> load(Module& module) {
    Calls& calls = module.own<Calls>();
    return module.add(info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) { return read(calls, channel, arguments); },
                                         [&calls](Channel* channel, const Arguments& arguments, std::string_view value) {
                                             return write(calls, channel, arguments, value);
                                         }});
}

}  // namespace

JACKFIELD_MODULE("func_periodic_hook", "Dialplan that runs beside a call at intervals", load, "app_chanspy", "chan_local")
