// bridge show all, bridge show, bridge destroy, bridge kick
#include "core/bridge/bridge.hpp"
#include "core/bridge/bridge_identity.hpp"
#include "core/channel/channel.hpp"
#include "core/console/command.hpp"
#include "core/console/core_commands.hpp"
#include "core/console/date_text.hpp"

namespace jackfield {
namespace {

std::chrono::seconds bridge_age(const Bridge& bridge) { return std::chrono::duration_cast<std::chrono::seconds>(wall_now() - bridge.created()); }

std::string_view type_of(const Bridge& bridge) { return bridge.kind() == BridgeKind::two_party ? "basic" : "base"; }

Result<std::shared_ptr<Bridge>> named_bridge(const std::string& id) {
    auto bridge = Bridge::find(id);
    if (!bridge) return fail(ErrorCode::not_found, "Bridge '{}' not found; `bridge show all` lists the bridges", id);
    return bridge;
}

std::vector<std::string> bridge_ids(CommandWords, std::size_t index, std::string_view word) {
    constexpr std::size_t most = 1000;
    std::vector<std::string> ids;
    if (index == 0)
        for (const auto& bridge : Bridge::list())
            if (ids.size() < most && bridge->id().starts_with(word)) ids.push_back(bridge->id());
    return ids;
}

std::vector<std::string> bridge_ids_and_all(CommandWords words, std::size_t index, std::string_view word) {
    auto ids = bridge_ids(words, index, word);
    if (index == 0) ids.emplace_back("all");
    return ids;
}

std::vector<std::string> bridge_and_member(CommandWords words, std::size_t index, std::string_view word) {
    if (index == 0) return bridge_ids(words, index, word);
    std::vector<std::string> names;
    if (const auto bridge = index == 1 && !words.empty() ? Bridge::find(words[0]) : nullptr)
        for (const Channel* member : bridge->members()) names.push_back(member->name());
    return names;
}

Result<void> show_bridges(Console& console) {
    JF_TRY(console.print("{:<36} {:>5} {:<15} {:<15} {}\n", "Bridge-ID", "Chans", "Type", "Technology", "Duration"));
    for (const auto& bridge : Bridge::list())
        JF_TRY(console.print("{:<36} {:>5} {:<15} {:<15} {}\n", bridge->id(), bridge->size(), type_of(*bridge), technology_name(bridge->kind()), clock_text(bridge_age(*bridge))));
    return {};
}

Result<void> show_bridge(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: bridge show all|ID");
    if (words[0] == "all") return show_bridges(console);
    const auto bridge = JF_TRY(named_bridge(words[0]));
    std::string text = fmt::format("Id: {}\nType: {}\nTechnology: {}\nName: {}\nNum-Channels: {}\nDuration: {}\n", bridge->id(), type_of(*bridge),
                                   technology_name(bridge->kind()), bridge->name(), bridge->size(), clock_text(bridge_age(*bridge)));
    for (const Channel* member : bridge->members()) text += fmt::format("Channel: {}\n", member->name());
    return console.write(text);
}

Result<void> destroy_bridge(Console& console, CommandWords words) {
    if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: bridge destroy ID");
    JF_TRY(named_bridge(words[0]))->dissolve();
    return console.print("Destroying bridge '{}'\n", words[0]);
}

Result<void> kick_member(Console& console, CommandWords words) {
    if (words.size() != 2) return fail(ErrorCode::invalid, "Usage: bridge kick ID CHANNEL");
    const auto bridge = JF_TRY(named_bridge(words[0]));
    Channel& channel = *JF_TRY(named_channel(words[1]));
    if (channel.bridge() != bridge.get()) return fail(ErrorCode::not_found, "Channel '{}' not found in bridge '{}'", words[1], words[0]);
    JF_TRY(bridge->remove(channel));
    return console.print("Kicking channel '{}' from bridge '{}'\n", words[1], words[0]);
}

}  // namespace

Result<void> add_bridge_commands(Module& core) {
    JF_TRY(core.add(CommandInfo{"bridge show ID", "List the bridges, or show one with its channels", "bridge show all - every bridge\nbridge show ID - one"},
                    show_bridge, bridge_ids_and_all));
    JF_TRY(core.add(CommandInfo{"bridge destroy ID", "Dissolve a bridge", "Its channels leave it: they go on where they came from, or are hung up.", true},
                    destroy_bridge, bridge_ids));
    return core.add(CommandInfo{"bridge kick ID CHANNEL", "Take a channel out of a bridge", "It goes on where it came from, or is hung up.", true},
                    kick_member, bridge_and_member);
}

}  // namespace jackfield
