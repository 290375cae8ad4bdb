// func_export: variables of other channels: EXPORT and MASTER_CHANNEL.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo export_info{.name = "EXPORT",
                                   .syntax = "EXPORT(channel,variable)",
                                   .synopsis = "Set a variable or function of another channel",
                                   .text = "Set(EXPORT(PJSIP/6001-00000001,name)=value)."};
constexpr FunctionInfo master_info{.name = "MASTER_CHANNEL",
                                   .syntax = "MASTER_CHANNEL(variable)",
                                   .synopsis = "A variable of the channel with which the call began, to read and to set",
                                   .text = "That is the channel whose unique id is the linked id of this one; when it has gone, this one."};

Result<void> write_export(Channel*, const Arguments& arguments, std::string_view value) {
    if (!arguments.has(1)) return fail(ErrorCode::invalid, "EXPORT needs a channel and a variable");
    Channel* other = find_channel(arguments[0]);
    if (!other) return fail(ErrorCode::not_found, "EXPORT: there is no channel {}", arguments[0]);
    const auto keep = other->share();
    return write_expression(other, arguments.rest(1), value);
}

Result<Channel*> master_of(Channel* channel) {
    if (!channel) return fail(ErrorCode::invalid, "MASTER_CHANNEL needs a channel");
    Channel* master = find_channel(channel->linked_id());
    return master ? master : channel;
}

Result<std::string> read_master(Channel* channel, const Arguments& arguments) {
    Channel* master = JF_TRY(master_of(channel));
    const auto keep = master->share();
    return read_expression(master, arguments.raw());
}

Result<void> write_master(Channel* channel, const Arguments& arguments, std::string_view value) {
    Channel* master = JF_TRY(master_of(channel));
    const auto keep = master->share();
    return write_expression(master, arguments.raw(), value);
}

Result<void> load(Module& module) {
    JF_TRY(module.add(export_info, FunctionBody{nullptr, write_export}));
    return module.add(master_info, FunctionBody{read_master, write_master});
}

}  // namespace

JACKFIELD_MODULE("func_export", "Variables of other channels", load)
