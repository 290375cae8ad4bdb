// Dialplan functions about one SIP call, and PJSIPHangup.
#include "channels/sip/ua/call_functions.hpp"

#include <algorithm>

#include "channels/sip/ua/call.hpp"
#include "channels/sip/ua/management.hpp"
#include "core/dialplan/application.hpp"

namespace jackfield::sip {
namespace {

constexpr FunctionInfo header_param_info{
    .name = "PJSIP_HEADER_PARAM",
    .syntax = "PJSIP_HEADER_PARAM(header,type,parameter)",
    .synopsis = "A parameter of the From header",
    .text = "header: From. type: `uri` for a parameter of its URI, `header` for one of the header. Reading takes the INVITE that the call "
            "came with; writing, on a channel that is about to be called (Dial option b), adds to the INVITE to be sent."};
constexpr FunctionInfo inheritable_header_info{
    .name = "PJSIP_INHERITABLE_HEADER",
    .syntax = "PJSIP_INHERITABLE_HEADER(action,name[,number])",
    .synopsis = "Headers for the INVITEs of calls made for this channel",
    .text = "add and update (written to) set a header of every INVITE that is sent for this channel, also by way of Local channels; remove "
            "takes it out, a name that ends with * stands for all that begin so; read gives the n-th that was set."};
constexpr FunctionInfo response_header_info{
    .name = "PJSIP_RESPONSE_HEADER",
    .syntax = "PJSIP_RESPONSE_HEADER(read,name[,number])",
    .synopsis = "A header of the 200 that answered our INVITE",
    .text = "On the channel that was called. A name that ends with * stands for all that begin so."};
constexpr FunctionInfo response_headers_info{.name = "PJSIP_RESPONSE_HEADERS",
                                             .syntax = "PJSIP_RESPONSE_HEADERS([prefix])",
                                             .synopsis = "Names of the headers of the 200 that answered our INVITE",
                                             .text = "Separated by commas, those that begin with the prefix."};
constexpr FunctionInfo contact_function{
    .name = "PJSIP_CONTACT",
    .syntax = "PJSIP_CONTACT(id,item)",
    .synopsis = "What is known of one contact",
    .text = "id: as PJSIP_AOR(name,contact) gives them. item: uri, aor, status, rtt (microseconds), user_agent, path, via_addr, via_port, "
            "expiration_time (seconds since 1970), qualify_frequency, qualify_timeout, outbound_proxy, endpoint."};
constexpr FunctionInfo transfer_handling_info{
    .name = "PJSIP_TRANSFER_HANDLING",
    .syntax = "PJSIP_TRANSFER_HANDLING()",
    .synopsis = "Who sees to transfers that the far side of a SIP call asks for",
    .text = "Written to: `core` (as it begins: they are carried out), or `ari-only`: the Stasis application that has the channel is told by "
            "ChannelTransfer and answers by POST /channels/ID/transfer_progress; without one they are refused. For all calls of an "
            "endpoint: set_var = PJSIP_TRANSFER_HANDLING()=ari-only."};
constexpr ApplicationInfo hangup_info{
    .name = "PJSIPHangup",
    .syntax = "PJSIPHangup(status)",
    .synopsis = "Refuse an incoming SIP call with a status of your choice",
    .text = "status: 400 to 699, or a name such as NOT_FOUND. A call that is answered already is just hung up."};

Result<SipCall*> sip_call_of(Channel* channel) {
    auto* call = channel ? dynamic_cast<SipCall*>(&channel->driver()) : nullptr;
    if (!call) return fail(ErrorCode::invalid, "this is not a SIP channel");
    return call;
}

Result<std::string> read_transfer_handling(Channel* channel, const Arguments&) {
    return std::string(JF_TRY(sip_call_of(channel))->transfers_left_to_application() ? "ari-only" : "core");
}
Result<void> write_transfer_handling(Channel* channel, const Arguments&, std::string_view value) {
    SipCall* const call = JF_TRY(sip_call_of(channel));
    const bool left = equals_ignoring_case(value, "ari-only");
    if (!left && !equals_ignoring_case(value, "core")) return fail(ErrorCode::invalid, "PJSIP_TRANSFER_HANDLING: write core or ari-only, not '{}'", value);
    call->leave_transfers_to_application(left);
    return {};
}

bool names_match(std::string_view name, std::string_view wanted) {
    if (wanted.ends_with('*')) return starts_with_ignoring_case(name, wanted.substr(0, wanted.size() - 1));
    return equals_ignoring_case(name, wanted);
}

// Errors: invalid, when it is not From and uri or header.
Result<bool> parameter_of_uri(const Arguments& arguments) {
    if (!equals_ignoring_case(arguments[0], "From")) return fail(ErrorCode::invalid, "PJSIP_HEADER_PARAM knows the header From, not '{}'", arguments[0]);
    if (arguments[2].empty()) return fail(ErrorCode::invalid, "PJSIP_HEADER_PARAM needs the name of a parameter");
    if (equals_ignoring_case(arguments[1], "uri")) return true;
    if (equals_ignoring_case(arguments[1], "header")) return false;
    return fail(ErrorCode::invalid, "PJSIP_HEADER_PARAM: write uri or header, not '{}'", arguments[1]);
}

Result<std::string> read_parameter(Channel* channel, const Arguments& arguments) {
    SipCall* const call = JF_TRY(sip_call_of(channel));
    const bool of_uri = JF_TRY(parameter_of_uri(arguments));
    return call->received_from_parameter(of_uri, arguments[2]);
}

Result<void> write_parameter(Channel* channel, const Arguments& arguments, std::string_view value) {
    SipCall* const call = JF_TRY(sip_call_of(channel));
    const bool of_uri = JF_TRY(parameter_of_uri(arguments));
    auto& all = call->from_parameters();
    std::erase_if(all, [&](const auto& each) { return each.of_uri == of_uri && equals_ignoring_case(each.name, arguments[2]); });
    all.push_back({of_uri, std::string(arguments[2]), std::string(value)});
    return {};
}

Result<std::string> read_response_header(Channel* channel, const Arguments& arguments) {
    SipCall* const call = JF_TRY(sip_call_of(channel));
    if (!equals_ignoring_case(arguments[0], "read")) return fail(ErrorCode::invalid, "PJSIP_RESPONSE_HEADER: write read, not '{}'", arguments[0]);
    unsigned number = std::max(1u, parse_number<unsigned>(arguments[2]).value_or(1));
    std::optional<std::string> found;
    call->for_each_response_header([&](std::string_view name, std::string_view value) {
        if (names_match(name, arguments[1]) && --number == 0) found = value;
        return !found;
    });
    if (found) return *found;
    return fail(ErrorCode::not_found, "the response has no header {}", arguments[1]);
}

Result<std::string> read_response_headers(Channel* channel, const Arguments& arguments) {
    SipCall* const call = JF_TRY(sip_call_of(channel));
    std::string names;
    call->for_each_response_header([&](std::string_view name, std::string_view) {
        if (starts_with_ignoring_case(name, arguments[0])) names.append(names.empty() ? "" : ",").append(name);
        return true;
    });
    return names;
}

// --- inheritable headers: variables that are inherited for ever, so that they go along whatever lies between -----------------

constexpr std::string_view inheritable = "PJSIP_INHERITABLE_HEADER(";

std::string inheritable_variable(std::string_view header, unsigned number) { return fmt::format("__{}{},{})", inheritable, header, number); }

// The header of such a variable; empty when it is another one.
std::string_view inheritable_name(std::string_view variable) {
    if (!variable.starts_with(inheritable)) return {};
    return split_once(variable.substr(inheritable.size()), ',').first;
}

Result<std::string> read_inheritable(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "PJSIP_INHERITABLE_HEADER needs a channel");
    if (!equals_ignoring_case(arguments[0], "read"))
        return fail(ErrorCode::invalid, "PJSIP_INHERITABLE_HEADER: write read, add, update or remove, not '{}'", arguments[0]);
    unsigned number = std::max(1u, parse_number<unsigned>(arguments[2]).value_or(1));
    for (const auto& entry : channel->variables().all())
        if (const auto name = inheritable_name(entry.name); !name.empty() && names_match(name, arguments[1]) && --number == 0) return entry.value;
    return fail(ErrorCode::not_found, "no header {} is set to be inherited", arguments[1]);
}

Result<void> write_inheritable(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "PJSIP_INHERITABLE_HEADER needs a channel");
    const std::string_view action = arguments[0], name = arguments[1];
    Variables& variables = channel->variables();
    std::vector<std::string> there;
    for (const auto& entry : variables.all())
        if (const auto known = inheritable_name(entry.name); !known.empty() && names_match(known, name)) there.push_back(entry.name);
    if (equals_ignoring_case(action, "remove")) {
        for (const std::string& variable : there) variables.erase(variable);
        return {};
    }
    if (!grammar::is_token(name)) return fail(ErrorCode::invalid, "PJSIP_INHERITABLE_HEADER: '{}' is no name of a header", name);
    if (equals_ignoring_case(action, "update") && !there.empty()) {
        variables.set("__" + there.front(), std::string(value));
    } else if (equals_ignoring_case(action, "add") || equals_ignoring_case(action, "update")) {
        variables.set(inheritable_variable(name, static_cast<unsigned>(there.size()) + 1), std::string(value));
    } else {
        return fail(ErrorCode::invalid, "PJSIP_INHERITABLE_HEADER: write read, add, update or remove, not '{}'", action);
    }
    return {};
}

Result<std::string> contact_item(const Contact& contact, const AorSettings& aor, std::string_view item) {
    const auto is = [&](std::string_view name) { return equals_ignoring_case(item, name); };
    if (is("uri")) return contact.uri;
    if (is("aor")) return contact.aor;
    if (is("status"))
        return contact.status == Contact::Status::reachable ? "Reachable" : contact.status == Contact::Status::unreachable ? "Unreachable" : "NonQualified";
    if (is("rtt")) return contact.round_trip.count() > 0 ? std::to_string(contact.round_trip.count()) : "N/A";
    if (is("user_agent")) return contact.user_agent;
    if (is("path")) return join(contact.routes, ",");
    if (is("via_addr")) return contact.flow ? contact.flow->remote.host() : "";
    if (is("via_port")) return contact.flow ? std::to_string(contact.flow->remote.port()) : "0";
    if (is("expiration_time")) return contact.registered ? std::to_string(std::chrono::system_clock::to_time_t(wall_now() + contact.remaining)) : "0";
    if (is("qualify_frequency")) return std::to_string(aor.qualify_frequency.count());
    if (is("qualify_timeout")) return fmt::format("{:.6f}", static_cast<double>(aor.qualify_timeout.count()) / 1000);
    if (is("outbound_proxy")) return aor.outbound_proxy;
    return fail(ErrorCode::not_found, "PJSIP_CONTACT has no item '{}'", item);
}

Result<void> hang_up(Channel& channel, const Arguments& arguments) {
    SipCall* const call = JF_TRY(sip_call_of(&channel));
    const int status = JF_TRY(parse_refusal_status(arguments[0]));
    JF_TRY(call->refuse_with(status));
    return fail(ErrorCode::hangup);
}

}  // namespace

Result<void> add_call_functions(Module& module, UserAgent& agent, Registrar& registrar) {
    JF_TRY(module.add(header_param_info, FunctionBody{read_parameter, write_parameter}));
    JF_TRY(module.add(inheritable_header_info, FunctionBody{read_inheritable, write_inheritable}));
    JF_TRY(module.add(response_header_info, FunctionBody{read_response_header}));
    JF_TRY(module.add(response_headers_info, FunctionBody{read_response_headers}));
    JF_TRY(module.add(transfer_handling_info, FunctionBody{read_transfer_handling, write_transfer_handling}));
    JF_TRY(module.add(hangup_info, hang_up));
    return module.add(contact_function, FunctionBody{[&](Channel*, const Arguments& arguments) -> Result<std::string> {
        const auto contact = registrar.find_contact(arguments[0]);
        const auto aor = contact ? agent.objects()->aor(contact->aor) : nullptr;
        if (!aor) return fail(ErrorCode::not_found, "there is no contact '{}'", arguments[0]);
        if (!equals_ignoring_case(arguments[1], "endpoint")) return contact_item(*contact, *aor, arguments[1]);
        for (const auto& [name, endpoint] : agent.objects()->endpoints)
            if (std::ranges::find(endpoint->aors, aor->name) != endpoint->aors.end()) return name;
        return std::string();
    }});
}

}  // namespace jackfield::sip
