// Bodies of NOTIFY requests: presence, dialog-info, message-summary. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::sip {

// What a watcher may see of an extension.
enum class PresenceStatus : std::uint8_t { open, on_the_phone, ringing, busy, on_hold, closed };

struct PresenceView {
    std::string entity;   // URI of the presentity: "sip:6001@pbx.example"
    std::string id;       // of the tuple: the extension
    PresenceStatus status = PresenceStatus::open;
    std::string note;     // what the person says of itself, or empty: a word for the status
    bool away = false;    // it says so (away, extended away)
    bool do_not_disturb = false;
};
std::string pidf_body(const PresenceView& view);   // application/pidf+xml (RFC 3863)
std::string xpidf_body(const PresenceView& view);  // application/xpidf+xml, its forerunner

struct DialogParty {
    std::string display_name, uri;  // nothing is written of a party without URI
};
// One dialog of the watched phone, from its point of view (RFC 4235).
struct DialogView {
    std::string id;
    enum class State : std::uint8_t { early, confirmed, terminated } state = State::terminated;
    enum class Direction : std::uint8_t { unknown, initiator, recipient } direction = Direction::unknown;
    // Whoever wants to take the call over sends INVITE with "Replaces: call_id;to-tag=remote_tag;from-tag=local_tag".
    std::string call_id, local_tag, remote_tag;
    DialogParty local, remote;
    bool on_hold = false;  // +sip.rendering=no: the phone plays nothing to its user
};
// application/dialog-info+xml. `version` grows by one from NOTIFY to NOTIFY of a subscription; all dialogs are there each time.
std::string dialog_info_body(std::string_view entity, std::uint32_t version, std::span<const DialogView> dialogs);

// One who is in a conference, with one or several calls.
struct ConferenceUser {
    std::string uri, display_name;  // the URI is unlike those of all other users
    struct Endpoint {
        std::string id;             // of the call, unlike all others
        bool dialled_out = false;   // the conference called; else it was called
        bool operator==(const Endpoint&) const = default;
    };
    std::vector<Endpoint> endpoints;
    bool operator==(const ConferenceUser&) const = default;
};
struct ConferenceView {
    std::string entity, title;      // the conference's URI; what people call it, or empty
    std::uint32_t version = 0;      // grows by one from NOTIFY to NOTIFY of a subscription
    std::vector<ConferenceUser> users;  // in order of their URIs
};
// application/conference-info+xml (RFC 4575). `told`: the users as the watcher knows them since the version before: then those who
// have come, gone or changed are told (4.6); null: the full state.
std::string conference_info_body(const ConferenceView& view, const std::vector<ConferenceUser>* told = nullptr);

struct MessageCounts {
    std::uint32_t fresh = 0, old = 0, urgent_fresh = 0, urgent_old = 0;  // the urgent ones are among the others
};
// application/simple-message-summary (RFC 3842); `account` is the URI to call for listening, or empty.
std::string message_summary_body(const MessageCounts& counts, std::string_view account);
// Reads one; nothing when it has no line that counts voice messages or says whether any wait. Without a count, messages
// that wait are one.
std::optional<MessageCounts> parse_message_summary(std::string_view body);

}  // namespace jackfield::sip
