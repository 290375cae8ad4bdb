// Snapshots of channels for those who tell others about them.
#include "core/channel/channel_events.hpp"

namespace jackfield {

ChannelSnapshot snapshot(Channel& channel) {
    ChannelSnapshot shot;
    shot.name = channel.name();
    shot.unique_id = channel.unique_id();
    shot.linked_id = channel.linked_id();
    shot.state = channel.state();
    shot.caller_number = channel.caller().id.number.text;
    shot.caller_name = channel.caller().id.name.text;
    shot.connected_number = channel.connected().id.number.text;
    shot.connected_name = channel.connected().id.name.text;
    shot.language = channel.attributes().language;
    shot.account_code = channel.attributes().account_code;
    shot.context = channel.place().context;
    shot.extension = channel.place().extension;
    shot.priority = channel.place().priority;
    shot.application = channel.application;
    shot.application_arguments = channel.application_arguments;
    return shot;
}

}  // namespace jackfield
