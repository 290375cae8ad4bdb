// The events of AGI on the manager interface.
#pragma once

#include <string_view>

#include "core/channel/channel.hpp"

namespace jackfield::agi {

// All of the class agi, with the channel's lines first. Nobody listens: they cost a look. Never wait.
void publish_exec_start(Channel& channel, int command_id, std::string_view command);
void publish_exec_end(Channel& channel, int command_id, std::string_view command, int result_code, std::string_view result);
void publish_async_start(Channel& channel, std::string_view environment);
void publish_async_exec(Channel& channel, std::string_view command_id, std::string_view reply);
void publish_async_end(Channel& channel);

// RFC 3986 2.3: everything but unreserved characters as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace jackfield::agi
