// The lines by which events and lists describe a channel or a bridge.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "modules/res_manager/manager.hpp"

namespace jackfield {
class Channel;
class Bridge;
enum class Presentation : unsigned char;
}  // namespace jackfield

namespace jackfield::manager {

class Server;

// Channel, ChannelState, ..., Uniqueid, Linkedid, and a ChanVariable for each of channelvars; `prefix` before each key.
void add_channel(ManagerFields& fields, const Server& server, Channel& channel, std::string_view prefix = {});
// A bridge as it was at a moment.
struct BridgeSnapshot {
    BridgeSnapshot() = default;
    explicit BridgeSnapshot(Bridge& bridge);
    std::string id, name;
    std::string_view type, technology;
    std::size_t channels = 0;
};
// BridgeUniqueid, BridgeType, ..., likewise.
void add_bridge(ManagerFields& fields, const BridgeSnapshot& bridge, std::string_view prefix = {});
void add_bridge(ManagerFields& fields, Bridge& bridge, std::string_view prefix = {});
// "0 (Presentation Allowed, Not Screened)"
std::string presentation_text(Presentation presentation);
// "\n" for a line end and so on, as VarSet writes values.
std::string escaped(std::string_view value);

}  // namespace jackfield::manager
