// func_dialplan: what the dialplan has.
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/hints.hpp"
#include "core/dialplan/walk.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo exists_info{.name = "DIALPLAN_EXISTS",
                                   .syntax = "DIALPLAN_EXISTS([context][,extension[,priority]])",
                                   .synopsis = "1 when the plan has that place, else 0",
                                   .text = "The priority is a number or a label. With a context alone: whether there is one. What a call in "
                                           "that context could dial counts, patterns and includes too."};
constexpr FunctionInfo valid_info{.name = "VALID_EXTEN",
                                  .syntax = "VALID_EXTEN([context],extension[,priority])",
                                  .synopsis = "1 when the extension can be dialled, else 0",
                                  .text = "The context is that of the call and the priority 1 when they are left out."};
constexpr FunctionInfo hint_info{.name = "HINT",
                                 .syntax = "HINT(extension[@context][,options])",
                                 .synopsis = "The devices behind an extension's hint",
                                 .text = "The context is `default` when it is left out.\n  n - the name of the hint instead"};
constexpr FunctionInfo state_info{.name = "EXTENSION_STATE",
                                  .syntax = "EXTENSION_STATE(extension[@context])",
                                  .synopsis = "The state of an extension's hint",
                                  .text = "UNKNOWN, NOT_INUSE, INUSE, BUSY, UNAVAILABLE, RINGING, RINGINUSE, HOLDINUSE or ONHOLD. The "
                                          "context is `default` when it is left out."};
constexpr FunctionInfo eval_info{.name = "EVAL_EXTEN",
                                 .syntax = "EVAL_EXTEN([[context,]extension,]priority)",
                                 .synopsis = "The arguments of a priority, with the variables of this call",
                                 .text = "The priority is not run. Useful for texts that are chosen by a pattern."};
constexpr FunctionInfo eval_sub_info{.name = "EVAL_SUB",
                                     .syntax = "EVAL_SUB([[context,]extension,]priority[(arguments)])",
                                     .synopsis = "What a routine of the dialplan returns",
                                     .text = "Calls it as Gosub does and gives the value of its Return."};

Result<Channel*> needed(Channel* channel, std::string_view function) {
    if (channel) return channel;
    return fail(ErrorCode::invalid, "{} needs a channel", function);
}

Result<std::string> exists(Channel* channel, const Arguments& arguments) {
    Channel& asking = *JF_TRY(needed(channel, "DIALPLAN_EXISTS"));
    const std::string context(arguments.has(0) ? arguments[0] : std::string_view(asking.place().context));
    if (!arguments.has(1)) return plan_of(asking)->context(context) ? "1" : "0";
    if (!arguments.has(2)) return extension_exists(asking, context, arguments[1]) ? "1" : "0";
    if (const auto priority = parse_number<int>(trim(arguments[2])))
        return extension_exists(asking, context, arguments[1], *priority) ? "1" : "0";
    const auto place = resolve_place(asking, fmt::format("{},{},{}", context, arguments[1], arguments[2]));
    return place ? "1" : "0";
}

Result<std::string> valid(Channel* channel, const Arguments& arguments) {
    Channel& asking = *JF_TRY(needed(channel, "VALID_EXTEN"));
    const std::string_view context = arguments.has(0) ? arguments[0] : std::string_view(asking.place().context);
    const auto priority = arguments.has(2) ? parse_number<int>(trim(arguments[2])) : 1;
    if (!priority) return fail(ErrorCode::invalid, "VALID_EXTEN: '{}' is no priority", arguments[2]);
    return extension_exists(asking, context, arguments[1], *priority) ? "1" : "0";
}

Halves extension_at(std::string_view text) {
    Halves halves = split_once(text, '@');
    if (halves.second.empty()) halves.second = "default";
    return halves;
}

Result<std::string> hint(Channel*, const Arguments& arguments) {
    const Halves where = extension_at(arguments[0]);
    if (arguments[1].contains('n')) return hint_name(where.second, where.first).value_or(std::string());
    return hint_text(where.second, where.first).value_or(std::string());
}

std::string_view state_name(ExtensionState state) {
    switch (state) {
        case ExtensionState::not_in_use: return "NOT_INUSE";
        case ExtensionState::in_use: return "INUSE";
        case ExtensionState::busy: return "BUSY";
        case ExtensionState::unavailable: return "UNAVAILABLE";
        case ExtensionState::ringing: return "RINGING";
        case ExtensionState::in_use_ringing: return "RINGINUSE";
        case ExtensionState::on_hold: return "ONHOLD";
        case ExtensionState::in_use_on_hold: return "HOLDINUSE";
        default: return "UNKNOWN";
    }
}

Result<std::string> state(Channel*, const Arguments& arguments) {
    const Halves where = extension_at(arguments[0]);
    const auto found = extension_state(where.second, where.first);
    return std::string(found ? state_name(*found) : "UNKNOWN");
}

Result<std::string> evaluate(Channel* channel, const Arguments& arguments) {
    Channel& asking = *JF_TRY(needed(channel, "EVAL_EXTEN"));
    const Place place = JF_TRY(resolve_place(asking, arguments.raw()));
    const auto plan = plan_of(asking);
    const PlanMatch found = plan->find(query_at(asking, place));
    if (!found.priority)
        return fail(ErrorCode::not_found, "there is no priority {} of {}@{}", place.priority, place.extension, place.context);
    ChannelSource source(&asking, found.priority->file, found.priority->line);
    return found.priority->arguments.evaluate(source);
}

Result<std::string> call(Channel* channel, const Arguments& arguments) {
    Channel& asking = *JF_TRY(needed(channel, "EVAL_SUB"));
    std::string value;
    JF_TRY(run_gosub(asking, arguments.raw(), &value));
    return value;
}

Result<void> load(Module& module) {
    JF_TRY(module.add(exists_info, FunctionBody{exists}));
    JF_TRY(module.add(valid_info, FunctionBody{valid}));
    JF_TRY(module.add(hint_info, FunctionBody{hint}));
    JF_TRY(module.add(state_info, FunctionBody{state}));
    JF_TRY(module.add(eval_info, FunctionBody{evaluate}));
    return module.add(eval_sub_info, FunctionBody{call});
}

}  // namespace

JACKFIELD_MODULE("func_dialplan", "What the dialplan has", load)
