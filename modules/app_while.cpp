// app_while: loops of priorities.
#include "core/dialplan/blocks.hpp"
#include "core/dialplan/condition.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo while_info{.name = "While",
                                     .syntax = "While(condition)",
                                     .synopsis = "Begin a loop",
                                     .text = "Runs the priorities up to EndWhile as long as the condition holds. An empty condition, "
                                             "and 0, are false. Loops may stand within loops."};
constexpr ApplicationInfo end_info{.name = "EndWhile",
                                   .syntax = "EndWhile()",
                                   .synopsis = "End a loop",
                                   .text = "Goes back to the While, whose condition is looked at again."};
constexpr ApplicationInfo exit_info{.name = "ExitWhile",
                                    .syntax = "ExitWhile()",
                                    .synopsis = "Leave a loop",
                                    .text = "Goes on behind the EndWhile, whatever the condition says."};
constexpr ApplicationInfo continue_info{.name = "ContinueWhile",
                                        .syntax = "ContinueWhile()",
                                        .synopsis = "Begin a loop's next round",
                                        .text = "Goes back to the While, whose condition is looked at again."};

constexpr BlockKind loop{"While", "EndWhile"};

Result<void> go_behind_end(Channel& channel) {
    const auto end = find_block_end(channel, loop);
    if (!end) return fail(ErrorCode::not_found, "there is no EndWhile in this extension that belongs to it");
    Place place = channel.place();
    place.priority = end->priority + 1;
    go_to(channel, std::move(place));
    return {};
}

Result<void> begin(Channel& channel, const Arguments& arguments) {
    if (is_true(arguments.raw())) return {};
    return go_behind_end(channel);
}

Result<void> leave(Channel& channel, const Arguments&) { return go_behind_end(channel); }

Result<void> again(Channel& channel, const Arguments&) {
    const auto begin = find_block_begin(channel, loop);
    if (!begin) return fail(ErrorCode::not_found, "there is no While in this extension that belongs to it");
    Place place = channel.place();
    place.priority = *begin;
    go_to(channel, std::move(place));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(while_info, begin));
    JF_TRY(module.add(end_info, again));
    JF_TRY(module.add(exit_info, leave));
    return module.add(continue_info, again);
}

}  // namespace

JACKFIELD_MODULE("app_while", "Loops of the dialplan", load)
