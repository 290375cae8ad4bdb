// Dialplan functions of SIP: PJSIP_HEADER, PJSIP_HEADERS, PJSIP_DIAL_CONTACTS, PJSIP_AOR, PJSIP_ENDPOINT.
#include "channels/sip/ua/functions.hpp"

#include "channels/sip/config/object_options.hpp"
#include "channels/sip/ua/call.hpp"
#include "core/dialplan/application.hpp"

namespace jackfield::sip {
namespace {

constexpr FunctionInfo header_info{
    .name = "PJSIP_HEADER",
    .syntax = "PJSIP_HEADER(action,name[,number])",
    .synopsis = "Headers of the INVITE: those received, and those to be sent",
    .text = "PJSIP_HEADER(read,Name[,n]) gives the n-th header of that name of the INVITE that the call came with. On a channel that "
            "is about to be called (Dial option b), add and update set a header of the INVITE to be sent, remove takes it out; a name "
            "that ends with * stands for all that begin so. User-to-User of the ISDN package (RFC 7434) is in the variable USERUSERINFO "
            "too, as text when it is that."};
constexpr FunctionInfo headers_info{.name = "PJSIP_HEADERS",
                                    .syntax = "PJSIP_HEADERS([prefix])",
                                    .synopsis = "Names of the headers of the INVITE received",
                                    .text = "Separated by commas, those that begin with the prefix."};
constexpr FunctionInfo dial_contacts_function{.name = "PJSIP_DIAL_CONTACTS",
                                     .syntax = "PJSIP_DIAL_CONTACTS(endpoint[,aor])",
                                     .synopsis = "A dial string with all contacts of an endpoint",
                                     .text = "For Dial: PJSIP/6001/sip:... joined by &."};
constexpr FunctionInfo endpoint_function{.name = "PJSIP_ENDPOINT",
                                     .syntax = "PJSIP_ENDPOINT(name,option)",
                                     .synopsis = "An option of an endpoint",
                                     .text = "As it is in force, defaults included."};
constexpr FunctionInfo aor_info{.name = "PJSIP_AOR",
                                .syntax = "PJSIP_AOR(name,option)",
                                .synopsis = "An option of an address of record, or its contacts",
                                .text = "Any option of type=aor; `contact` gives the ids of the contacts there are, separated by commas, for PJSIP_CONTACT."};

Result<SipCall*> call_of(Channel* channel) {
    auto* call = channel ? dynamic_cast<SipCall*>(&channel->driver()) : nullptr;
    if (!call) return fail(ErrorCode::invalid, "this is not a SIP channel");
    return call;
}

bool name_matches(std::string_view name, std::string_view wanted) {
    if (wanted.ends_with('*')) return starts_with_ignoring_case(name, wanted.substr(0, wanted.size() - 1));
    return equals_ignoring_case(name, wanted);
}

Result<std::string> read_header(Channel* channel, const Arguments& arguments) {
    SipCall* call = JF_TRY(call_of(channel));
    if (!equals_ignoring_case(arguments[0], "read"))
        return fail(ErrorCode::invalid, "PJSIP_HEADER: write read, add, update or remove, not '{}'", arguments[0]);
    unsigned number = std::max(1u, parse_number<unsigned>(arguments[2]).value_or(1));
    std::optional<std::string> found;
    call->for_each_received_header([&](std::string_view name, std::string_view value) {
        if (name_matches(name, arguments[1]) && --number == 0) found = value;
        return !found;
    });
    if (found) return *found;
    return fail(ErrorCode::not_found, "the INVITE has no header {}", arguments[1]);
}

Result<void> write_header(Channel* channel, const Arguments& arguments, std::string_view value) {
    SipCall* call = JF_TRY(call_of(channel));
    auto& headers = call->added_headers();
    const std::string_view action = arguments[0], name = arguments[1];
    if (name.empty()) return fail(ErrorCode::invalid, "PJSIP_HEADER({},...) needs the name of a header", action);
    if (equals_ignoring_case(action, "add")) {
        headers.emplace_back(name, value);
    } else if (equals_ignoring_case(action, "update")) {
        for (auto& [known, old] : headers)
            if (equals_ignoring_case(known, name)) {
                old = value;
                return {};
            }
        headers.emplace_back(name, value);
    } else if (equals_ignoring_case(action, "remove")) {
        std::erase_if(headers, [&](const auto& header) { return name_matches(header.first, name); });
    } else {
        return fail(ErrorCode::invalid, "PJSIP_HEADER: write read, add, update or remove, not '{}'", action);
    }
    return {};
}

Result<std::string> read_headers(Channel* channel, const Arguments& arguments) {
    SipCall* call = JF_TRY(call_of(channel));
    std::string names;
    call->for_each_received_header([&](std::string_view name, std::string_view) {
        if (starts_with_ignoring_case(name, arguments[0])) names.append(names.empty() ? "" : ",").append(name);
        return true;
    });
    return names;
}

template <class S>
Result<std::string> option_of(const Options<S>& options, const S& settings, std::string_view name) {
    for (const OptionHelp& help : options.help(&settings))
        if (equals_ignoring_case(help.name, name)) return help.value;
    return fail(ErrorCode::not_found, "there is no option '{}'", name);
}

}  // namespace

Result<void> add_functions(Module& module, UserAgent& agent, Registrar& registrar) {
    JF_TRY(module.add(header_info, FunctionBody{read_header, write_header}));
    JF_TRY(module.add(headers_info, FunctionBody{read_headers}));
    JF_TRY(module.add(dial_contacts_function, FunctionBody{[&](Channel*, const Arguments& arguments) -> Result<std::string> {
        const auto endpoint = agent.objects()->endpoint(arguments[0]);
        if (!endpoint) return fail(ErrorCode::not_found, "no SIP endpoint is called '{}'", arguments[0]);
        std::string text;
        const auto contacts = arguments.has(1) ? with_flows(registrar.contacts_of_aor(arguments[1], endpoint.get())) : registrar.contacts(*endpoint);
        for (const Contact& contact : contacts) text += (text.empty() ? "" : "&") + ("PJSIP/" + endpoint->name + "/" + contact.uri);
        return text;
    }}));
    JF_TRY(module.add(endpoint_function, FunctionBody{[&](Channel*, const Arguments& arguments) -> Result<std::string> {
        const auto endpoint = agent.objects()->endpoint(arguments[0]);
        if (!endpoint) return fail(ErrorCode::not_found, "no SIP endpoint is called '{}'", arguments[0]);
        return option_of(endpoint_options(), *endpoint, arguments[1]);
    }}));
    return module.add(aor_info, FunctionBody{[&](Channel*, const Arguments& arguments) -> Result<std::string> {
        const auto aor = agent.objects()->aor(arguments[0]);
        if (!aor) return fail(ErrorCode::not_found, "no address of record is called '{}'", arguments[0]);
        if (!equals_ignoring_case(arguments[1], "contact")) return option_of(aor_options(), *aor, arguments[1]);
        std::string text;
        for (const Contact& contact : registrar.contacts_of_aor(aor->name, nullptr)) text += (text.empty() ? "" : ",") + contact_id(contact);
        return text;
    }});
}

}  // namespace jackfield::sip
