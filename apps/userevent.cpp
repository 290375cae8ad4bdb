// UserEvent: raise an event of the plan's own for management clients.
#include "core/channel/channel_events.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "UserEvent",
    .syntax = "UserEvent(eventname[,key: value[,...]])",
    .synopsis = "Send an event of your own to management clients",
    .text = "Each further argument is a header `key: value` of the event."};

Result<void> user_event(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "UserEvent needs the name of the event");
    UserEventRaised event{&channel, std::string(arguments[0]), {}};
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const Halves field = split_once(arguments[i], ':');
        if (!trim(field.first).empty()) event.fields.emplace_back(trim(field.first), trim(field.second));
    }
    publish(event);
    return {};
}

Result<void> load(Module& module) { return module.add(info, user_event); }

}  // namespace

JACKFIELD_MODULE("app_userevent", "Events of the plan's own", load)
