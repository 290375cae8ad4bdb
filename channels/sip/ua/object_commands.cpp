// CLI commands that show the objects of pjsip.conf one by one.
#include "channels/sip/ua/object_commands.hpp"

#include <algorithm>

#include "channels/sip/config/object_options.hpp"
#include "core/channel/channel_visit.hpp"
#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo auths_info{.words = "pjsip show auths", .synopsis = "List the auth objects", .text = "With their user names."};
constexpr CommandInfo auth_info{.words = "pjsip show auth", .synopsis = "Show one auth object with its options", .text = "pjsip show auth NAME - secrets are left out"};
constexpr CommandInfo aor_command{.words = "pjsip show aor", .synopsis = "Show one address of record with its options and contacts", .text = "pjsip show aor NAME"};
constexpr CommandInfo contact_command{.words = "pjsip show contact", .synopsis = "Show one contact", .text = "pjsip show contact URI"};
constexpr CommandInfo identifies_info{.words = "pjsip show identifies", .synopsis = "List how requests are known by address and header",
                                      .text = "Each type=identify with its endpoint and what it matches."};
constexpr CommandInfo identify_command{.words = "pjsip show identify", .synopsis = "Show one type=identify", .text = "pjsip show identify NAME"};
constexpr CommandInfo transport_command{.words = "pjsip show transport", .synopsis = "Show one transport with its options", .text = "pjsip show transport NAME"};
constexpr CommandInfo channels_command{.words = "pjsip show channels", .synopsis = "List the SIP channels", .text = "With state, extension and the far side's address."};
constexpr CommandInfo settings_command{.words = "pjsip show settings", .synopsis = "Show the global and system settings", .text = "As they are in force."};
constexpr CommandInfo qualify_command{.words = "pjsip qualify", .synopsis = "Ask the contacts of an endpoint by OPTIONS", .text = "pjsip qualify ENDPOINT"};

template <class Objects>
std::vector<std::string> names_sorted(const Objects& objects) {
    std::vector<std::string> names;
    for (const auto& [name, object] : objects) names.push_back(name);
    std::ranges::sort(names);
    return names;
}

// Names that come as the first argument; `objects` is a function, as a reload changes what there is.
template <class Objects>
CommandCompletion completing(Objects objects) {
    return [objects](CommandWords, std::size_t index, std::string_view typed) {
        std::vector<std::string> names;
        if (index == 0)
            for (const std::string& name : names_sorted(objects()))
                if (name.starts_with(typed)) names.push_back(name);
        return names;
    };
}

bool is_secret(std::string_view option) { return option == "password" || option == "md5_cred" || option == "password_digest"; }

template <class S>
Result<void> print_options(Console& console, const Options<S>& options, const S& settings) {
    JF_TRY(console.print("\n ParameterName                      : ParameterValue\n"));
    for (const OptionHelp& help : options.help(&settings))
        JF_TRY(console.print(" {:<34} : {}\n", help.name, is_secret(help.name) && !help.value.empty() ? "<hidden>" : help.value));
    return {};
}

std::unexpected<Error> unknown_object(CommandWords words) {
    return fail(ErrorCode::not_found, "Unable to find object {}.", words.empty() ? "" : words[0]);
}

std::string matches_of(const IdentifySettings& identify) {
    std::vector<std::string> all = identify.names;
    for (const Subnet& subnet : identify.match) all.push_back(subnet.to_string());
    for (const auto& header : identify.headers) all.push_back(header.name + ": " + header.value);
    for (const auto& uri : identify.request_uris) all.push_back(uri.value);
    return join(all, ", ");
}

std::string_view availability(Contact::Status status) {
    return status == Contact::Status::reachable ? "Avail" : status == Contact::Status::unreachable ? "Unavail" : "NonQual";
}

Result<void> print_contact_lines(Console& console, const std::vector<Contact>& contacts) {
    for (const Contact& contact : contacts)
        JF_TRY(console.print("    Contact:  {:<50} {:<8} {:>8.3f}\n", contact.aor + "/" + contact.uri, availability(contact.status),
                             static_cast<double>(contact.round_trip.count()) / 1000));
    return {};
}

Result<void> add_auth_commands(Module& module, UserAgent& agent) {
    JF_TRY(module.add(auths_info, [&agent](Console& console, CommandWords) -> Result<void> {
        const auto objects = agent.objects();
        for (const std::string& name : names_sorted(objects->auths)) JF_TRY(console.print("     Auth:  {}/{}\n", name, objects->auth(name)->username));
        return console.print("\nObjects found: {}\n", objects->auths.size());
    }));
    return module.add(auth_info, [&agent](Console& console, CommandWords words) -> Result<void> {
        const auto auth = words.empty() ? nullptr : agent.objects()->auth(words[0]);
        if (!auth) return unknown_object(words);
        JF_TRY(console.print("     Auth:  {}/{}\n", auth->name, auth->username));
        return print_options(console, auth_options(), *auth);
    }, completing([&agent]() -> const auto& { return agent.objects()->auths; }));
}

Result<void> add_contact_commands(Module& module, UserAgent& agent, Registrar& registrar) {
    JF_TRY(module.add(aor_command, [&](Console& console, CommandWords words) -> Result<void> {
        const auto aor = words.empty() ? nullptr : agent.objects()->aor(words[0]);
        if (!aor) return unknown_object(words);
        JF_TRY(console.print("      Aor:  {:<50} {:>3}\n", aor->name, aor->max_contacts));
        JF_TRY(print_contact_lines(console, registrar.contacts_of_aor(aor->name, nullptr)));
        return print_options(console, aor_options(), *aor);
    }, completing([&agent]() -> const auto& { return agent.objects()->aors; })));
    JF_TRY(module.add(contact_command, [&](Console& console, CommandWords words) -> Result<void> {
        if (words.empty()) return unknown_object(words);
        for (const std::string& name : names_sorted(agent.objects()->aors))
            for (const Contact& contact : registrar.contacts_of_aor(name, nullptr)) {
                if (contact.uri != words[0] && contact_id(contact) != words[0]) continue;
                JF_TRY(print_contact_lines(console, {contact}));
                return console.print(" id: {}\n user agent: {}\n path: {}\n registered from: {}\n expires in: {} s\n", contact_id(contact), contact.user_agent,
                                     join(contact.routes, ", "), contact.flow ? contact.flow->remote.to_string() : "-", contact.remaining.count());
            }
        return unknown_object(words);
    }));
    return module.add(qualify_command, [&](Console& console, CommandWords words) -> Result<void> {
        const auto endpoint = words.empty() ? nullptr : agent.objects()->endpoint(words[0]);
        if (!endpoint) return unknown_object(words);
        registrar.qualify_now(*endpoint);
        return console.print("Sending qualify to all the reachable contacts on endpoint {}\n", endpoint->name);
    }, completing([&agent]() -> const auto& { return agent.objects()->endpoints; }));
}

Result<void> add_identify_commands(Module& module, UserAgent& agent) {
    JF_TRY(module.add(identifies_info, [&agent](Console& console, CommandWords) -> Result<void> {
        const auto objects = agent.objects();
        for (const std::string& name : names_sorted(objects->identifies)) {
            const auto& identify = *objects->identifies.at(name);
            JF_TRY(console.print(" Identify:  {}/{}\n    Match: {}\n", name, identify.endpoint, matches_of(identify)));
        }
        return console.print("\nObjects found: {}\n", objects->identifies.size());
    }));
    return module.add(identify_command, [&agent](Console& console, CommandWords words) -> Result<void> {
        const auto objects = agent.objects();
        const auto found = words.empty() ? objects->identifies.end() : objects->identifies.find(words[0]);
        if (found == objects->identifies.end()) return unknown_object(words);
        JF_TRY(console.print(" Identify:  {}/{}\n    Match: {}\n", found->first, found->second->endpoint, matches_of(*found->second)));
        return print_options(console, identify_options(), *found->second);
    }, completing([&agent]() -> const auto& { return agent.objects()->identifies; }));
}

}  // namespace

Result<void> add_object_commands(Module& module, UserAgent& agent, Registrar& registrar) {
    JF_TRY(add_auth_commands(module, agent));
    JF_TRY(add_contact_commands(module, agent, registrar));
    JF_TRY(add_identify_commands(module, agent));
    JF_TRY(module.add(transport_command, [&agent](Console& console, CommandWords words) -> Result<void> {
        const auto transport = words.empty() ? nullptr : agent.objects()->transport(words[0]);
        if (!transport) return unknown_object(words);
        JF_TRY(console.print("Transport:  {} {}\n", transport->name, transport->bind.to_string()));
        return print_options(console, transport_options(), *transport);
    }, completing([&agent]() -> const auto& { return agent.objects()->transports; })));
    JF_TRY(module.add(settings_command, [&agent](Console& console, CommandWords) -> Result<void> {
        const auto objects = agent.objects();
        JF_TRY(console.print("Global Settings:\n"));
        JF_TRY(print_options(console, global_options(), objects->global));
        JF_TRY(console.print("\nSystem Settings:\n"));
        return print_options(console, system_options(), objects->system);
    }));
    return module.add(channels_command, [](Console& console, CommandWords) -> Result<void> {
        std::size_t count = 0;
        JF_TRY(visit_channels([&](Channel& channel) -> Result<void> {
            const auto* call = dynamic_cast<SipCall*>(&channel.driver());
            if (!call) return {};
            ++count;
            return console.print("  Channel:  {:<40} {:<10} {:<20} {}\n", channel.name(), to_string(channel.state()), channel.place().extension,
                                 call->property("pjsip,remote_addr").value_or(""));
        }));
        return console.print("\nObjects found: {}\n", count);
    });
}

}  // namespace jackfield::sip
