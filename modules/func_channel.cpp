// CHANNEL and its like: properties of a channel.
#include "core/dialplan/hangup_handlers.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo channel_info{
    .name = "CHANNEL",
    .syntax = "CHANNEL(item[,...])",
    .synopsis = "A property of the channel",
    .text = "To read and set: accountcode, amaflags, callgroup, pickupgroup, namedcallgroup, namedpickupgroup, language, musicclass, "
            "parkinglot, peeraccount, tonezone, userfield, name, hangup_handler_push, hangup_handler_pop, hangup_handler_wipe (the last three to set only), "
            "hangupsource. To read: state, channeltype, uniqueid, linkedid, callid, context, exten, priority, appname, appdata, "
            "audionativeformat, videonativeformat, audioreadformat, audiowriteformat. Anything else is asked of the channel's technology, as `pjsip,remote_addr`, "
            "`rtp,dest`, `rtcp,all` or `rtcp,xr` (what the far side tells of quality)."};
constexpr FunctionInfo channels_info{.name = "CHANNELS",
                                     .syntax = "CHANNELS([text])",
                                     .synopsis = "Names of the channels there are",
                                     .text = "Separated by blanks. With a text only those whose name contains it."};
constexpr FunctionInfo exists_info{.name = "CHANNEL_EXISTS",
                                   .syntax = "CHANNEL_EXISTS(name_or_uniqueid)",
                                   .synopsis = "1 when there is a channel of that name, else 0",
                                   .text = "The argument is a channel's name or its unique id."};

using Attribute = std::string Channel::Attributes::*;
struct Named {
    std::string_view item;
    Attribute attribute;
};
constexpr Named attributes[]{
    {"accountcode", &Channel::Attributes::account_code}, {"amaflags", &Channel::Attributes::amaflags},
    {"callgroup", &Channel::Attributes::call_groups},    {"pickupgroup", &Channel::Attributes::pickup_groups},
    {"namedcallgroup", &Channel::Attributes::named_call_groups},
    {"namedpickupgroup", &Channel::Attributes::named_pickup_groups},
    {"language", &Channel::Attributes::language},        {"musicclass", &Channel::Attributes::music_class},
    {"parkinglot", &Channel::Attributes::parking_lot},   {"peeraccount", &Channel::Attributes::peer_account},
    {"tonezone", &Channel::Attributes::tone_zone},       {"userfield", &Channel::Attributes::user_field},
    {"hangupsource", &Channel::Attributes::hangup_source},
};

Attribute find_attribute(std::string_view item) {
    for (const Named& named : attributes)
        if (equals_ignoring_case(named.item, item)) return named.attribute;
    return nullptr;
}

std::string native_formats(const Channel& channel, MediaType type) {
    for (const StreamInfo& stream : channel.topology())
        if (stream.type == type) return stream.formats.to_string();
    return "(nothing)";
}

// What the core itself knows; empty optional: ask the technology.
std::optional<std::string> core_property(Channel& channel, std::string_view item) {
    const auto is = [item](std::string_view name) { return equals_ignoring_case(item, name); };
    if (const Attribute attribute = find_attribute(item)) return channel.attributes().*attribute;
    if (is("name")) return channel.name();
    if (is("state")) return std::string(to_string(channel.state()));
    if (is("channeltype")) return std::string(channel.technology());
    if (is("uniqueid")) return channel.unique_id();
    if (is("linkedid")) return channel.linked_id();
    if (is("callid")) return fmt::format("C-{:08x}", channel.call_id().value);
    if (is("context")) return channel.place().context;
    if (is("exten")) return channel.place().extension;
    if (is("priority")) return std::to_string(channel.place().priority);
    if (is("appname")) return channel.application;
    if (is("appdata")) return channel.application_arguments;
    if (is("audionativeformat")) return native_formats(channel, MediaType::audio);
    if (is("videonativeformat")) return native_formats(channel, MediaType::video);
    if (is("audioreadformat")) return channel.media().read_codec() ? channel.media().read_codec()->name : "";
    if (is("audiowriteformat")) return channel.media().write_codec() ? channel.media().write_codec()->name : "";
    return {};
}

Result<std::string> read_channel(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "CHANNEL needs a channel");
    if (auto value = core_property(*channel, arguments[0])) return std::move(*value);
    auto property = channel->driver().property(arguments.raw());
    if (!property && property.error().code == ErrorCode::not_found)
        return fail(ErrorCode::not_found, "CHANNEL({}): neither the core nor {} has that item", arguments.raw(), channel->technology());
    return property;
}

void push_handler(Channel& channel, std::string_view handler) {
    if (handler.empty()) return;
    channel.hangup_handlers().emplace_back(handler);
    publish(HangupHandlerEvent{HangupHandlerEvent::What::pushed, channel, handler});
}

// False: there was none.
bool pop_handler(Channel& channel) {
    auto& handlers = channel.hangup_handlers();
    if (handlers.empty()) return false;
    const std::string handler = std::move(handlers.back());
    handlers.pop_back();
    publish(HangupHandlerEvent{HangupHandlerEvent::What::popped, channel, handler});
    return true;
}

Result<void> write_channel(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "CHANNEL needs a channel");
    const std::string_view item = arguments[0];
    if (const Attribute attribute = find_attribute(item)) {
        channel->attributes().*attribute = value;
        return {};
    }
    if (equals_ignoring_case(item, "name")) {
        channel->rename(std::string(value));
    } else if (equals_ignoring_case(item, "hangup_handler_push")) {
        push_handler(*channel, value);
    } else if (equals_ignoring_case(item, "hangup_handler_pop")) {
        pop_handler(*channel);
        push_handler(*channel, value);
    } else if (equals_ignoring_case(item, "hangup_handler_wipe")) {
        while (pop_handler(*channel)) {
        }
        push_handler(*channel, value);
    } else {
        return channel->driver().set_property(arguments.raw(), value);
    }
    return {};
}

Result<std::string> read_channels(Channel*, const Arguments& arguments) {
    std::string names;
    for_each_channel([&](Channel& channel) {
        if (arguments.has(0) && !channel.name().contains(arguments[0])) return;
        if (!names.empty()) names += ' ';
        names += channel.name();
    });
    return names;
}

Result<std::string> read_exists(Channel*, const Arguments& arguments) { return find_channel(arguments[0]) ? "1" : "0"; }

Result<void> load(Module& module) {
    JF_TRY(module.add(channel_info, FunctionBody{read_channel, write_channel}));
    JF_TRY(module.add(channels_info, FunctionBody{read_channels}));
    return module.add(exists_info, FunctionBody{read_exists});
}

}  // namespace

JACKFIELD_MODULE("func_channel", "Channel information", load)
