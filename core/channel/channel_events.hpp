// What channels publish on the event bus; snapshots, valid after the channel is gone.
#pragma once

#include <string>
#include <string_view>

#include "core/channel/channel.hpp"

namespace jackfield {

struct ChannelSnapshot {
    std::string name, unique_id, linked_id;
    ChannelState state;
    std::string caller_number, caller_name, connected_number, connected_name;
    std::string language, account_code, context, extension;
    int priority = 1;
    std::string application, application_arguments;
};
ChannelSnapshot snapshot(Channel& channel);

struct ChannelCreated { static constexpr std::string_view topic = "channel.created"; Channel& channel; };
struct ChannelStateChanged { static constexpr std::string_view topic = "channel.state"; Channel& channel; };
// The channel is to end: its far side has gone, or somebody here asked for it. ChannelHungUp comes when it has.
struct ChannelHangupRequested { static constexpr std::string_view topic = "channel.hangup_request"; Channel& channel; HangupCause cause; bool by_far_side; };
struct ChannelHungUp { static constexpr std::string_view topic = "channel.hangup"; Channel& channel; };
struct ChannelRenamed { static constexpr std::string_view topic = "channel.renamed"; Channel& channel; std::string old_name; };
struct ChannelIdentityChanged { static constexpr std::string_view topic = "channel.identity"; Channel& channel; };
struct ChannelHeld { static constexpr std::string_view topic = "channel.hold"; Channel& channel; bool held; std::string music_class; };
struct ChannelDigit { static constexpr std::string_view topic = "channel.digit"; Channel& channel; char key; bool received, end; unsigned duration_ms; };
// Silence detection with `talking` true: it begins to talk; false: it was silent long enough, after `duration_ms` of talking.
struct ChannelTalking { static constexpr std::string_view topic = "channel.talking"; Channel& channel; bool talking; std::uint64_t duration_ms; };
struct ChannelSpied { static constexpr std::string_view topic = "channel.spied"; Channel& spy; Channel& spied; bool started; };
struct ChannelMusic { static constexpr std::string_view topic = "channel.music"; Channel& channel; bool started; std::string music_class; };
struct VariableSet { static constexpr std::string_view topic = "channel.variable"; Channel* channel; std::string_view name, value; };
struct NewExtension { static constexpr std::string_view topic = "channel.extension"; Channel& channel; };  // a step of the dialplan
struct DialBegan { static constexpr std::string_view topic = "dial.begin"; Channel* caller; Channel& called; std::string dial_string; };
struct DialStateChanged { static constexpr std::string_view topic = "dial.state"; Channel* caller; Channel& called; std::string status; };
struct DialEnded { static constexpr std::string_view topic = "dial.end"; Channel* caller; Channel& called; std::string status; std::string forward; };
struct UserEventRaised {
    static constexpr std::string_view topic = "user.event";
    Channel* channel;
    std::string name;
    std::vector<std::pair<std::string, std::string>> fields;
};

}  // namespace jackfield
