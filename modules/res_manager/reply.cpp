// Answers to requests.
#include "modules/res_manager/server.hpp"

namespace jackfield::manager {
namespace {

constexpr std::size_t list_portion = 64 * 1024;  // bytes of a list until the client has to have read them

std::string line_of(std::string_view action_id) {
    return action_id.empty() ? std::string() : ManagerFields().add("ActionID", action_id).text();
}

}  // namespace

SessionReply::SessionReply(Server& to_server, Session& to_session, std::string_view action_id)
    : server(to_server), session(to_session), id_line_(line_of(action_id)) {}

void SessionReply::respond(std::string_view word, const ManagerFields& fields) {
    answered_ = true;
    server.send(session, fmt::format("Response: {}\r\n{}{}\r\n", word, id_line_, fields.text()));
}

void SessionReply::begin_list(std::string_view message) {
    items_ = unsent_ = 0;
    respond("Success", ManagerFields().add("EventList", "start").add("Message", message));
}

Result<void> SessionReply::item(std::string_view event, const ManagerFields& fields) {
    ++items_;
    const std::string text = fmt::format("Event: {}\r\n{}{}\r\n", event, id_line_, fields.text());
    server.send(session, text);
    unsent_ += text.size();
    if (unsent_ < list_portion) return {};
    unsent_ = 0;
    return server.drain(session);
}

void SessionReply::end_list(std::string_view event, const ManagerFields& more) {
    server.send(session, fmt::format("Event: {}\r\n{}EventList: Complete\r\nListItems: {}\r\n{}\r\n", event, id_line_, items_,
                                     more.text()));
}

const std::string& SessionReply::user() const { return session.user->name; }

const ManagerRequest::Fields& SessionReply::channel_variables() const { return session.user->channel_variables; }

}  // namespace jackfield::manager
