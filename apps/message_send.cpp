// MessageSend, MESSAGE and MESSAGE_DATA: text messages outside of calls.
#include "core/base/log.hpp"
#include "core/channel/text_message.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo send_info{
    .name = "MessageSend",
    .syntax = "MessageSend(destination[,from[,to]])",
    .synopsis = "Send the text message that the channel has",
    .text = "Sends what MESSAGE() and MESSAGE_DATA() hold. destination: pjsip:ENDPOINT, pjsip:ENDPOINT/URI, pjsip:USER@ENDPOINT. from and to: "
            "URIs that the message names instead of its own. Sets MESSAGE_SEND_STATUS to SUCCESS, FAILURE, INVALID_PROTOCOL (nobody sends to "
            "such a destination) or INVALID_URI."};
constexpr FunctionInfo message_info{
    .name = "MESSAGE",
    .syntax = "MESSAGE(item)",
    .synopsis = "The text message that came in, or is to be sent",
    .text = "item: to, from, body, content_type. Written to, they make the message that MessageSend sends. custom_data can be set to "
            "mark_all_outbound (what was received by MESSAGE_DATA is sent along) or clear_all_outbound."};
constexpr FunctionInfo data_info{.name = "MESSAGE_DATA",
                                 .syntax = "MESSAGE_DATA(name)",
                                 .synopsis = "A header of the text message",
                                 .text = "Those received can be read; those written to go along with MessageSend; an empty value takes one out."};

std::string* item_of(TextMessage& message, std::string_view item) {
    if (equals_ignoring_case(item, "to")) return &message.to;
    if (equals_ignoring_case(item, "from")) return &message.from;
    if (equals_ignoring_case(item, "body")) return &message.body;
    if (equals_ignoring_case(item, "content_type")) return &message.content_type;
    return nullptr;
}

Result<std::string> read_message(Channel* channel, const Arguments& arguments) {
    auto* const message = channel ? channel->find_attachment<TextMessage>() : nullptr;
    if (!message) return std::string();
    const std::string* const item = item_of(*message, arguments[0]);
    if (!item) return fail(ErrorCode::invalid, "MESSAGE has to, from, body and content_type, not '{}'", arguments[0]);
    return *item;
}

Result<void> write_message(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "MESSAGE needs a channel");
    auto& message = channel->attachment<TextMessage>();
    if (equals_ignoring_case(arguments[0], "custom_data")) {
        const bool mark = equals_ignoring_case(value, "mark_all_outbound");
        if (!mark && !equals_ignoring_case(value, "clear_all_outbound"))
            return fail(ErrorCode::invalid, "MESSAGE(custom_data) takes mark_all_outbound or clear_all_outbound, not '{}'", value);
        for (auto& datum : message.data) datum.outbound = mark;
        return {};
    }
    std::string* const item = item_of(message, arguments[0]);
    if (!item) return fail(ErrorCode::invalid, "MESSAGE has to, from, body, content_type and custom_data, not '{}'", arguments[0]);
    *item = value;
    return {};
}

Result<std::string> read_data(Channel* channel, const Arguments& arguments) {
    const auto* const message = channel ? channel->find_attachment<TextMessage>() : nullptr;
    const auto* const datum = message ? message->find(arguments[0]) : nullptr;
    return datum ? datum->value : std::string();
}

Result<void> write_data(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "MESSAGE_DATA needs a channel");
    if (arguments[0].empty()) return fail(ErrorCode::invalid, "MESSAGE_DATA needs the name of a header");
    channel->attachment<TextMessage>().set(arguments[0], std::string(value));
    return {};
}

std::string_view status_of(const Result<void>& sent) {
    if (sent) return "SUCCESS";
    if (sent.error().code == ErrorCode::unsupported) return "INVALID_PROTOCOL";
    if (sent.error().code == ErrorCode::invalid) return "INVALID_URI";
    return "FAILURE";
}

Result<void> send_message(Channel& channel, const Arguments& arguments) {
    TextMessage message;
    if (const auto* had = channel.find_attachment<TextMessage>()) message = *had;
    if (arguments.has(1) && !arguments[1].empty()) message.from = arguments[1];
    message.to = arguments.has(2) ? std::string(arguments[2]) : std::string();
    const std::string destination(arguments[0]);
    const auto sent = send_text_message(message, destination);
    if (!sent && ends_application(sent.error().code)) return sent;
    if (!sent) log_notice("MessageSend to {}: {}", destination, sent.error().text);
    channel.set_variable("MESSAGE_SEND_STATUS", std::string(status_of(sent)));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(send_info, send_message));
    JF_TRY(module.add(message_info, FunctionBody{read_message, write_message}));
    return module.add(data_info, FunctionBody{read_data, write_data});
}

}  // namespace

JACKFIELD_MODULE("app_messagesend", "Text messages outside of calls", load)
