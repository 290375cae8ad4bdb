// Bodies of NOTIFY requests: presence, dialog-info, message-summary.
#include "channels/sip/stack/event_bodies.hpp"

#include <fmt/format.h>

#include "channels/sip/stack/xml_writer.hpp"
#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

std::string_view word_of(PresenceStatus status) {
    switch (status) {
        case PresenceStatus::open: return "Ready";
        case PresenceStatus::on_the_phone: return "On the phone";
        case PresenceStatus::ringing: return "Ringing";
        case PresenceStatus::busy: return "Busy";
        case PresenceStatus::on_hold: return "On hold";
        case PresenceStatus::closed: return "Unavailable";
    }
    return "Ready";
}

// RFC 4480 section 3.2; empty: nothing to say.
std::string_view activity_of(const PresenceView& view) {
    if (view.do_not_disturb) return "ep:busy";
    switch (view.status) {
        case PresenceStatus::on_the_phone:
        case PresenceStatus::ringing:
        case PresenceStatus::on_hold: return "ep:on-the-phone";
        case PresenceStatus::busy: return "ep:busy";
        case PresenceStatus::closed: return "ep:away";
        case PresenceStatus::open: break;
    }
    return view.away ? "ep:away" : "";
}

std::string_view note_of(const PresenceView& view) { return view.note.empty() ? word_of(view.status) : std::string_view(view.note); }

void write_party(XmlWriter& xml, std::string_view name, const DialogParty& party) {
    if (party.uri.empty()) return;
    xml.open(name).element("identity", party.uri, {{"display", party.display_name}}).element("target", {}, {{"uri", party.uri}}).close();
}

}  // namespace

// The namespaces of persons and activities are those that phones have looked for since before RFC 4479 and 4480 changed them.
std::string pidf_body(const PresenceView& view) {
    XmlWriter xml;
    xml.open("presence", {{"entity", view.entity},
                          {"xmlns", "urn:ietf:params:xml:ns:pidf"},
                          {"xmlns:pp", "urn:ietf:params:xml:ns:pidf:person"},
                          {"xmlns:es", "urn:ietf:params:xml:ns:pidf:rpid:status:rpid-status"},
                          {"xmlns:ep", "urn:ietf:params:xml:ns:pidf:rpid:rpid-person"}});
    xml.open("tuple", {{"id", view.id}});
    xml.open("status").element("basic", view.status == PresenceStatus::closed ? "closed" : "open").close();
    xml.element("contact", view.entity, {{"priority", "1"}}).close();
    xml.element("note", note_of(view));
    xml.open("pp:person").open("status");
    if (const auto activity = activity_of(view); !activity.empty()) xml.open("ep:activities").element(activity, {}).close();
    return xml.finish();
}

std::string xpidf_body(const PresenceView& view) {
    XmlWriter xml;
    const bool busy = view.status != PresenceStatus::open && view.status != PresenceStatus::closed;
    xml.open("presence").element("presentity", {}, {{"uri", view.entity + ";method=SUBSCRIBE"}});
    xml.open("atom", {{"atomid", view.id}, {"id", view.id}}).open("address", {{"uri", view.entity + ";user=ip"}, {"priority", "0.800000"}});
    xml.element("status", {}, {{"status", view.status == PresenceStatus::closed ? "closed" : busy ? "inuse" : "open"}});
    xml.element("msnsubstatus", {}, {{"substatus", view.status == PresenceStatus::closed ? "offline" : busy ? "onthephone" : view.away ? "away" : "online"}});
    return xml.finish();
}

std::string dialog_info_body(std::string_view entity, std::uint32_t version, std::span<const DialogView> dialogs) {
    XmlWriter xml;
    xml.open("dialog-info", {{"xmlns", "urn:ietf:params:xml:ns:dialog-info"}, {"version", fmt::to_string(version)}, {"state", "full"}, {"entity", entity}});
    for (const DialogView& dialog : dialogs) {
        using Direction = DialogView::Direction;
        using State = DialogView::State;
        xml.open("dialog", {{"id", dialog.id},
                            {"call-id", dialog.call_id},
                            {"local-tag", dialog.local_tag},
                            {"remote-tag", dialog.remote_tag},
                            {"direction", dialog.direction == Direction::recipient ? "recipient" : dialog.direction == Direction::initiator ? "initiator" : ""}});
        write_party(xml, "remote", dialog.remote);
        write_party(xml, "local", dialog.local);
        if (dialog.on_hold)
            xml.open("local").open("target", {{"uri", entity}}).element("param", {}, {{"pname", "+sip.rendering"}, {"pvalue", "no"}}).close().close();
        xml.element("state", dialog.state == State::early ? "early" : dialog.state == State::confirmed ? "confirmed" : "terminated").close();
    }
    return xml.finish();
}

std::string conference_info_body(const ConferenceView& view, const std::vector<ConferenceUser>* told) {
    XmlWriter xml;
    const std::string_view state = told ? "partial" : "full";
    xml.open("conference-info", {{"xmlns", "urn:ietf:params:xml:ns:conference-info"}, {"entity", view.entity}, {"state", state}, {"version", fmt::to_string(view.version)}});
    if (!told) {
        xml.open("conference-description");
        if (!view.title.empty()) xml.element("display-text", view.title);
        xml.close();
    }
    xml.open("conference-state").element("user-count", fmt::to_string(view.users.size())).element("active", view.users.empty() ? "false" : "true").close();
    xml.open("users", {{"state", state}});
    const auto gone = [&](const ConferenceUser& user) { xml.element("user", {}, {{"entity", user.uri}, {"state", "deleted"}}); };
    std::span<const ConferenceUser> before;  // those that have not been looked at
    if (told) before = *told;
    for (const ConferenceUser& user : view.users) {
        for (; !before.empty() && before.front().uri < user.uri; before = before.subspan(1)) gone(before.front());
        if (!before.empty() && before.front().uri == user.uri) {
            const bool same = before.front() == user;
            before = before.subspan(1);
            if (same) continue;
        }
        xml.open("user", {{"entity", user.uri}, {"state", "full"}});
        if (!user.display_name.empty()) xml.element("display-text", user.display_name);
        for (const ConferenceUser::Endpoint& endpoint : user.endpoints)
            xml.open("endpoint", {{"entity", endpoint.id}}).element("status", "connected").element("joining-method", endpoint.dialled_out ? "dialed-out" : "dialed-in").close();
        xml.close();
    }
    for (const ConferenceUser& user : before) gone(user);
    return xml.finish();
}

std::string message_summary_body(const MessageCounts& counts, std::string_view account) {
    std::string body = fmt::format("Messages-Waiting: {}\r\n", counts.fresh ? "yes" : "no");
    if (!account.empty()) body += fmt::format("Message-Account: {}\r\n", account);
    return body + fmt::format("Voice-Message: {}/{} ({}/{})\r\n", counts.fresh, counts.old, counts.urgent_fresh, counts.urgent_old);
}

// Lines end with CRLF; some servers send LF alone.
std::optional<MessageCounts> parse_message_summary(std::string_view body) {
    std::optional<MessageCounts> counts;
    bool waiting = false, said = false;
    for (const std::string_view line : split(body, '\n')) {
        const Halves halves = split_once(line, ':');
        const std::string_view name = trim(halves.first), value = trim(halves.second);
        if (equals_ignoring_case(name, "Messages-Waiting") && (equals_ignoring_case(value, "yes") || equals_ignoring_case(value, "no"))) {
            said = true;
            waiting = equals_ignoring_case(value, "yes");
        }
        if (!equals_ignoring_case(name, "Voice-Message") || counts) continue;
        const auto pair_of = [](std::string_view text) {
            const Halves numbers = split_once(trim(text), '/');
            return std::pair(parse_number<std::uint32_t>(trim(numbers.first)), parse_number<std::uint32_t>(trim(numbers.second)));
        };
        const std::size_t open = value.find('('), close = value.find(')');
        const auto all = pair_of(value.substr(0, open));
        if (!all.first || !all.second) continue;
        counts = MessageCounts{*all.first, *all.second, 0, 0};
        if (open == std::string_view::npos || close == std::string_view::npos || close < open) continue;
        const auto urgent = pair_of(value.substr(open + 1, close - open - 1));
        counts->urgent_fresh = urgent.first.value_or(0);
        counts->urgent_old = urgent.second.value_or(0);
    }
    if (!counts && said) counts = MessageCounts{waiting ? 1u : 0u, 0, 0, 0};
    return counts;
}

}  // namespace jackfield::sip
