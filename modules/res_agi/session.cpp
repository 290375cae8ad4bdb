// The conversation with a script.
#include "modules/res_agi/session.hpp"

#include <signal.h>

#include <array>
#include <optional>
#include <random>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/console/version.hpp"
#include "core/runtime/fiber.hpp"
#include "modules/res_agi/command_line.hpp"
#include "modules/res_agi/commands.hpp"
#include "modules/res_agi/events.hpp"

namespace jackfield::agi {

std::string_view to_string(Status status) {
    constexpr std::array<std::string_view, 4> words{"SUCCESS", "FAILURE", "NOTFOUND", "HANGUP"};
    return words[static_cast<std::size_t>(status)];
}

bool& debugging() {
    static bool on = false;
    return on;
}

void trace(const Channel& channel, std::string_view direction, std::string_view text) {
    if (debugging()) log_verbose(0, "<{}>AGI {} {}", channel.name(), direction, trim(text));
}

// --- the environment -------------------------------------------------------------------------------------------------

std::string environment_of(Channel& channel, std::string_view request, const std::vector<std::string>& arguments, bool enhanced) {
    std::string text;
    const auto tell = [&](std::string_view key, std::string_view value) {
        const std::size_t begin = text.append("agi_").append(key).append(": ").size();
        text.append(value);
        // A caller's name with a line end in it would be a line of its own.
        for (std::size_t i = begin; i < text.size(); ++i)
            if (text[i] == '\n' || text[i] == '\r' || text[i] == '\0') text[i] = ' ';
        text += '\n';
    };
    const auto or_unknown = [](bool valid, std::string_view value) { return valid ? value : std::string_view("unknown"); };
    const CallerIdentity& caller = channel.caller();
    const PartyId& id = caller.id;
    tell("request", request);
    tell("channel", channel.name());
    tell("language", channel.attributes().language);
    tell("type", channel.technology());
    tell("uniqueid", channel.unique_id());
    tell("version", version());
    tell("callerid", or_unknown(id.number.valid, id.number.text));
    tell("calleridname", or_unknown(id.name.valid, id.name.text));
    tell("callingpres", std::to_string(static_cast<int>(id.number.presentation)));
    tell("callingani2", std::to_string(caller.ani2));
    tell("callington", std::to_string(id.number_plan));
    tell("callingtns", std::to_string(caller.transit_network));
    tell("dnid", or_unknown(!caller.dnid.empty(), caller.dnid));
    const PartyField<NumberTag>* from = channel.redirected() ? &channel.redirecting().from.number : nullptr;
    tell("rdnis", or_unknown(from && from->valid, from ? from->text : ""));
    tell("context", channel.place().context);
    tell("extension", channel.place().extension);
    tell("priority", std::to_string(channel.place().priority));
    tell("enhanced", enhanced ? "1.0" : "0.0");
    tell("accountcode", channel.attributes().account_code);
    tell("threadid", std::to_string(fiber_id()));
    for (std::size_t i = 1; i < arguments.size(); ++i) tell(fmt::format("arg_{}", i), arguments[i]);
    return text += '\n';
}

// --- one command -----------------------------------------------------------------------------------------------------

namespace {

struct Outcome {
    Reply reply;
    int code = 200;
    std::string_view word = "Success";
};

Outcome refusal(int code, std::string_view word) {
    return {.reply = {.text = fmt::format("{} {}\n", code, word)}, .code = code, .word = word};
}

// Runs the command that the words name.
Result<Outcome> perform(Channel& channel, Words words, bool dead) {
    const Command* command = find_command(words);
    if (!command) return refusal(510, "Invalid or unknown command");
    if (dead && !command->dead) return refusal(511, "Command Not Permitted on a dead channel or intercept routine");
    Outcome outcome;
    if (words.size() < command->least || words.size() > command->most) {
        outcome.reply = usage();
    } else if (auto reply = command->run(channel, words)) {
        outcome.reply = *std::move(reply);
    } else {
        if (takes_call_away(reply.error())) return std::unexpected(std::move(reply).error());
        if (reply.error().code != ErrorCode::hangup) log_warning("{}: AGI {}: {}", channel.name(), command->name, reply.error().text);
        outcome.reply = failed();
    }
    if (outcome.reply.kind == Reply::Kind::failed) {
        outcome.code = -1;
        outcome.word = "Failure";
    } else if (outcome.reply.kind == Reply::Kind::usage) {
        outcome.code = 520;
        outcome.word = "Usage";
        outcome.reply.text = fmt::format("520-Invalid command syntax.  Proper usage follows:\n{}520 End of proper usage.\n", usage_of(*command));
    }
    return outcome;
}

int new_command_id() {
    static std::minstd_rand numbers{std::random_device{}()};
    return static_cast<int>(numbers());
}

}  // namespace

Result<Answered> run_command(Channel& channel, std::string_view line, bool dead) {
    trace(channel, "Rx <<", line);
    const std::vector<std::string> words = split_words(line);
    const int id = new_command_id();
    publish_exec_start(channel, id, line);
    Outcome outcome = JF_TRY(perform(channel, words, dead));
    publish_exec_end(channel, id, line, outcome.code, outcome.word);
    trace(channel, "Tx >>", outcome.reply.text);
    return Answered{.text = std::move(outcome.reply.text), .leave = outcome.reply.kind == Reply::Kind::leave};
}

// --- the conversation --------------------------------------------------------------------------------------------------

namespace {

class Conversation {
  public:
    Conversation(Channel& channel, Script& script)
        : channel_(channel),
          script_(script),
          dead_(channel.hung_up()),
          tell_hangup_(parse_bool(channel.variable("AGISIGHUP")).value_or(true)),
          exit_on_hangup_(parse_bool(channel.variable("AGIEXITONHANGUP")).value_or(false)),
          part_(4096, '\0') {}

    Result<Status> run();

  private:
    Result<void> converse();
    Result<std::optional<LineCutter::Line>> read_line();
    Result<void> answer(const LineCutter::Line& line);
    Result<void> send(std::string_view text);
    void say_hangup();
    Result<Status> end();

    Channel& channel_;
    Script& script_;
    bool dead_, tell_hangup_, exit_on_hangup_;
    bool hung_up_ = false, over_ = false, unable_ = false;
    LineCutter lines_;
    std::string part_;
};

Result<Status> Conversation::run() {
    const std::string environment =
        script_.preface + environment_of(channel_, script_.request, script_.arguments, script_.enhanced);
    trace(channel_, "Tx >>", environment);
    auto talked = send(environment);
    if (talked) talked = converse();
    if (!talked && talked.error().code == ErrorCode::hangup) {
        // From now on the call is over, and the script may still put things in order.
        hung_up_ = dead_ = true;
        const Shield shield;
        say_hangup();
        if (!exit_on_hangup_) talked = converse();
        return end();
    }
    if (!talked && takes_call_away(talked.error())) {
        say_hangup();
        if (script_.process) script_.process->let_go();
        return std::unexpected(std::move(talked).error());
    }
    unable_ = !talked;
    return end();
}

// Until the script ends. Errors: hangup and its like, failed (the connection).
Result<void> Conversation::converse() {
    for (;;) {
        const auto line = JF_TRY(read_line());
        if (!line) {
            over_ = true;
            return {};
        }
        JF_TRY(answer(*line));
        if (!dead_ && channel_.hung_up()) return fail(ErrorCode::hangup);  // seen also where nothing interrupts
    }
}

Result<std::optional<LineCutter::Line>> Conversation::read_line() {
    for (;;) {
        if (auto line = lines_.next()) return line;
        auto size = script_.stream->read(part_);
        if (!size && size.error().code == ErrorCode::failed) size = std::size_t{0};  // reset by a server that has gone
        const std::size_t count = JF_TRY(std::move(size));
        if (count == 0) return lines_.rest();
        lines_.feed(std::string_view(part_).substr(0, count));
    }
}

Result<void> Conversation::answer(const LineCutter::Line& line) {
    if (line.too_long) {
        log_warning("{}: {} sent a command of more than {} bytes", channel_.name(), script_.request, LineCutter::longest_line);
        return send("510 Invalid or unknown command\n");
    }
    const Answered answered = JF_TRY(run_command(channel_, line.text, dead_));
    return send(answered.text);
}

// Waits until it has been taken. It is handed over before anything interrupts: the reply to a command that hang-up has
// ended is what the script waits for.
Result<void> Conversation::send(std::string_view text) {
    auto sent = script_.stream->send(text);
    if (sent) sent = script_.stream->write({});
    if (!sent && sent.error().code == ErrorCode::closed) return {};  // reading tells the end
    return sent;
}

void Conversation::say_hangup() {
    if (!tell_hangup_) return;
    if (!script_.process)
        (void)script_.stream->send("HANGUP\n");
    else
        script_.process->signal_alone(SIGHUP);
}

Result<Status> Conversation::end() {
    int code = 0;
    if (script_.process) {
        script_.process->let_go();
        if (over_ && !hung_up_) {  // by itself, and how it ended counts
            script_.stream.reset();
            auto exited = script_.process->wait();
            if (!exited) say_hangup();
            if (!exited && takes_call_away(exited.error())) return std::unexpected(std::move(exited).error());
            hung_up_ = !exited;
            code = exited.value_or(0);
        } else if (!hung_up_) {
            say_hangup();
        }
    }
    log_verbose(3, "<{}>AGI Script {} completed, returning {}", channel_.name(), script_.request, code);
    if (hung_up_) return Status::hangup;
    return unable_ || code != 0 ? Status::failure : Status::success;
}

}  // namespace

Result<Status> serve(Channel& channel, Script script) { return Conversation(channel, script).run(); }

}  // namespace jackfield::agi
