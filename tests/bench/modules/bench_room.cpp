// For tests/bench/run: BenchRoom(name) joins a mixing bridge of that name, as a conference application would.
#include <memory>
#include <string>
#include <unordered_map>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "BenchRoom",
                               .syntax = "BenchRoom(name)",
                               .synopsis = "Join a room",
                               .text = "Answers and stays until the caller hangs up. All callers of one name hear each other."};

using Rooms = std::unordered_map<std::string, std::weak_ptr<Bridge>>;

Result<void> join(Rooms& rooms, Channel& channel, const Arguments& arguments) {
    JF_TRY(channel.answer());
    std::weak_ptr<Bridge>& place = rooms[std::string(arguments[0])];
    std::shared_ptr<Bridge> room = place.lock();
    if (!room) place = room = Bridge::create(BridgeKind::mixing, "bench");
    JF_TRY(room->join(channel));
    return {};
}

Result<void> load(Module& module) {
    auto& rooms = module.own<Rooms>();
    return module.add(info, [&rooms](Channel& channel, const Arguments& arguments) { return join(rooms, channel, arguments); });
}

}  // namespace

JACKFIELD_MODULE("bench_room", "Rooms for the benchmark", load)
