// res_pjsip_notify: NOTIFYs that nobody subscribed to, for phones (pjsip_notify.conf): check-sync, reboot, ...
#include <algorithm>
#include <array>
#include <map>

#include "channels/sip/sip_events.hpp"
#include "core/config/diagnostics.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

constexpr ManagerActionInfo notify_action{
    "PJSIPNotify", manager_class::system, "Send a NOTIFY to an endpoint, or within a call",
    "Endpoint or Channel; Option: a section of pjsip_notify.conf; or Variable: Header=value, once for each header, and Content=line for the body."};
constexpr CommandInfo notify_command{
    .words = "pjsip send notify", .synopsis = "Send a NOTIFY to endpoints",
    .text = "pjsip send notify TYPE endpoint NAME [NAME...]\n  pjsip send notify TYPE channel NAME [NAME...]\nTYPE is a section of pjsip_notify.conf."};

using Types = std::map<std::string, SipEvents::Notify, CaseInsensitiveLess>;

struct Notifies {
    Types types;
};

// Those that the stack writes by itself.
constexpr std::array<std::string_view, 15> own_headers{"Call-ID", "i", "Contact", "m", "CSeq", "To", "t", "From", "f", "Record-Route",
                                                       "Route", "Via", "v", "Max-Forwards", "Content-Length"};

// "Content" is a line of the body, "Content-type" its type, anything else a header.
Result<void> add_field(SipEvents::Notify& notify, std::string_view name, std::string_view value) {
    if (equals_ignoring_case(name, "Content")) {
        if (!notify.body.empty()) notify.body += "\r\n";
        notify.body += value;
        return {};
    }
    if (equals_ignoring_case(name, "Content-type")) {
        notify.content_type = value;
        return {};
    }
    const bool token = !name.empty() && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
    if (!token) return fail(ErrorCode::invalid, "'{}' is no name of a header", name);
    if (std::ranges::any_of(own_headers, [&](std::string_view own) { return equals_ignoring_case(own, name); }))
        return fail(ErrorCode::invalid, "{} is written by the SIP stack and can't be set", name);
    notify.headers.emplace_back(name, value);
    return {};
}

// RFC 3265 wants both; a NOTIFY out of the blue belongs to no subscription, so it is the last of none.
void complete(SipEvents::Notify& notify) {
    const bool has_state = std::ranges::any_of(notify.headers, [](const auto& header) { return equals_ignoring_case(header.first, "Subscription-State"); });
    if (!has_state) notify.headers.emplace_back("Subscription-State", "terminated");
    if (!notify.body.empty() && notify.content_type.empty()) notify.content_type = "text/plain";
}

Types read_types(const ConfigFile& file, Diagnostics& findings) {
    Types types;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        SipEvents::Notify notify;
        for (const ConfigEntry& entry : category.entries())
            if (auto added = add_field(notify, entry.key, entry.value); !added) findings.error(entry.place(), "[{}]: {}", category.name(), added.error().text);
        complete(notify);
        types[std::string(category.name())] = std::move(notify);
    }
    return types;
}

Result<void> notify_manager(const Notifies& notifies, const ManagerRequest& request, ManagerReply& reply) {
    const std::string_view endpoint = request.get("Endpoint"), channel = request.get("Channel"), option = request.get("Option");
    if (!request.get("URI").empty()) return fail(ErrorCode::unsupported, "a URI belongs to no endpoint here: name the endpoint or the channel");
    if (endpoint.empty() == channel.empty()) return fail(ErrorCode::invalid, "PJSIPNotify requires either an endpoint name or a channel name");
    SipEvents::Notify notify;
    if (!option.empty()) {
        const auto found = notifies.types.find(option);
        if (found == notifies.types.end()) return fail(ErrorCode::not_found, "Unable to find notify type '{}' in pjsip_notify.conf", option);
        notify = found->second;
    } else {
        if (request.all("Variable").empty()) return fail(ErrorCode::invalid, "PJSIPNotify requires at least one variable of Variable: Header=value, or an Option");
        for (const std::string_view line : request.all("Variable")) {
            const Halves halves = split_once(line, '=');
            JF_TRY(add_field(notify, trim(halves.first), trim(halves.second)));
        }
        complete(notify);
    }
    const auto events = JF_TRY(find_service<SipEvents>());
    if (!endpoint.empty())
        JF_TRY(events->notify_endpoint(endpoint, notify));
    else
        JF_TRY(events->notify_channel(channel, notify));
    reply.success("NOTIFY sent");
    return {};
}

Result<void> notify_console(const Notifies& notifies, Console& console, CommandWords words) {
    const bool to_channel = words.size() > 2 && words[1] == "channel";
    if (words.size() < 3 || (words[1] != "endpoint" && !to_channel)) return fail(ErrorCode::invalid, "Usage: pjsip send notify TYPE endpoint|channel NAME [NAME...]");
    const auto type = notifies.types.find(words[0]);
    if (type == notifies.types.end()) return fail(ErrorCode::not_found, "Unable to find notify type '{}' in pjsip_notify.conf", words[0]);
    const SipEvents::Notify notify = type->second;  // a reload may come while the console waits
    const auto events = JF_TRY(find_service<SipEvents>());
    for (const std::string& name : words.subspan(2)) {
        JF_TRY(console.print("Sending NOTIFY of type '{}' to '{}'\n", words[0], name));
        JF_TRY(to_channel ? events->notify_channel(name, notify) : events->notify_endpoint(name, notify));
    }
    return {};
}

std::vector<std::string> complete_notify(const Notifies& notifies, CommandWords words, std::size_t index) {
    std::vector<std::string> found;
    if (index == 0)
        for (const auto& [name, notify] : notifies.types) found.push_back(name);
    if (index == 1) found = {"channel", "endpoint"};
    if (index >= 2 && words.size() > 1 && words[1] == "endpoint")
        if (const auto events = find_service<SipEvents>()) found = (*events)->endpoints();
    return found;
}

Result<void> load(Module& module) {
    Notifies& notifies = module.own<Notifies>();
    ConfigFileSpec spec;
    spec.file = "pjsip_notify.conf";
    spec.alternatives = {"sip_notify.conf"};
    spec.prepare = [&notifies](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [&notifies, types = read_types(file, findings)]() mutable { notifies.types = std::move(types); };
    };
    JF_TRY(module.add(std::move(spec)));
    JF_TRY(module.add(notify_action, [&notifies](const ManagerRequest& request, ManagerReply& reply) { return notify_manager(notifies, request, reply); }));
    return module.add(
        notify_command, [&notifies](Console& console, CommandWords words) { return notify_console(notifies, console, words); },
        [&notifies](CommandWords words, std::size_t index, std::string_view) { return complete_notify(notifies, words, index); });
}

}  // namespace

JACKFIELD_MODULE("res_pjsip_notify", "NOTIFY for SIP phones", load, "chan_sip")
