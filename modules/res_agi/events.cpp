// AGIExecStart, AGIExecEnd, AsyncAGIStart, AsyncAGIExec, AsyncAGIEnd.
#include "modules/res_agi/events.hpp"

#include <fmt/format.h>

#include <string>

#include "modules/res_manager/manager.hpp"

namespace jackfield::agi {
namespace {

template <class F>
void tell(std::string_view name, Channel& channel, F&& add_more) {
    const auto manager = find_service<ManagerService>();
    if (!manager || !(*manager)->wanted(manager_class::agi)) return;
    ManagerFields fields;
    (*manager)->add_channel(fields, channel);
    add_more(fields);
    (*manager)->publish(name, manager_class::agi, fields);
}

}  // namespace

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || std::string_view("-._~").contains(c);
        if (plain)
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

void publish_exec_start(Channel& channel, int command_id, std::string_view command) {
    tell("AGIExecStart", channel, [&](ManagerFields& fields) { fields.add("Command", command).add("CommandId", command_id); });
}

void publish_exec_end(Channel& channel, int command_id, std::string_view command, int result_code, std::string_view result) {
    tell("AGIExecEnd", channel, [&](ManagerFields& fields) {
        fields.add("Command", command).add("CommandId", command_id).add("ResultCode", result_code).add("Result", result);
    });
}

void publish_async_start(Channel& channel, std::string_view environment) {
    tell("AsyncAGIStart", channel, [&](ManagerFields& fields) { fields.add("Env", percent_encoded(environment)); });
}

void publish_async_exec(Channel& channel, std::string_view command_id, std::string_view reply) {
    tell("AsyncAGIExec", channel, [&](ManagerFields& fields) {
        if (!command_id.empty()) fields.add("CommandID", command_id);
        fields.add("Result", percent_encoded(reply));
    });
}

void publish_async_end(Channel& channel) {
    tell("AsyncAGIEnd", channel, [](ManagerFields&) {});
}

}  // namespace jackfield::agi
