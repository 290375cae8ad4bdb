// The state of something at another server, as the NOTIFYs of one subscription tell it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "channels/sip/stack/dialog_info_parser.hpp"
#include "core/base/result.hpp"
#include "core/channel/device_state.hpp"
#include "core/channel/presence_state.hpp"

namespace jackfield::sip {

// Pure; one thread.
class RemoteState {
  public:
    DeviceState device = DeviceState::unavailable;
    PresenceState presence;

    // Errors: those of the parsers; the states stay as they were.
    Result<void> read_pidf(std::string_view body);
    Result<void> read_dialog_info(std::string_view body);
    void forget();  // the subscription is over: nothing is known any more
    void begin_dialogs() { dialogs_.clear(); }  // a new subscription tells everything anew

  private:
    void sum_up_dialogs();
    std::map<std::string, ReadDialogInfo::Dialog> dialogs_;  // by id; partial documents name those that have changed
};

// What PRESENCE_STATE() says of a document: the state, its activity and its note.
struct PublishedPresence;
PresenceState presence_of(const PublishedPresence& published);

}  // namespace jackfield::sip
