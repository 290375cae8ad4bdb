// The state of something at another server, as the NOTIFYs of one subscription tell it.
#include "channels/sip/ua/remote_state.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "channels/sip/stack/pidf_parser.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {

// Activities as PRESENCE_STATE has them; those that are not here leave the person available.
PresenceState presence_of(const PublishedPresence& published) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 11> words{
        {{"away", "away"}, {"meal", "away"}, {"breakfast", "away"}, {"lunch", "away"}, {"permanent-absence", "xa"}, {"vacation", "xa"}, {"holiday", "xa"},
         {"busy", "dnd"}, {"dnd", "dnd"}, {"meeting", "dnd"}, {"presentation", "dnd"}}};
    PresenceState state;
    state.state = published.open ? "available" : "unavailable";
    state.message = published.note;
    if (published.activities.empty()) return state;
    state.subtype = published.activities.front();
    for (const auto& [activity, word] : words)
        if (published.open && activity == state.subtype) state.state = word;
    return state;
}

Result<void> RemoteState::read_pidf(std::string_view body) {
    const PublishedPresence read = JF_TRY(parse_pidf(body));
    presence = presence_of(read);
    const auto does = [&](std::string_view activity) { return std::ranges::find(read.activities, activity) != read.activities.end(); };
    // The notes are those of Asterisk and of ours, whose activities don't tell ringing and hold from talking.
    device = !read.open                                                                ? DeviceState::unavailable
             : does("on-the-phone") && equals_ignoring_case(read.note, "Ringing") ? DeviceState::ringing
             : does("on-the-phone") && equals_ignoring_case(read.note, "On hold") ? DeviceState::on_hold
             : does("on-the-phone")                                                    ? DeviceState::in_use
             : does("busy")                                                            ? DeviceState::busy
                                                                                       : DeviceState::not_in_use;
    return {};
}

Result<void> RemoteState::read_dialog_info(std::string_view body) {
    ReadDialogInfo info = JF_TRY(parse_dialog_info(body));
    if (info.full) dialogs_.clear();
    for (ReadDialogInfo::Dialog& dialog : info.dialogs) {
        if (dialog.state == ReadDialogInfo::Dialog::State::terminated) {
            dialogs_.erase(dialog.id);
            continue;
        }
        if (dialogs_.size() >= most_dialogs && !dialogs_.contains(dialog.id)) return fail(ErrorCode::limit, "more than {} dialogs", most_dialogs);
        dialogs_.insert_or_assign(dialog.id, std::move(dialog));
    }
    sum_up_dialogs();
    return {};
}

void RemoteState::sum_up_dialogs() {
    using State = ReadDialogInfo::Dialog::State;
    bool talks = false, holds = false, rings = false;
    for (const auto& [id, dialog] : dialogs_) {
        if (dialog.state == State::confirmed)
            (dialog.on_hold ? holds : talks) = true;
        else if (dialog.recipient || dialog.state == State::early)
            rings = true;
        else
            talks = true;  // it calls somebody
    }
    device = rings && (talks || holds) ? DeviceState::ring_in_use
             : rings                   ? DeviceState::ringing
             : talks                   ? DeviceState::in_use
             : holds                   ? DeviceState::on_hold
                                       : DeviceState::not_in_use;
}

void RemoteState::forget() {
    dialogs_.clear();
    device = DeviceState::unavailable;
    presence = {};
}

}  // namespace jackfield::sip
