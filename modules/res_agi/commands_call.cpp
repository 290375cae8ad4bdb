// Commands that steer the call: answer and hang up, where it goes on, applications and routines, and what is said to the log.
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/dialplan/application.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/executor.hpp"
#include "modules/res_agi/command_line.hpp"
#include "modules/res_agi/commands.hpp"

namespace jackfield::agi {
namespace {

Result<Reply> answer(Channel& channel, Words) {
    JF_TRY(channel.answer());
    return result(0);
}

Result<Reply> hang_up(Channel& channel, Words words) {
    if (words.size() == 1) {
        channel.hang_up(HangupCause::normal_clearing);
        return result(1);
    }
    Channel* other = find_channel(words[1]);
    if (!other) return result(-1);
    other->hang_up(HangupCause::normal_clearing);
    return result(1);
}

Result<Reply> channel_status(Channel& channel, Words words) {
    const Channel* other = words.size() > 2 ? find_channel(words[2]) : &channel;
    if (!other) return result(-1);
    return result(static_cast<int>(other->state()));
}

// --- where the call goes on -------------------------------------------------------------------------------------------

// Changes the place that the channel is at, and the one that it goes to when SET PRIORITY has named that already.
template <class F>
void change_place(Channel& channel, F&& change) {
    change(channel.place());
    if (auto& next = call_state(channel).next) change(*next);
}

Result<Reply> set_context(Channel& channel, Words words) {
    change_place(channel, [&](Place& place) { place.context = words[2]; });
    return result(0);
}

Result<Reply> set_extension(Channel& channel, Words words) {
    change_place(channel, [&](Place& place) { place.extension = words[2]; });
    return result(0);
}

Result<Reply> set_priority(Channel& channel, Words words) {
    if (const auto number = parse_number<int>(words[2])) {
        Place place = channel.place();
        place.priority = *number;
        go_to(channel, std::move(place));
        return result(0);
    }
    auto place = resolve_place(channel, words[2]);
    if (!place) return usage();
    go_to(channel, *std::move(place));
    return result(0);
}

Result<Reply> set_auto_hangup(Channel& channel, Words words) {
    const auto seconds = parse_number<double>(words[2]);
    if (!seconds || *seconds > 1e9) return usage();
    set_absolute_timeout(channel, std::chrono::milliseconds(static_cast<std::int64_t>(std::max(*seconds, 0.0) * 1000)));
    return result(0);
}

Result<Reply> set_caller_id(Channel& channel, Words words) {
    CallerIdentity identity = channel.caller();
    const PartyId given = PartyId::parse(words[2]);
    identity.id.number = given.number;
    identity.id.name = given.name;
    channel.update_caller(std::move(identity));
    return result(1);
}

// --- applications and routines -------------------------------------------------------------------------------------------

Result<Reply> execute(Channel& channel, Words words) {
    std::string arguments;
    for (std::size_t i = 2; i < words.size(); ++i) arguments.append(i > 2 ? "," : "").append(words[i]);
    if (parse_bool(channel.variable("AGIEXECFULL")).value_or(false)) arguments = JF_TRY(substitute(&channel, arguments));
    if (!applications().find(words[1])) {
        log_warning("{}: AGI asks for the application {}, which is not there", channel.name(), words[1]);
        return result(-2);
    }
    auto done = run_application(channel, words[1], arguments);
    if (done) return result(0);
    if (!ends_application(done.error().code))
        log_warning("{}: {}: {}", channel.name(), words[1], done.error().text);
    else if (takes_call_away(done.error()))
        return std::unexpected(std::move(done).error());
    return result(-1);
}

// The routine's outcome stands behind a line that tells the script that it has begun.
Result<Reply> gosub(Channel& channel, Words words) {
    const std::string target = fmt::format("{},{},{}", words[1], words[2], words[3]);
    const auto place = resolve_place(channel, target);
    if (!place || !extension_exists(channel, place->context, place->extension, place->priority))
        return failed("Gosub label not found");
    const std::string routine =
        fmt::format("{},{},{}({})", place->context, place->extension, place->priority, word(words, 4));
    auto done = run_gosub(channel, routine);
    if (!done && takes_call_away(done.error())) return std::unexpected(std::move(done).error());
    if (!done) return result(-1, "Gosub failed");
    Reply reply = result(0, "Gosub complete");
    reply.text.insert(0, "100 result=0 Trying...\n");
    return reply;
}

Result<Reply> verbose(Channel& channel, Words words) {
    const int level = parse_number<int>(word(words, 2)).value_or(0);
    log_verbose(level, "{}: {}", channel.application_arguments, words[1]);
    return result(1);
}

Result<Reply> no_operation(Channel&, Words) { return result(0); }

Result<Reply> leave_async(Channel&, Words) {
    Reply reply = result(0);
    reply.kind = Reply::Kind::leave;
    return reply;
}

constexpr Command all_call_commands[]{
    {"answer", false, "", "Answer the channel", "Returns 0, or -1 when that failed.", 1, most_words, answer},
    {"asyncagi break", true, "", "Leave AGI(agi:async)", "The dialplan goes on.", 2, most_words, leave_async},
    {"channel status", false, "[CHANNELNAME]", "The state of a channel",
     "0 down, 1 down and reserved, 2 off hook, 3 dialling, 4 ring, 5 ringing, 6 up, 7 busy; -1: no such channel.", 2, 3, channel_status},
    {"exec", true, "APPLICATION [OPTIONS]", "Run an application",
     "Returns 0, -1 when it failed and -2 when there is none of that name. Variables in OPTIONS are looked at only when the channel "
     "variable AGIEXECFULL is yes.", 2, most_words, execute},
    {"gosub", false, "CONTEXT EXTENSION PRIORITY [ARGUMENTS]", "Run a routine of the dialplan",
     "Comes back at its Return, whose value is in GOSUB_RETVAL.", 4, 5, gosub},
    {"hangup", false, "[CHANNELNAME]", "Hang up a channel", "The present one by default. Returns 1, or -1: no such channel.", 1, 2, hang_up},
    {"noop", true, "", "Do nothing", "Returns 0.", 1, most_words, no_operation},
    {"set autohangup", false, "TIME", "End the call after some seconds",
     "As TIMEOUT(absolute); 0: never. Returns 0.", 3, 3, set_auto_hangup},
    {"set callerid", false, "CALLERID", "Set the caller's number and name", "Number, or \"Name\" <number>. Returns 1.", 3, 3, set_caller_id},
    {"set context", false, "DESIREDCONTEXT", "The context in which the dialplan goes on", "Returns 0.", 3, 3, set_context},
    {"set extension", false, "NEWEXTENSION", "The extension at which the dialplan goes on", "Returns 0.", 3, 3, set_extension},
    {"set priority", false, "PRIORITY", "The priority at which the dialplan goes on", "A number or a label. Returns 0.", 3, 3, set_priority},
    {"verbose", true, "MESSAGE [LEVEL]", "Write a line to the console and the log", "Returns 1.", 2, most_words, verbose},
};

}  // namespace

std::span<const Command> call_commands() { return all_call_commands; }

}  // namespace jackfield::agi
