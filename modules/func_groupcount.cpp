// GROUP, GROUP_COUNT, GROUP_LIST and GROUP_MATCH_COUNT: counting calls by groups of the plan's own.
#include <map>

#include "core/runtime/wait.hpp"
#include "core/sdk.hpp"
#include "re2/re2.h"

using namespace jackfield;

namespace {

constexpr FunctionInfo group_info{.name = "GROUP",
                                  .syntax = "GROUP([category])",
                                  .synopsis = "The group that the channel counts in, to read and to set",
                                  .text = "A channel is in one group per category; an empty value takes it out."};
constexpr FunctionInfo count_info{.name = "GROUP_COUNT",
                                  .syntax = "GROUP_COUNT([group][@category])",
                                  .synopsis = "How many channels are in a group",
                                  .text = "The channel's own group when none is given."};
constexpr FunctionInfo list_info{.name = "GROUP_LIST",
                                 .syntax = "GROUP_LIST()",
                                 .synopsis = "The groups that the channel is in",
                                 .text = "As group@category, separated by blanks."};
constexpr FunctionInfo match_info{.name = "GROUP_MATCH_COUNT",
                                  .syntax = "GROUP_MATCH_COUNT(groupmatch[@category])",
                                  .synopsis = "How many channels are in groups that match a regular expression",
                                  .text = "With a category only those of it; the category is a regular expression too."};

// Counts are kept as they change, so that asking costs nothing that grows with the calls.
using Counts = std::map<std::pair<std::string, std::string>, unsigned, std::less<>>;  // by category and group

struct Membership {  // lives with the channel
    std::shared_ptr<Counts> counts;
    std::map<std::string, std::string> groups;  // by category
    void leave(const std::string& category) {
        const auto mine = groups.find(category);
        if (mine == groups.end()) return;
        const auto count = counts->find(std::pair{category, mine->second});
        if (count != counts->end() && --count->second == 0) counts->erase(count);
        groups.erase(mine);
    }
    ~Membership() {
        while (!groups.empty()) leave(std::string(groups.begin()->first));
    }
};

std::shared_ptr<Counts>& all_counts() {
    static std::shared_ptr<Counts> counts = std::make_shared<Counts>();
    return counts;
}

struct Wanted {
    std::string group, category;
};
Wanted parse(std::string_view text) {
    const Halves parts = split_once(text, '@');
    return {std::string(trim(parts.first)), std::string(trim(parts.second))};
}

Result<std::string> read_group(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "GROUP needs a channel");
    const Membership* membership = channel->find_attachment<Membership>();
    if (!membership) return "";
    const auto found = membership->groups.find(std::string(arguments[0]));
    return found == membership->groups.end() ? "" : found->second;
}

Result<void> write_group(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "GROUP needs a channel");
    Wanted wanted = parse(value);
    if (arguments.has(0)) wanted.category = arguments[0];
    Membership& membership = channel->attachment<Membership>();
    membership.counts = all_counts();
    membership.leave(wanted.category);
    if (wanted.group.empty()) return {};
    membership.groups[wanted.category] = wanted.group;
    ++(*membership.counts)[{wanted.category, wanted.group}];
    return {};
}

Result<std::string> read_count(Channel* channel, const Arguments& arguments) {
    Wanted wanted = parse(arguments.raw());
    if (wanted.group.empty() && channel)
        if (const Membership* membership = channel->find_attachment<Membership>())
            if (const auto found = membership->groups.find(wanted.category); found != membership->groups.end())
                wanted.group = found->second;
    const auto found = all_counts()->find(std::pair{wanted.category, wanted.group});
    return std::to_string(found == all_counts()->end() ? 0 : found->second);
}

Result<std::string> read_list(Channel* channel, const Arguments&) {
    std::string text;
    const Membership* membership = channel ? channel->find_attachment<Membership>() : nullptr;
    if (!membership) return text;
    for (const auto& [category, group] : membership->groups) {
        if (!text.empty()) text += ' ';
        text += category.empty() ? group : group + "@" + category;
    }
    return text;
}

Result<std::string> read_match(Channel*, const Arguments& arguments) {
    const Wanted wanted = parse(arguments.raw());
    RE2::Options options(RE2::POSIX);
    options.set_log_errors(false);
    const RE2 group(wanted.group, options), category(wanted.category, options);
    if (!group.ok() || !category.ok())
        return fail(ErrorCode::invalid, "GROUP_MATCH_COUNT: '{}' is no regular expression: {}", arguments.raw(),
                    group.ok() ? category.error() : group.error());
    unsigned count = 0;
    for (const auto& [key, members] : *all_counts())
        if (RE2::PartialMatch(key.second, group) && (wanted.category.empty() || RE2::PartialMatch(key.first, category)))
            count += members;
    return std::to_string(count);
}

Result<void> load(Module& module) {
    JF_TRY(module.add(group_info, FunctionBody{read_group, write_group}));
    JF_TRY(module.add(count_info, FunctionBody{read_count}));
    JF_TRY(module.add(list_info, FunctionBody{read_list}));
    return module.add(match_info, FunctionBody{read_match});
}

}  // namespace

JACKFIELD_MODULE("func_groupcount", "Channel group functions", load)
