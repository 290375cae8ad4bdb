// Channels and bridges as lines.
#include "modules/res_manager/snapshot_fields.hpp"

#include "core/bridge/bridge.hpp"
#include "core/bridge/bridge_identity.hpp"
#include "core/channel/channel.hpp"
#include "modules/res_manager/server.hpp"

namespace jackfield::manager {
namespace {

std::string_view or_unknown(std::string_view text) { return text.empty() ? std::string_view("<unknown>") : text; }

// Puts the prefix before each key.
class Prefixed {
  public:
    Prefixed(ManagerFields& fields, std::string_view prefix) : fields_(fields), prefix_(prefix) {}
    template <class V>
    void add(std::string_view key, const V& value) {
        if (prefix_.empty())
            fields_.add(key, value);
        else
            fields_.add(std::string(prefix_).append(key), value);
    }

  private:
    ManagerFields& fields_;
    std::string_view prefix_;
};

}  // namespace

void add_channel(ManagerFields& fields, const Server& server, Channel& channel, std::string_view prefix) {
    Prefixed lines(fields, prefix);
    const Place& place = channel.place();
    lines.add("Channel", channel.name());
    lines.add("ChannelState", static_cast<int>(channel.state()));
    lines.add("ChannelStateDesc", to_string(channel.state()));
    lines.add("CallerIDNum", or_unknown(channel.caller().id.number.text));
    lines.add("CallerIDName", or_unknown(channel.caller().id.name.text));
    lines.add("ConnectedLineNum", or_unknown(channel.connected().id.number.text));
    lines.add("ConnectedLineName", or_unknown(channel.connected().id.name.text));
    lines.add("Language", channel.attributes().language);
    lines.add("AccountCode", channel.attributes().account_code);
    lines.add("Context", place.context);
    lines.add("Exten", place.extension);
    lines.add("Priority", place.priority);
    lines.add("Uniqueid", channel.unique_id());
    lines.add("Linkedid", channel.linked_id());
    for (const std::string& name : server.settings().channel_variables)
        lines.add("ChanVariable", name + "=" + channel.variable(name));
}

void Server::add_channel(ManagerFields& fields, Channel& channel, std::string_view prefix) const {
    manager::add_channel(fields, *this, channel, prefix);
}

BridgeSnapshot::BridgeSnapshot(Bridge& bridge)
    : id(bridge.id()),
      name(bridge.name()),
      type(bridge.kind() == BridgeKind::two_party ? "basic" : "base"),
      technology(technology_name(bridge.kind())),
      channels(bridge.size()) {}

void add_bridge(ManagerFields& fields, const BridgeSnapshot& bridge, std::string_view prefix) {
    Prefixed lines(fields, prefix);
    lines.add("BridgeUniqueid", bridge.id);
    lines.add("BridgeType", bridge.type);
    lines.add("BridgeTechnology", bridge.technology);
    lines.add("BridgeCreator", "<unknown>");
    lines.add("BridgeName", or_unknown(bridge.name));
    lines.add("BridgeNumChannels", bridge.channels);
    lines.add("BridgeVideoSourceMode", "none");
}

void add_bridge(ManagerFields& fields, Bridge& bridge, std::string_view prefix) {
    add_bridge(fields, BridgeSnapshot(bridge), prefix);
}

std::string presentation_text(Presentation presentation) {
    const auto number = static_cast<unsigned>(presentation);
    if (presentation == Presentation::unavailable) return fmt::format("{} (Number Unavailable)", number);
    static constexpr std::string_view screenings[]{"Not Screened", "Passed Screen", "Failed Screen", "Network Number"};
    return fmt::format("{} (Presentation {}, {})", number, number & 0x20 ? "Prohibited" : "Allowed", screenings[number & 3]);
}

std::string escaped(std::string_view value) {
    constexpr std::string_view special = "\a\b\f\n\r\t\v\\'\"?", letters = "abfnrtv\\'\"?";
    std::string text;
    for (const char c : value) {
        const auto place = special.find(c);
        if (place == std::string_view::npos)
            text += c;
        else
            text.append(1, '\\').append(1, letters[place]);
    }
    return text;
}

}  // namespace jackfield::manager
