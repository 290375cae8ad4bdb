// The events that this module sends, for `manager show events`.
#pragma once

#include <span>
#include <string_view>

#include "modules/res_manager/manager.hpp"

namespace jackfield::manager {

struct EventName {
    std::string_view name;
    ManagerClasses privilege;
    std::string_view synopsis;
};

constexpr EventName all_event_names[]{
    {"AttendedTransfer", manager_class::call, "Two calls of one transferer became one, or should have"},
    {"AuthMethodNotAllowed", manager_class::security, "A login asked for an unknown AuthType"},
    {"BlindTransfer", manager_class::call, "A call was sent on, or should have been"},
    {"BridgeCreate", manager_class::call, "A bridge was made"},
    {"BridgeDestroy", manager_class::call, "A bridge has ended"},
    {"BridgeEnter", manager_class::call, "A channel came into a bridge"},
    {"BridgeLeave", manager_class::call, "A channel left a bridge"},
    {"BridgeMerge", manager_class::call, "Two bridges become one"},
    {"ChallengeResponseFailed", manager_class::security, "A login by challenge failed"},
    {"ChallengeSent", manager_class::security, "A client got a challenge"},
    {"ChanSpyStart", manager_class::call, "A channel listens to another one"},
    {"ChanSpyStop", manager_class::call, "A channel no longer listens to another one"},
    {"ChannelTalkingStart", manager_class::call, "A channel with TALK_DETECT begins to talk"},
    {"ChannelTalkingStop", manager_class::call, "A channel with TALK_DETECT has ended to talk"},
    {"DTMFBegin", manager_class::dtmf, "A key went down"},
    {"DTMFEnd", manager_class::dtmf, "A key came up"},
    {"DeviceStateChange", manager_class::call, "A device's state has changed"},
    {"DialBegin", manager_class::call, "A channel is being called"},
    {"DialEnd", manager_class::call, "Calling a channel has ended, well or badly"},
    {"DialState", manager_class::call, "A called channel rings or goes on"},
    {"ExtensionStatus", manager_class::call, "A hint's state has changed"},
    {"FailedACL", manager_class::security, "A login came from an address that the user may not use"},
    {"Flash", manager_class::call, "A channel's far side has flashed its hook"},
    {"FullyBooted", manager_class::system, "All modules are loaded"},
    {"Hangup", manager_class::call, "A channel has ended"},
    {"HangupHandlerPop", manager_class::dialplan, "A hang-up handler was taken off a channel"},
    {"HangupHandlerPush", manager_class::dialplan, "A channel has a further hang-up handler"},
    {"HangupHandlerRun", manager_class::dialplan, "A hang-up handler is about to run"},
    {"HangupRequest", manager_class::call, "A channel's far side has hung up"},
    {"Hold", manager_class::call, "A channel was put on hold by its far side"},
    {"InvalidAccountID", manager_class::security, "A login named no user"},
    {"InvalidPassword", manager_class::security, "A login had the wrong password"},
    {"InvalidTransport", manager_class::security, "A request came by a transport that it may not use"},
    {"Load", manager_class::system, "A module was loaded, or could not be"},
    {"LoadAverageLimit", manager_class::security, "A call was refused because of the machine's load (maxload)"},
    {"LocalBridge", manager_class::call, "The two halves of a Local channel belong together"},
    {"LocalOptimizationBegin", manager_class::call, "The halves of a Local channel are about to drop out"},
    {"LocalOptimizationEnd", manager_class::call, "They have, or could not"},
    {"LogChannel", manager_class::system, "A log file was opened, or could not be"},
    {"MemoryLimit", manager_class::security, "A call was refused for want of memory (minmemfree)"},
    {"MessageWaiting", manager_class::call, "A mailbox has another number of messages"},
    {"MusicOnHoldStart", manager_class::call, "Hold music begins"},
    {"MusicOnHoldStop", manager_class::call, "Hold music has ended"},
    {"NewAccountCode", manager_class::call, "A channel has another account code"},
    {"NewCallerid", manager_class::call, "A channel's caller identity has changed"},
    {"NewConnectedLine", manager_class::call, "A channel's connected line has changed"},
    {"Newchannel", manager_class::call, "A channel was made"},
    {"Newexten", manager_class::dialplan, "A channel runs an application"},
    {"Newstate", manager_class::call, "A channel's state has changed"},
    {"OriginateResponse", manager_class::call, "How an asynchronous Originate ended"},
    {"Pickup", manager_class::call, "A call that rang elsewhere was picked up"},
    {"RTCPReceived", manager_class::reporting, "A report on media came from the far side"},
    {"RTCPSent", manager_class::reporting, "A report on media was sent to the far side"},
    {"Reload", manager_class::system, "A module or all configuration was read anew"},
    {"Rename", manager_class::call, "A channel has another name"},
    {"RequestBadFormat", manager_class::security, "A message was malformed"},
    {"RequestNotAllowed", manager_class::security, "A client asked for an action that its user may not use"},
    {"RequestNotSupported", manager_class::security, "A request was of a kind that is not supported"},
    {"SessionLimit", manager_class::security, "A connection or login was one too many"},
    {"Shutdown", manager_class::system, "The daemon stops"},
    {"SoftHangupRequest", manager_class::call, "Somebody asked for a channel's end"},
    {"SuccessfulAuth", manager_class::security, "A client has logged in"},
    {"TestEvent", manager_class::test, "A state change that scenario tests wait for (test_events = yes)"},
    {"UnexpectedAddress", manager_class::security, "A request of a session came from another address than those before it"},
    {"Unhold", manager_class::call, "A channel was taken off hold by its far side"},
    {"Unload", manager_class::system, "A module was unloaded, or could not be"},
    {"UserEvent", manager_class::user, "An event of the dialplan's or of a client's own"},
    {"VarSet", manager_class::dialplan, "A variable was set"},
};
inline std::span<const EventName> event_names() { return all_event_names; }

}  // namespace jackfield::manager
