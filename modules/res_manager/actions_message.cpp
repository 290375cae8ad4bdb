// MessageSend: a text message outside of calls.
#include <array>

#include "core/channel/text_message.hpp"
#include "modules/res_manager/actions.hpp"

namespace jackfield::manager {
namespace {

Result<void> send_message(const ManagerRequest& request, ManagerReply& reply) {
    const std::string_view to = request.get("To"), wanted = request.get("Destination");
    const std::string destination(wanted.empty() ? to : wanted);
    if (destination.empty()) return fail(ErrorCode::invalid, "No 'To' address specified.");
    TextMessage message;
    message.from = request.get("From");
    if (!wanted.empty()) message.to = to;
    message.body = request.get("Body");
    if (const std::string_view encoded = request.get("Base64Body"); message.body.empty() && !encoded.empty()) {
        auto decoded = base64_decode(encoded);
        if (!decoded) return fail(ErrorCode::invalid, "Base64Body is no base64");
        message.body = std::move(*decoded);
    }
    if (message.body.empty()) return fail(ErrorCode::invalid, "No message body specified.");
    for (auto& [name, value] : request.variables()) message.set(name, std::move(value));
    if (auto sent = send_text_message(message, destination); !sent)
        return fail(sent.error().code, "Message failed to send: {}", sent.error().text);
    reply.success("Message successfully sent");
    return {};
}

constexpr std::array all_message_actions{
    ActionEntry{{"MessageSend", manager_class::message, "Send a text message outside of calls",
                 "Destination (or To alone): as of the application MessageSend. To: URI that the message names. From. Body, or Base64Body. "
                 "Variable: headers to send along, name=value. Answers when the far side has taken or refused it."},
                send_message},
};

}  // namespace

std::span<const ActionEntry> message_actions() { return all_message_actions; }

}  // namespace jackfield::manager
