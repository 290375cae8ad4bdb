// Blocks of priorities.
#include "core/dialplan/blocks.hpp"

#include <ranges>

#include "core/base/strings.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/dialplan/walk.hpp"

namespace jackfield {
namespace {

// The extension that holds the channel's priority; `plan` keeps it.
const Extension* extension_of(Channel& channel, const Dialplan& plan) {
    return plan.find(query_at(channel, channel.place())).extension;
}

}  // namespace

std::optional<BlockPlace> find_block_end(Channel& channel, const BlockKind& kind,
                                         std::initializer_list<std::string_view> parts) {
    const auto plan = plan_of(channel);
    const Extension* extension = extension_of(channel, *plan);
    if (!extension) return {};
    int depth = 0;
    for (const auto& step : extension->steps) {
        if (step.number <= channel.place().priority) continue;
        const std::string& application = step.priority->application.text();
        if (equals_ignoring_case(application, kind.begin)) ++depth;
        if (equals_ignoring_case(application, kind.end) && depth-- == 0) return BlockPlace{step.number, kind.end};
        if (depth > 0) continue;
        for (const std::string_view part : parts)
            if (equals_ignoring_case(application, part)) return BlockPlace{step.number, part};
    }
    return {};
}

std::optional<int> find_block_begin(Channel& channel, const BlockKind& kind) {
    const auto plan = plan_of(channel);
    const Extension* extension = extension_of(channel, *plan);
    if (!extension) return {};
    int depth = 0;
    for (const auto& step : std::views::reverse(extension->steps)) {
        if (step.number >= channel.place().priority) continue;
        const std::string& application = step.priority->application.text();
        if (equals_ignoring_case(application, kind.end)) ++depth;
        if (equals_ignoring_case(application, kind.begin) && depth-- == 0) return step.number;
    }
    return {};
}

}  // namespace jackfield
