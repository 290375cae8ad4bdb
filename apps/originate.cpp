// Originate: call somebody and connect the call with the dialplan or an application.
#include <chrono>

#include "core/dialplan/originated.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using namespace std::chrono_literals;

namespace {

constexpr ApplicationInfo info{
    .name = "Originate",
    .syntax = "Originate(tech_data,app|exten,arg1[,arg2[,arg3[,timeout[,options]]]])",
    .synopsis = "Call somebody and connect the call with the dialplan or an application",
    .text = "`app`: arg1 is the application and arg2 its arguments. `exten`: arg1 is the context, arg2 the extension (s), arg3 the "
            "priority (1). Waits for the answer, at most `timeout` seconds (30). Sets ORIGINATE_STATUS to SUCCESS, FAILED, BUSY, "
            "CONGESTION, HANGUP or RINGING (nobody answered in time).\n"
            "  a - do not wait for the answer; ORIGINATE_STATUS is SUCCESS when the call could begin\n"
            "  b(context^exten^priority[(args)]) - Gosub on the called channel before it is called\n"
            "  B(context^exten^priority[(args)]) - Gosub on this channel before the call\n"
            "  c(number) - the caller's number shown, this channel's by default\n"
            "  C(codecs) - offer these, ulaw&alaw\n"
            "  n(name) - the caller's name shown, this channel's by default\n"
            "  v(name=value^...) - set variables of the called channel"};

struct Order {
    DialRequest request;
    std::string application, arguments;  // application empty: the place counts
    Place place;
    std::chrono::milliseconds timeout = 30s;
    PartyId caller;
    std::string before;                  // Gosub on the called channel
    std::vector<std::string> variables;  // name=value
};

std::string gosub_target(std::string_view carets) {
    std::string target(carets);
    // Arguments of the routine keep theirs.
    for (std::size_t i = 0; i < target.size() && target[i] != '('; ++i)
        if (target[i] == '^') target[i] = ',';
    return target;
}

PartyId caller_of(const PartyId& own, const OptionLetters& options) {
    PartyId caller = own;
    if (options.has('c')) caller.number = PartyId::of(options.argument('c')).number;
    if (options.has('n')) caller.name = PartyId::of({}, options.argument('n')).name;
    return caller;
}

Result<void> read_target(Channel& channel, const Arguments& arguments, Order& order) {
    if (equals_ignoring_case(arguments[1], "app")) {
        order.application = arguments[2];
        order.arguments = arguments[3];
        if (order.application.empty()) return fail(ErrorCode::invalid, "Originate: the application is missing");
        return {};
    }
    if (!equals_ignoring_case(arguments[1], "exten"))
        return fail(ErrorCode::invalid, "Originate: '{}' is neither app nor exten", arguments[1]);
    if (!arguments.has(2)) return fail(ErrorCode::invalid, "Originate: the context is missing");
    order.place = JF_TRY(resolve_place(channel, fmt::format("{},{},{}", arguments[2], arguments.has(3) ? arguments[3] : "s",
                                                            arguments.has(4) ? arguments[4] : "1")));
    return {};
}

Result<Order> read_order(Channel& channel, const Arguments& arguments, const OptionLetters& options) {
    Order order;
    auto destinations = JF_TRY(parse_dial_string(arguments[0]));
    if (destinations.size() != 1) return fail(ErrorCode::invalid, "Originate calls one destination, not '{}'", arguments[0]);
    order.request = std::move(destinations.front());
    JF_TRY(read_target(channel, arguments, order));
    if (arguments.has(5)) {
        const auto seconds = parse_number<unsigned>(trim(arguments[5]));
        if (!seconds || *seconds > 86400) return fail(ErrorCode::invalid, "Originate: '{}' is no number of seconds", arguments[5]);
        order.timeout = std::chrono::seconds(*seconds);
    }
    order.caller = caller_of(channel.caller().id, options);
    if (options.has('C')) {
        std::string codecs(options.argument('C'));
        for (char& c : codecs)
            if (c == '&') c = ',';
        JF_TRY(order.request.formats.allow(codecs));
    }
    if (options.has('b')) order.before = gosub_target(options.argument('b'));
    if (options.has('v')) order.variables = options.parts('v', '^');
    return order;
}

void prepare(Channel& called, const Order& order) {
    called.caller().id = called.caller().ani = order.caller;
    called.connected().id = called.connected().ani = order.caller;
    for (const std::string& variable : order.variables) {
        const Halves halves = split_once(variable, '=');
        if (auto set = write_expression(&called, trim(halves.first), halves.second); !set)
            log_warning("Originate option v: {}", set.error().text);
    }
    if (order.before.empty()) return;
    if (auto ran = run_gosub(called, order.before); !ran) log_warning("Originate option b: {}", ran.error().text);
}

Result<void> connect(Custody custody, const Order& order) {
    if (order.application.empty()) {
        custody->place() = order.place;
        custody.renew("dialplan");
        return start_dialplan(std::move(custody));
    }
    return start_application(std::move(custody), order.application, order.arguments);
}

// The word for ORIGINATE_STATUS. Errors: interruption of this call.
Result<std::string> carry_out(const Order& order) {
    DialOutcome outcome = DialOutcome::chan_unavail;
    auto answered = originate(order.request, order.timeout, outcome, [&](Channel& called) { prepare(called, order); });
    if (!answered) {
        if (ends_application(answered.error().code)) return std::unexpected(std::move(answered).error());
        log_verbose(3, "Originate to {}/{}: {}", order.request.technology, order.request.destination, answered.error().text);
        switch (outcome) {
            case DialOutcome::busy: return "BUSY";
            case DialOutcome::congestion: return "CONGESTION";
            case DialOutcome::no_answer: return "RINGING";
            default: return "FAILED";
        }
    }
    if (auto connected = connect(*std::move(answered), order); !connected) {
        log_warning("Originate to {}/{}: {}", order.request.technology, order.request.destination, connected.error().text);
        return "FAILED";
    }
    return "SUCCESS";
}

Result<void> originate_call(Channel& channel, const Arguments& arguments) {
    channel.set_variable("ORIGINATE_STATUS", "FAILED");
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[6], "abBcCnv"));
    Order order = JF_TRY(read_order(channel, arguments, options));
    if (options.has('B')) JF_TRY(run_gosub(channel, gosub_target(options.argument('B'))));
    if (options.has('a')) {
        const std::string name = "Originate " + order.request.destination;
        JF_TRY(spawn({.name = name, .call_id = {}}, [order = std::move(order)] {
            (void)carry_out(order);  // nobody waits for the outcome
        }));
        channel.set_variable("ORIGINATE_STATUS", "SUCCESS");
        return {};
    }
    std::string status = JF_TRY(carry_out(order));
    channel.set_variable("ORIGINATE_STATUS", std::move(status));
    return {};
}

Result<void> load(Module& module) { return module.add(info, originate_call); }

}  // namespace

JACKFIELD_MODULE("app_originate", "Originate calls from the dialplan", load)
