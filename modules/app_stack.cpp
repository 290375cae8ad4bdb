// app_stack: Gosub, Return and the variables of routines.
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/condition.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo gosub_info{
    .name = "Gosub",
    .syntax = "Gosub([[context,]extension,]priority[(arg1[,arg2...])])",
    .synopsis = "Call a routine of the dialplan",
    .text = "The routine ends with Return, and the call goes on behind the Gosub. The arguments are ARG1, ARG2, ... in it, ARGC is "
            "their number; they and what LOCAL() sets are gone when it returns."};
constexpr ApplicationInfo gosub_if_info{
    .name = "GosubIf",
    .syntax = "GosubIf(condition?[place[(arguments)]][:place[(arguments)]])",
    .synopsis = "Call one of two routines of the dialplan",
    .text = "An empty condition, and 0, are false. Without a place for the answer nothing is called."};
constexpr ApplicationInfo return_info{.name = "Return",
                                      .syntax = "Return([value])",
                                      .synopsis = "Go back to where the routine was called",
                                      .text = "Sets GOSUB_RETVAL to the value."};
constexpr ApplicationInfo pop_info{.name = "StackPop",
                                   .syntax = "StackPop()",
                                   .synopsis = "Forget the last Gosub",
                                   .text = "For leaving a routine by Goto: its variables are gone, and a Return then ends the routine "
                                           "that called it."};
constexpr FunctionInfo local_info{.name = "LOCAL",
                                  .syntax = "LOCAL(variable)",
                                  .synopsis = "A variable of the running routine",
                                  .text = "It hides the variable of that name that the caller of the routine has, until Return."};
constexpr FunctionInfo local_peek_info{.name = "LOCAL_PEEK",
                                       .syntax = "LOCAL_PEEK(n,variable)",
                                       .synopsis = "A variable as an outer routine has it",
                                       .text = "n: how many routines further out; 0 is the running one."};
constexpr FunctionInfo stack_peek_info{
    .name = "STACK_PEEK",
    .syntax = "STACK_PEEK(n,which[,suppress])",
    .synopsis = "Where the Gosubs came from",
    .text = "n: 1 is the last Gosub, 2 the one before. which: c context, e extension, p priority, l all three separated by commas. "
            "suppress: true to have no warning when the stack is not that deep."};

Result<void> gosub(Channel& channel, const Arguments& arguments) {
    if (trim(arguments.raw()).empty()) return fail(ErrorCode::invalid, "Gosub needs a place: [[context,]extension,]priority");
    return enter_gosub(channel, arguments.raw());
}

Result<void> gosub_if(Channel& channel, const Arguments& arguments) {
    const Branches branches = split_branches(arguments.raw());
    if (!branches.found) return fail(ErrorCode::invalid, "`?` is missing in `{}`", arguments.raw());
    const std::string_view target = trim(branches.chosen());
    if (target.empty()) return {};
    return enter_gosub(channel, target);
}

Result<void> leave(Channel& channel, const Arguments& arguments) { return return_from_gosub(channel, arguments.raw()); }

Result<void> pop(Channel& channel, const Arguments&) {
    auto popped = pop_gosub(channel);
    if (!popped) log_warning("{}: {}", channel.name(), popped.error().text);
    return {};
}

Result<std::string> read_local(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "LOCAL needs a channel");
    return read_expression(channel, arguments.raw());
}

Result<void> write_local(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "LOCAL needs a channel");
    return set_local_variable(*channel, arguments.raw(), std::string(value));
}

Result<std::string> read_local_peek(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "LOCAL_PEEK needs a channel");
    const auto level = parse_number<std::size_t>(trim(arguments[0]));
    if (!level || !arguments.has(1)) return fail(ErrorCode::invalid, "LOCAL_PEEK needs a number of routines and a variable");
    const std::string* value = channel->variables().find_outer(arguments[1], *level);
    return value ? *value : std::string();
}

Result<std::string> read_stack_peek(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "STACK_PEEK needs a channel");
    const auto level = parse_number<std::size_t>(trim(arguments[0]));
    if (!level || *level == 0 || arguments[1].size() != 1)
        return fail(ErrorCode::invalid, "STACK_PEEK needs a number from 1 and one of c, e, p, l");
    const auto& stack = call_state(*channel).stack;
    if (*level > stack.size()) {
        if (parse_bool(arguments[2]).value_or(false)) return std::string();
        return fail(ErrorCode::not_found, "there are only {} Gosubs", stack.size());
    }
    Place from = stack[stack.size() - *level].back;
    --from.priority;  // of the Gosub itself
    switch (arguments[1].front()) {
        case 'c': return from.context;
        case 'e': return from.extension;
        case 'p': return std::to_string(from.priority);
        case 'l': return fmt::format("{},{},{}", from.context, from.extension, from.priority);
        default: return fail(ErrorCode::invalid, "STACK_PEEK: `{}` is none of c, e, p, l", arguments[1]);
    }
}

Result<void> load(Module& module) {
    JF_TRY(module.add(gosub_info, gosub));
    JF_TRY(module.add(gosub_if_info, gosub_if));
    JF_TRY(module.add(return_info, leave));
    JF_TRY(module.add(pop_info, pop));
    JF_TRY(module.add(local_info, FunctionBody{read_local, write_local}));
    JF_TRY(module.add(local_peek_info, FunctionBody{read_local_peek}));
    return module.add(stack_peek_info, FunctionBody{read_stack_peek});
}

}  // namespace

JACKFIELD_MODULE("app_stack", "Routines of the dialplan (Gosub)", load)
