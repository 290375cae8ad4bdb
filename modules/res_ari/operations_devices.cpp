// /endpoints, /deviceStates, /mailboxes
#include <algorithm>

#include "channels/sip/sip_events.hpp"
#include "core/channel/device_state.hpp"
#include "core/channel/mailbox_state.hpp"
#include "core/channel/text_message.hpp"
#include "core/module/database.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/models.hpp"
#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;

// --- endpoints -----------------------------------------------------------------------------------------------------

void add_endpoints(JsonArray& all, const std::string& technology) {
    auto* slot = channel_drivers().find(technology);
    if (!slot) return;
    std::map<std::string, JsonArray, CaseInsensitiveLess> channels;  // by device, so that the list costs one pass
    for_each_channel(
        [&](Channel& channel) { channels[std::string(device_of(channel.name()))].emplace_back(channel.unique_id()); });
    for (const std::string& resource : (*slot->value)->devices()) {
        const std::string device = fmt::format("{}/{}", slot->name, resource);
        JsonObject object;
        object["technology"] = slot->name;
        object["resource"] = resource;
        object["state"] = to_json(endpoint_state(device_state(device)));
        const auto found = channels.find(device);
        object["channel_ids"] = found == channels.end() ? JsonArray() : found->second;
        all.emplace_back(std::move(object));
    }
}

Answer list_endpoints(Request&) {
    JsonArray all;
    for (const auto* slot : channel_drivers().list()) add_endpoints(all, slot->name);
    return ok(std::move(all));
}

Answer list_technology(Request& request) {
    if (!channel_drivers().find(request.get("tech"))) return error(404, "Endpoints not found");
    JsonArray all;
    add_endpoints(all, request.get("tech"));
    return ok(std::move(all));
}

Answer get_endpoint(Request& request) {
    Json endpoint = endpoint_json(request.get("tech"), request.get("resource"));
    return endpoint.is_null() ? error(404, "Endpoint not found") : ok(std::move(endpoint));
}

// Answers when the far side has taken the message.
Answer send_message(Request& request, const std::string& destination) {
    TextMessage message;
    message.from = request.get("from");
    message.body = request.get("body");
    for (auto& [name, value] : request.variables()) message.set(name, std::move(value));
    const auto sent = send_text_message(message, destination);
    if (sent) return {.status = 202};
    const bool malformed = sent.error().code == ErrorCode::invalid || sent.error().code == ErrorCode::unsupported;
    return error(malformed ? 400 : 404, sent.error().text);
}

Answer send_to_address(Request& request) { return send_message(request, request.get("to")); }

Answer send_to_endpoint(Request& request) {
    return send_message(request, to_lower(request.get("tech")) + ":" + request.get("resource"));
}

// Answers when the far side has taken the REFER.
Answer refer(Request& request, const std::string& technology, const std::string& destination) {
    if (!equals_ignoring_case(technology, "pjsip") && !equals_ignoring_case(technology, "sip"))
        return error(400, "Nobody can be referred by " + technology);
    const auto events = find_service<SipEvents>();
    if (!events) return error(404, events.error().text);
    SipEvents::Refer wanted{.from = request.get("from"), .refer_to = request.get("refer_to"), .to_self = request.flag("to_self"), .headers = request.variables()};
    const auto taken = (*events)->refer(wanted, destination);
    if (taken) return {.status = 202};
    return error(taken.error().code == ErrorCode::invalid ? 400 : 404, taken.error().text);
}

// "pjsip:6001", "PJSIP/6001", "sip:ann@example.com"
Answer refer_address(Request& request) {
    const std::string to = request.get("to");
    const auto end = to.find_first_of(":/");
    if (end == std::string::npos) return error(400, "'to' is a technology and an address: pjsip:6001");
    const std::string technology = to.substr(0, end);
    return refer(request, technology, equals_ignoring_case(technology, "pjsip") ? to.substr(end + 1) : to);
}

Answer refer_endpoint(Request& request) { return refer(request, request.get("tech"), request.get("resource")); }

// --- device states -------------------------------------------------------------------------------------------------

constexpr std::string_view prefix = "Stasis:";

Answer list_states(Request&) {
    JsonArray all;
    if (Database* database = Database::instance())
        for (const DatabaseEntry& entry : database->list(device_family))
            all.emplace_back(device_json(std::string(prefix) + entry.key));
    return ok(std::move(all));
}

Answer get_state(Request& request) { return ok(device_json(request.get("deviceName"))); }

Answer set_state(Request& request) {
    const std::string device = request.get("deviceName");
    if (!device.starts_with(prefix) || device.size() == prefix.size())
        return error(409, "Uncontrolled device specified");
    const auto state = parse_device_state(request.get("deviceState"));
    if (!state) return error(400, "Unknown device state");
    if (Database* database = Database::instance())
        if (auto put = database->put(device_family, std::string_view(device).substr(prefix.size()),
                                     std::string(to_string(*state)));
            !put)
            return error(500, put.error().text);
    device_state_changed(device);
    return done();
}

Answer remove_state(Request& request) {
    const std::string device = request.get("deviceName");
    if (!device.starts_with(prefix)) return error(409, "Uncontrolled device specified");
    Database* database = Database::instance();
    if (!database || !database->del(device_family, std::string_view(device).substr(prefix.size())))
        return error(404, "Device name is missing");
    device_state_changed(device);
    return done();
}

// --- mailboxes of a system outside --------------------------------------------------------------------------------

Json mailbox_json(const ExternalMailbox& mailbox) {
    JsonObject object;
    object["name"] = mailbox.name;
    object["old_messages"] = mailbox.counts.old;
    object["new_messages"] = mailbox.counts.fresh;
    return object;
}

Answer list_mailboxes(Request&) {
    JsonArray all;
    for (const ExternalMailbox& each : list_external_mailboxes()) all.emplace_back(mailbox_json(each));
    return ok(std::move(all));
}

Answer get_mailbox(Request& request) {
    const auto found = external_mailbox(request.get("mailboxName"));
    return found ? ok(mailbox_json(*found)) : error(404, "Mailbox does not exist");
}

Answer update_mailbox(Request& request) {
    const auto fresh = parse_number<std::uint32_t>(request.get("newMessages")), old = parse_number<std::uint32_t>(request.get("oldMessages"));
    if (!fresh || !old) return error(400, "newMessages and oldMessages must be numbers from 0");
    MailboxCounts counts;
    counts.fresh = *fresh;
    counts.old = *old;
    if (auto set = set_external_mailbox(request.get("mailboxName"), counts); !set)
        return error(set.error().code == ErrorCode::invalid ? 400 : 500, set.error().text);
    return done();
}

Answer remove_mailbox(Request& request) {
    return delete_external_mailbox(request.get("mailboxName")) ? done() : error(404, "Mailbox does not exist");
}

const Parameter device{.in = In::path, .name = "deviceName", .required = true};
const Parameter technology{.in = In::path, .name = "tech", .required = true};
const Parameter mailbox{.in = In::path, .name = "mailboxName", .required = true};

}  // namespace

std::span<const Operation> endpoint_operations() {
    static const std::vector<Operation> operations{
        {"GET", "/endpoints", "list", "List[Endpoint]", "All endpoints", {}, list_endpoints},
        {"PUT",
         "/endpoints/sendMessage",
         "sendMessage",
         "void",
         "Send a text to a technology's address",
         {{.name = "to", .required = true},
          {.name = "from", .required = true},
          {.name = "body"},
          {.in = In::body, .name = "variables", .type = "containers"}},
         send_to_address},
        {"POST", "/endpoints/refer", "refer", "void", "Ask somebody to call somewhere else",
         {{.name = "to", .required = true},
          {.name = "from", .required = true},
          {.name = "refer_to", .required = true},
          {.name = "to_self", .type = "boolean"},
          {.in = In::body, .name = "variables", .type = "containers"}},
         refer_address},
        {"GET",
         "/endpoints/{tech}",
         "listByTech",
         "List[Endpoint]",
         "Endpoints of one technology",
         {technology},
         list_technology},
        {"GET",
         "/endpoints/{tech}/{resource}",
         "get",
         "Endpoint",
         "One endpoint",
         {technology, {.in = In::path, .name = "resource", .required = true}},
         get_endpoint},
        {"PUT",
         "/endpoints/{tech}/{resource}/sendMessage",
         "sendMessageToEndpoint",
         "void",
         "Send a text to an endpoint",
         {technology,
          {.in = In::path, .name = "resource", .required = true},
          {.name = "from", .required = true},
          {.name = "body"},
          {.in = In::body, .name = "variables", .type = "containers"}},
         send_to_endpoint},
        {"POST", "/endpoints/{tech}/{resource}/refer", "referToEndpoint", "void", "Ask an endpoint to call somewhere else",
         {technology,
          {.in = In::path, .name = "resource", .required = true},
          {.name = "from", .required = true},
          {.name = "refer_to", .required = true},
          {.name = "to_self", .type = "boolean"},
          {.in = In::body, .name = "variables", .type = "containers"}},
         refer_endpoint},
    };
    return operations;
}

std::span<const Operation> device_operations() {
    static const std::vector<Operation> operations{
        {"GET",
         "/deviceStates",
         "list",
         "List[DeviceState]",
         "The devices whose state applications have set",
         {},
         list_states},
        {"GET", "/deviceStates/{deviceName}", "get", "DeviceState", "The state of a device", {device}, get_state},
        {"PUT",
         "/deviceStates/{deviceName}",
         "update",
         "void",
         "Set the state of a device named Stasis:...",
         {device, {.name = "deviceState", .required = true}},
         set_state},
        {"DELETE",
         "/deviceStates/{deviceName}",
         "delete",
         "void",
         "Forget a device named Stasis:...",
         {device},
         remove_state},
    };
    return operations;
}

std::span<const Operation> mailbox_operations() {
    static const std::vector<Operation> operations{
        {"GET", "/mailboxes", "list", "List[Mailbox]", "All mailboxes", {}, list_mailboxes},
        {"GET", "/mailboxes/{mailboxName}", "get", "Mailbox", "One mailbox", {mailbox}, get_mailbox},
        {"PUT",
         "/mailboxes/{mailboxName}",
         "update",
         "void",
         "Set a mailbox's counts",
         {mailbox,
          {.name = "oldMessages", .type = "int", .required = true},
          {.name = "newMessages", .type = "int", .required = true}},
         update_mailbox},
        {"DELETE", "/mailboxes/{mailboxName}", "delete", "void", "Forget a mailbox", {mailbox}, remove_mailbox},
    };
    return operations;
}

}  // namespace jackfield::ari
