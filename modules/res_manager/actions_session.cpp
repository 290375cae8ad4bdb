// Login, Challenge, Logoff, Ping, Events, Filter, WaitEvent, ListCommands, Command, UserEvent.
#include <array>
#include <chrono>

#include "core/base/clock.hpp"
#include "core/channel/channel_events.hpp"
#include "core/console/text_console.hpp"
#include "modules/res_manager/actions.hpp"
#include "modules/res_manager/classes.hpp"
#include "modules/res_manager/server.hpp"

namespace jackfield::manager {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t command_output_limit = 16 * 1024 * 1024;

// Every reply that actions of this module see is a session's.
SessionReply& own(ManagerReply& reply) { return static_cast<SessionReply&>(reply); }

Result<void> login(const ManagerRequest& request, ManagerReply& reply) {
    return own(reply).server.log_in(own(reply).session, request, reply);
}

Result<void> challenge(const ManagerRequest& request, ManagerReply& reply) {
    own(reply).server.challenge(own(reply).session, request, reply);
    return {};
}

Result<void> logoff(const ManagerRequest&, ManagerReply& reply) {
    own(reply).session.ending = true;
    reply.respond("Goodbye", ManagerFields().add("Message", "Thanks for all the fish."));
    return {};
}

Result<void> ping(const ManagerRequest&, ManagerReply& reply) {
    const auto now = wall_now().time_since_epoch();
    reply.respond("Success", ManagerFields().add("Ping", "Pong").add("Timestamp", fmt::format("{}.{:06}", now / 1s, now % 1s / 1us)));
    return {};
}

Result<void> events(const ManagerRequest& request, ManagerReply& reply) {
    auto mask = parse_event_mask(request.get("EventMask"));
    if (!mask) return fail(ErrorCode::invalid, "Invalid event mask: {}", mask.error().text);
    Session& session = own(reply).session;
    session.mask = *mask;
    own(reply).server.review_classes();
    if (own(reply).server.settings().broken_events_action && *mask == manager_class::all)
        own(reply).no_answer();
    else
        reply.respond("Success", ManagerFields().add("Events", *mask == manager_class::none ? "Off" : "On"));
    return {};
}

Result<void> filter(const ManagerRequest& request, ManagerReply& reply) {
    if (!equals_ignoring_case(request.get("Operation"), "Add"))
        return fail(ErrorCode::invalid, "Unknown operation: only Add is there");
    if (request.get("Filter").empty()) return fail(ErrorCode::invalid, "Filter was not specified");
    JF_TRY(own(reply).session.filter.add(request.get("Filter")));
    reply.respond("Success", ManagerFields().add("Message", "Success"));
    return {};
}

// Events that come meanwhile follow the answer, and WaitEventComplete follows them.
Result<void> wait_event(const ManagerRequest& request, ManagerReply& reply) {
    Session& session = own(reply).session;
    Timeout patience;
    if (const std::string_view text = request.get("Timeout"); !text.empty()) {
        const auto seconds = parse_number<int>(text);
        if (!seconds || *seconds < -1) return fail(ErrorCode::invalid, "Timeout: '{}' is not a number of seconds", text);
        if (*seconds >= 0) patience = std::chrono::seconds(*seconds);
    }
    struct Holding {  // over HTTP events are held between requests too
        explicit Holding(Session& of) : session(of) {
            if (!session.held) session.held = std::make_unique<Session::Held>();
        }
        ~Holding() { session.held = session.stream ? nullptr : std::make_unique<Session::Held>(); }
        Session& session;
    } holding(session);
    const auto came = session.held->any.wait(patience);
    if (!came && came.error().code != ErrorCode::timeout) return came;
    reply.success("Waiting for Event completed.");
    own(reply).server.send(session, session.held->text);
    own(reply).server.send(session, fmt::format("Event: WaitEventComplete\r\n{}\r\n", own(reply).id_line()));
    return {};
}

Result<void> list_commands(const ManagerRequest&, ManagerReply& reply) {
    ManagerFields fields;
    for (const auto* slot : own(reply).server.actions().list()) {
        const Action& action = *slot->value;
        if (action.privilege != manager_class::none && !(reply.write_classes() & action.privilege)) continue;
        fields.add(action.name, fmt::format("{} (Priv: {})", action.synopsis, class_names(action.privilege)));
    }
    reply.respond("Success", fields);
    return {};
}

Result<void> command(const ManagerRequest& request, ManagerReply& reply) {
    const std::string line(request.get("Command"));
    if (line.empty()) return fail(ErrorCode::invalid, "No command provided");
    TextConsole console(0, command_output_limit);
    const auto done = run_command(console, line);
    if (!done && ends_application(done.error().code)) return done;
    std::string text = console.take();
    if (!done) text += done.error().text.empty() ? std::string(to_string(done.error().code)) : done.error().text;
    SessionReply& answer = own(reply);
    answer.no_answer();
    answer.server.send(answer.session, fmt::format("Response: {}\r\n{}Message: Command output follows\r\n",
                                                   done ? "Success" : "Error", answer.id_line()));
    std::string_view rest = text;
    while (!rest.empty()) {
        const Halves halves = split_once(rest, '\n');
        answer.server.send(answer.session, ManagerFields().add("Output", halves.first).text());
        rest = halves.second;
    }
    answer.server.send(answer.session, "\r\n");
    return answer.server.drain(answer.session);
}

Result<void> user_event(const ManagerRequest& request, ManagerReply& reply) {
    UserEventRaised event{nullptr, std::string(request.get("UserEvent")), {}};
    for (const auto& [key, value] : request.fields())
        if (!equals_ignoring_case(key, "Action") && !equals_ignoring_case(key, "UserEvent")) event.fields.emplace_back(key, value);
    reply.success("Event Sent");
    publish(event);
    return {};
}

using namespace manager_class;
constexpr std::array all_session_actions{
    ActionEntry{{"Login", none, "Begin a session as a user", "Username and Secret, or with AuthType: MD5 a Key, the MD5 of the challenge "
                 "and the secret in hex. Events: classes of events that are wanted."}, login},
    ActionEntry{{"Challenge", none, "Ask for a challenge, to log in without sending the secret",
                 "AuthType: MD5. Answers a Challenge for one login."}, challenge},
    ActionEntry{{"Logoff", none, "End the session", "Ends the session."}, logoff},
    ActionEntry{{"Ping", none, "See whether the session is alive", "Answers Pong and the time."}, ping},
    ActionEntry{{"Events", none, "Choose which events this session gets", "EventMask: on, off, or the classes that are wanted."}, events},
    ActionEntry{{"Filter", system, "Add an event filter to this session",
                 "Operation: Add. Filter: a regular expression, with ! before it to leave out what matches."}, filter},
    ActionEntry{{"WaitEvent", none, "Answer when an event comes",
                 "Timeout: seconds, without limit when it is left out. Events that come meanwhile follow the answer."}, wait_event},
    ActionEntry{{"ListCommands", none, "List the actions", "Those that the user may use."}, list_commands},
    ActionEntry{{"Command", manager_class::command, "Run a command of the console",
                 "Command: as on the console. The answer has an Output line for each line of the command's."}, command},
    ActionEntry{{"UserEvent", user, "Publish an event of one's own", "UserEvent: its name. All other lines are passed on."}, user_event},
};

}  // namespace

std::span<const ActionEntry> session_actions() { return all_session_actions; }

}  // namespace jackfield::manager
