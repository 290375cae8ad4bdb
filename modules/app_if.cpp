// app_if: branches of priorities.
#include "core/dialplan/blocks.hpp"
#include "core/dialplan/condition.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo if_info{.name = "If",
                                  .syntax = "If(condition)",
                                  .synopsis = "Begin a branch",
                                  .text = "Runs the priorities up to ElseIf, Else or EndIf when the condition holds, else those behind "
                                          "the next ElseIf that holds, or behind Else. An empty condition, and 0, are false."};
constexpr ApplicationInfo else_if_info{.name = "ElseIf",
                                       .syntax = "ElseIf(condition)",
                                       .synopsis = "Begin a branch that is taken when those before it were not",
                                       .text = "Any number of them may stand between If and Else."};
constexpr ApplicationInfo else_info{.name = "Else",
                                    .syntax = "Else()",
                                    .synopsis = "Begin the branch that is taken when no other was",
                                    .text = "Stands once, before EndIf."};
constexpr ApplicationInfo end_info{.name = "EndIf",
                                   .syntax = "EndIf()",
                                   .synopsis = "End a branch",
                                   .text = "Every If needs one."};
constexpr ApplicationInfo exit_info{.name = "ExitIf",
                                    .syntax = "ExitIf()",
                                    .synopsis = "Leave a branch",
                                    .text = "Goes on behind the EndIf."};

constexpr BlockKind branch{"If", "EndIf"};

// The ElseIf that a false condition sent the channel to. One that is met at the end of a branch taken is not looked at.
struct Asked {
    std::optional<Place> where;
};

bool same(const Place& a, const Place& b) {
    return a.priority == b.priority && a.extension == b.extension && a.context == b.context;
}

void go(Channel& channel, int priority) {
    Place place = channel.place();
    place.priority = priority;
    go_to(channel, std::move(place));
}

Result<void> go_behind_end(Channel& channel) {
    const auto end = find_block_end(channel, branch);
    if (!end) return fail(ErrorCode::not_found, "there is no EndIf in this extension that belongs to it");
    go(channel, end->priority + 1);
    return {};
}

Result<void> decide(Channel& channel, const Arguments& arguments) {
    if (is_true(arguments.raw())) return {};
    const auto next = find_block_end(channel, branch, {"ElseIf", "Else"});
    if (!next) return fail(ErrorCode::not_found, "there is no EndIf in this extension that belongs to it");
    if (next->application == "ElseIf") {
        Place place = channel.place();
        place.priority = next->priority;
        channel.attachment<Asked>().where = std::move(place);
        go(channel, next->priority);
    } else {
        go(channel, next->priority + 1);
    }
    return {};
}

Result<void> else_if(Channel& channel, const Arguments& arguments) {
    const auto asked = std::exchange(channel.attachment<Asked>().where, std::nullopt);
    if (asked && same(*asked, channel.place())) return decide(channel, arguments);
    return go_behind_end(channel);
}

Result<void> leave(Channel& channel, const Arguments&) { return go_behind_end(channel); }

Result<void> end(Channel&, const Arguments&) { return {}; }

Result<void> load(Module& module) {
    JF_TRY(module.add(if_info, decide));
    JF_TRY(module.add(else_if_info, else_if));
    JF_TRY(module.add(else_info, leave));
    JF_TRY(module.add(end_info, end));
    return module.add(exit_info, leave);
}

}  // namespace

JACKFIELD_MODULE("app_if", "Branches of the dialplan", load)
