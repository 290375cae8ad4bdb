// Goto, GotoIf and RaiseException: applications that send the call to another place of the plan.
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/condition.hpp"
#include "modules/pbx_builtins/pbx_builtins.hpp"

namespace jackfield::pbx_builtins {
namespace {

constexpr ApplicationInfo goto_info{
    .name = "Goto",
    .syntax = "Goto([[context,]extension,]priority)",
    .synopsis = "Go to another place of the dialplan",
    .text = "The priority is a number, a label, or relative to the present one (+2, -1). What is left out stays as it is. A place "
            "that does not exist leads to the i extension of its context."};
constexpr ApplicationInfo goto_if_info{
    .name = "GotoIf",
    .syntax = "GotoIf(condition?[place][:[place]])",
    .synopsis = "Go to one of two places",
    .text = "An empty condition, and 0, are false. Where no place is given the call goes on at the next priority."};
constexpr ApplicationInfo raise_exception_info{
    .name = "RaiseException",
    .syntax = "RaiseException(reason)",
    .synopsis = "Go to the e extension",
    .text = "EXCEPTION(reason) gives the reason there, EXCEPTION(context), EXCEPTION(exten) and EXCEPTION(priority) the place."};
constexpr FunctionInfo exception_info{.name = "EXCEPTION",
                                      .syntax = "EXCEPTION(reason|context|exten|priority)",
                                      .synopsis = "What led to the e extension",
                                      .text = "Reasons are INVALID, RESPONSETIMEOUT, ABSOLUTETIMEOUT, ERROR, and what "
                                              "RaiseException was given."};

Result<void> goto_place(Channel& channel, const Arguments& arguments) {
    if (trim(arguments.raw()).empty()) return fail(ErrorCode::invalid, "Goto needs a place: [[context,]extension,]priority");
    return jump(channel, arguments.raw());
}

Result<void> goto_if(Channel& channel, const Arguments& arguments) {
    const Branches branches = JF_TRY(branches_of(arguments));
    return jump(channel, branches.chosen());
}

Result<void> raise(Channel& channel, const Arguments& arguments) { return raise_exception(channel, arguments.raw()); }

Result<std::string> read_exception(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "EXCEPTION needs a channel");
    const auto& exception = call_state(*channel).exception;
    if (!exception) return fail(ErrorCode::not_found, "there was no exception");
    const std::string_view item = arguments.raw();
    if (equals_ignoring_case(item, "reason")) return exception->reason;
    if (equals_ignoring_case(item, "context")) return exception->place.context;
    if (equals_ignoring_case(item, "exten") || equals_ignoring_case(item, "extension")) return exception->place.extension;
    if (equals_ignoring_case(item, "priority")) return std::to_string(exception->place.priority);
    return fail(ErrorCode::invalid, "EXCEPTION: `{}` is none of reason, context, exten, priority", item);
}

}  // namespace

Result<void> jump(Channel& channel, std::string_view target) {
    if (trim(target).empty()) return {};
    Place place = JF_TRY(resolve_place(channel, target));
    log_verbose(4, "{} goes to {}@{}:{}", channel.name(), place.extension, place.context, place.priority);
    go_to(channel, std::move(place));
    return {};
}

Result<Branches> branches_of(const Arguments& arguments) {
    Branches branches = split_branches(arguments.raw());
    if (!branches.found) return fail(ErrorCode::invalid, "`?` is missing in `{}`", arguments.raw());
    return branches;
}

Result<void> add_goto(Module& module) {
    JF_TRY(module.add(goto_info, goto_place));
    JF_TRY(module.add(goto_if_info, goto_if));
    JF_TRY(module.add(raise_exception_info, raise));
    return module.add(exception_info, FunctionBody{read_exception});
}

}  // namespace jackfield::pbx_builtins
