// Text messages that come in run through the dialplan, each on a channel and a fiber of its own.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.hpp"
#include "core/channel/text_message.hpp"

namespace jackfield {

// So many messages are in the dialplan at a time; further ones are refused, and their senders try again.
inline constexpr std::size_t most_messages_in_dialplan = 1000;

// Starts the dialplan at this extension on a channel called Message/ast_msg_queue (with a number behind it while there is one
// of that name), which has the message as its attachment: MESSAGE() and MESSAGE_DATA() read it, MessageSend() sends it. Never
// waits. Control thread. Errors: not_found (no such extension), limit.
Result<void> receive_text_message(TextMessage message, const std::string& context, const std::string& extension);

std::size_t messages_in_dialplan();

}  // namespace jackfield
