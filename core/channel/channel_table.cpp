// All channels: by number, name and unique id, and in order of creation; limits on new ones.
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/strings.hpp"
#include "core/channel/channel.hpp"
#include "core/channel/channel_private.hpp"
#include "core/channel/channel_visit.hpp"
#include "core/channel/overload.hpp"
#include "core/channel/unique_id.hpp"
#include "core/runtime/fiber.hpp"

namespace jackfield {

namespace {

struct Table {
    std::map<std::uint64_t, Channel*> in_order;  // new ones come last, so an insertion with a hint costs O(1)
    std::unordered_map<std::uint64_t, Channel*> by_number;
    std::map<std::string, Channel*, CaseInsensitiveLess> by_name;  // in order, so that those of one device stand together
    std::unordered_map<std::string, Channel*, StringHash, std::equal_to<>> by_unique_id;
    std::uint64_t last_number = 0;
    std::uint64_t processed = 0;
    std::size_t incoming = 0;
};
Table& table() {
    static Table table;
    return table;
}

}  // namespace

std::uint64_t next_channel_number() { return ++table().last_number; }
bool name_taken(const std::string& name) { return table().by_name.contains(name); }

void add_to_table(Channel& channel) {
    auto& all = table();
    all.in_order.emplace_hint(all.in_order.end(), channel.id().number, &channel);
    all.by_number.emplace(channel.id().number, &channel);
    all.by_name.emplace(channel.name(), &channel);
    all.by_unique_id.emplace(channel.unique_id(), &channel);
    ++all.processed;
    if (!channel.outgoing()) ++all.incoming;
}

void remove_from_table(Channel& channel) {
    auto& all = table();
    all.in_order.erase(channel.id().number);
    all.by_number.erase(channel.id().number);
    if (const auto found = all.by_name.find(channel.name()); found != all.by_name.end() && found->second == &channel)
        all.by_name.erase(found);
    all.by_unique_id.erase(channel.unique_id());
    if (!channel.outgoing()) --all.incoming;
}

void rename_in_table(Channel& channel, const std::string& name) {
    auto& all = table();
    if (const auto found = all.by_name.find(channel.name()); found != all.by_name.end() && found->second == &channel)
        all.by_name.erase(found);
    all.by_name.insert_or_assign(name, &channel);
}

Result<void> assign_unique_id(Channel& channel, std::string id) {
    constexpr std::size_t longest = 149;
    if (id.empty() || id.size() > longest || ChannelAccess::internals(channel).announced)
        return fail(ErrorCode::invalid, "{} can't have the unique id '{}'", channel.name(), id);
    auto& ids = table().by_unique_id;
    if (ids.contains(id)) return fail(ErrorCode::exists, "another channel has the unique id {}", id);
    ids.erase(channel.unique_id());
    ids.emplace(id, &channel);
    ChannelAccess::set_unique_id(channel, std::move(id));
    return {};
}

Result<void> admit_call() {
    const auto& limits = channel_limits();
    if (!limits.accept_new) return fail(ErrorCode::limit, "no new calls: stopping or overloaded");
    if (limits.max_calls && table().incoming >= limits.max_calls)
        return fail(ErrorCode::limit, "maxcalls={} calls are up", limits.max_calls);
    if (fiber_count() >= fiber_limit()) return fail(ErrorCode::limit, "{} fibers run, no more may", fiber_limit());
    return {};
}

Result<std::reference_wrapper<Channel>> find_channel(ChannelId id) {
    const auto found = table().by_number.find(id.number);
    if (found == table().by_number.end()) return fail(ErrorCode::not_found, "the channel is gone");
    return std::ref(*found->second);
}

Channel* find_channel(std::string_view name_or_unique_id) {
    auto& all = table();
    if (const auto found = all.by_name.find(name_or_unique_id); found != all.by_name.end()) return found->second;
    const auto found = all.by_unique_id.find(name_or_unique_id);
    return found == all.by_unique_id.end() ? nullptr : found->second;
}

void for_each_channel(const std::function<void(Channel&)>& visit, std::uint64_t after, std::size_t at_most) {
    auto& all = table().in_order;
    // The visitor may end channels, so the place is found anew each time.
    for (auto next = all.upper_bound(after); next != all.end() && at_most > 0; --at_most) {
        const auto number = next->first;
        visit(*next->second);
        next = all.upper_bound(number);
    }
}

void for_each_channel_of(std::string_view device, const std::function<void(Channel&)>& visit) {
    const std::string begin = std::string(device) + '-';
    const auto& all = table().by_name;
    for (auto next = all.lower_bound(begin); next != all.end() && starts_with_ignoring_case(next->first, begin); ++next)
        // "6001-desk" is a device of its own.
        if (device_of(next->first).size() == device.size()) visit(*next->second);
}

Result<void> visit_channels(const std::function<Result<void>(Channel&)>& visit) {
    constexpr std::size_t slice = 32;
    std::uint64_t after = 0;
    for (;;) {
        std::vector<ChannelId> ids;
        for_each_channel([&](Channel& channel) { ids.push_back(channel.id()); }, after, slice);
        for (const ChannelId id : ids) {
            after = id.number;
            const auto found = find_channel(id);
            if (!found) continue;
            const auto keep = found->get().share();
            JF_TRY(visit(*keep));
        }
        if (ids.size() < slice) return {};
        JF_TRY(yield());
    }
}

std::size_t channel_count() { return table().by_number.size(); }
std::uint64_t calls_processed() { return table().processed; }

Shortage& shortage() {
    static Shortage now = Shortage::none;
    return now;
}

ChannelLimits& channel_limits() {
    static ChannelLimits limits;
    return limits;
}

std::string_view device_of(std::string_view channel_name) {
    const auto dash = channel_name.rfind('-');
    return dash == std::string_view::npos ? channel_name : channel_name.substr(0, dash);
}

}  // namespace jackfield
