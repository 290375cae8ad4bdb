// channel originate
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/channel/dial.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/dialplan/executor.hpp"
#include "core/dialplan/originated.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {
namespace {

constexpr std::chrono::seconds answer_time{30};
constexpr std::string_view usage = "Usage: channel originate TECHNOLOGY/DESTINATION application NAME [DATA] | extension [EXTENSION][@CONTEXT]";

struct CallOrder {
    DialRequest request;
    std::string application, arguments;  // application empty: the place counts
    Place place;
};

Result<CallOrder> read_call_order(CommandWords words) {
    if (words.size() < 2) return fail(ErrorCode::invalid, "{}", usage);
    auto destinations = JF_TRY(parse_dial_string(words[0]));
    if (destinations.size() != 1) return fail(ErrorCode::invalid, "'{}' is not one TECHNOLOGY/DESTINATION", words[0]);
    CallOrder order;
    order.request = std::move(destinations.front());
    if (equals_ignoring_case(words[1], "application") && words.size() >= 3) {
        order.application = words[2];
        for (std::size_t i = 3; i < words.size(); ++i) order.arguments += (i > 3 ? " " : "") + words[i];
        return order;
    }
    if (!equals_ignoring_case(words[1], "extension") || words.size() > 3) return fail(ErrorCode::invalid, "{}", usage);
    const Halves place = split_once(words.size() == 3 ? std::string_view(words[2]) : std::string_view(), '@');
    order.place.extension = place.first.empty() ? "s" : std::string(place.first);
    order.place.context = place.second.empty() ? "default" : std::string(place.second);
    order.place.priority = 1;
    return order;
}

// On a fiber of its own: nobody at the console waits for an answer.
void carry_out_call(CallOrder order) {
    DialOutcome outcome = DialOutcome::chan_unavail;
    auto answered = originate(order.request, answer_time, outcome);
    if (!answered)
        return log_notice("channel originate {}/{}: {} ({})", order.request.technology, order.request.destination, to_string(outcome), answered.error().text);
    Custody custody = *std::move(answered);
    if (!order.application.empty()) {
        (void)start_application(std::move(custody), std::move(order.application), std::move(order.arguments));
        return;
    }
    custody->place() = std::move(order.place);
    custody.renew("dialplan");
    (void)start_dialplan(std::move(custody));
}

Result<void> originate_command(Console& console, CommandWords words) {
    CallOrder order = JF_TRY(read_call_order(words));
    const std::string name = "originate " + words[0];
    JF_TRY(spawn({.name = name, .call_id = {}}, [order = std::move(order)]() mutable { carry_out_call(std::move(order)); }));
    return console.print("Calling {}\n", words[0]);
}

std::vector<std::string> words_of_originate(CommandWords words, std::size_t index, std::string_view word) {
    if (index == 1) return {"application", "extension"};
    std::vector<std::string> names;
    if (index == 2 && words.size() > 1 && equals_ignoring_case(words[1], "application"))
        for (const auto* slot : applications().list())
            if (starts_with_ignoring_case(slot->name, word)) names.push_back(slot->name);
    return names;
}

}  // namespace

Result<void> add_originate_commands(Module& core) {
    return core.add(CommandInfo{"channel originate DESTINATION application|extension WHAT", "Call somebody and connect the call with an application or the dialplan",
                                "channel originate TECHNOLOGY/DESTINATION application NAME [DATA]\n"
                                "channel originate TECHNOLOGY/DESTINATION extension [EXTENSION][@CONTEXT] - s@default by default\n"
                                "Rings for 30 seconds at most; an outcome other than an answer goes to the log.",
                                true},
                    originate_command, words_of_originate);
}

}  // namespace jackfield
