// CLI commands of SIP.
#include "channels/sip/ua/commands.hpp"

#include <algorithm>

#include "channels/sip/config/object_options.hpp"
#include "channels/sip/ua/channel_statistics.hpp"
#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo endpoints_info{.words = "pjsip show endpoints", .synopsis = "List the SIP endpoints",
                                     .text = "With their state, calls and contacts."};
constexpr CommandInfo endpoint_info{.words = "pjsip show endpoint", .synopsis = "Show one SIP endpoint with its options",
                                    .text = "pjsip show endpoint NAME"};
constexpr CommandInfo contacts_info{.words = "pjsip show contacts", .synopsis = "List where SIP endpoints are reached",
                                    .text = "Registered contacts and those of the configuration, with status and round trip."};
constexpr CommandInfo aors_info{.words = "pjsip show aors", .synopsis = "List the addresses of record",
                                .text = "With the number of contacts that each has and may have."};
constexpr CommandInfo transports_info{.words = "pjsip show transports", .synopsis = "List the SIP transports",
                                      .text = "Those that are open, with the connections of TCP."};
constexpr CommandInfo transactions_info{.words = "pjsip show transactions", .synopsis = "Count SIP transactions and dialogs",
                                        .text = "Client transactions: requests of ours that wait for their answer; server transactions: those of others that we "
                                                "have not answered; finished ones absorb repetitions for a while."};
constexpr CommandInfo subscriptions_info{.words = "pjsip show subscriptions inbound", .synopsis = "List subscriptions to our events",
                                         .text = "Those of phones and other user agents, with the seconds that are left."};
constexpr CommandInfo logger_info{.words = "pjsip set logger", .synopsis = "Print SIP messages to the log, or stop that",
                                  .text = "pjsip set logger on|off - all messages\n"
                                          "pjsip set logger host ADDRESS [add] - those to and from that address; add: besides those so far\n"
                                          "pjsip set logger method METHOD [add] - those of that method, responses by their CSeq"};
constexpr CommandInfo counters_info{.words = "pjsip show counters", .synopsis = "Show how many SIP messages went each way",
                                    .text = "pjsip show counters [clear] - by method and by status, since the module was loaded or they were cleared"};

Result<void> set_logger(Transports& transports, Console& console, CommandWords words) {
    if (words.size() == 1)
        if (const auto on = parse_bool(words[0])) {
            transports.set_logging(*on);
            return console.print("PJSIP Logging {}\n", *on ? "enabled" : "disabled");
        }
    const bool host = words.size() >= 2 && equals_ignoring_case(words[0], "host"), method = words.size() >= 2 && equals_ignoring_case(words[0], "method");
    const bool add = words.size() == 3 && equals_ignoring_case(words[2], "add");
    if ((!host && !method) || (words.size() == 3 && !add) || words.size() > 3)
        return fail(ErrorCode::invalid, "Usage: pjsip set logger on|off|host ADDRESS [add]|method METHOD [add]");
    const auto address = host ? SocketAddress::parse(words[1]) : SocketAddress();
    if (!address) return fail(ErrorCode::invalid, "'{}' is no address", words[1]);
    if (method && std::ranges::find(MessageCounters::methods, to_upper(words[1])) == MessageCounters::methods.end())
        return fail(ErrorCode::invalid, "'{}' is no method", words[1]);
    Transports::LogFilter filter = add ? transports.log_filter() : Transports::LogFilter();
    auto& list = host ? filter.hosts : filter.methods;
    const std::string wanted = host ? address->host() : to_upper(words[1]);
    list.push_back(wanted);
    transports.set_logging(true, std::move(filter));
    return console.print("PJSIP Logging enabled for {} {}\n", host ? "host" : "method", wanted);
}

Result<void> show_counters(Transports& transports, Console& console, CommandWords words) {
    if (words.size() == 1 && equals_ignoring_case(words[0], "clear")) {
        transports.clear_counters();
        return console.print("Counters cleared\n");
    }
    const auto print = [&](std::string_view title, const std::vector<MessageCounters::Row>& rows) -> Result<void> {
        JF_TRY(console.print("{:<12} {:>14} {:>14}\n", title, "Sent", "Received"));
        for (const auto& row : rows) JF_TRY(console.print("{:<12} {:>14} {:>14}\n", row.name, row.sent, row.received));
        return {};
    };
    JF_TRY(print("Request", transports.counters().requests()));
    return print("Response", transports.counters().responses());
}

std::string_view word(Contact::Status status) {
    switch (status) {
        case Contact::Status::reachable: return "Avail";
        case Contact::Status::unreachable: return "Unavail";
        case Contact::Status::unknown: break;
    }
    return "NonQual";
}

template <class Objects>
std::vector<std::string> sorted_names(const Objects& objects) {
    std::vector<std::string> names;
    for (const auto& [name, object] : objects) names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> print_contact(Console& console, const Contact& contact) {
    return console.print("      Contact:  {:<50} {:<8} {:>8.3f}\n", contact.aor + "/" + contact.uri, word(contact.status),
                         static_cast<double>(contact.round_trip.count()) / 1000);
}

Result<void> print_endpoint(Console& console, const EndpointSettings& endpoint, Registrar& registrar, SipDriver& driver) {
    const auto counts = driver.counts(endpoint.name);
    JF_TRY(console.print(" Endpoint:  {:<55} {:<14} {} of inf\n", endpoint.name + (endpoint.caller_id.number.valid ? "/" + endpoint.caller_id.number.text : ""),
                         display_name(driver.device_state(endpoint.name)), counts.in_use));
    for (const Contact& contact : registrar.contacts(endpoint)) JF_TRY(print_contact(console, contact));
    return {};
}

}  // namespace

Result<void> add_commands(Module& module, UserAgent& agent, Registrar& registrar, SipDriver& driver, Notifier& notifier) {
    const auto endpoint_names = [&agent](std::span<const std::string>, std::size_t index, std::string_view typed) {
        std::vector<std::string> names;
        if (index == 0)
            for (const std::string& name : sorted_names(agent.objects()->endpoints))
                if (name.starts_with(typed)) names.push_back(name);
        return names;
    };
    JF_TRY(module.add(endpoints_info, [&](Console& console, std::span<const std::string>) -> Result<void> {
        const auto objects = agent.objects();
        for (const std::string& name : sorted_names(objects->endpoints))
            JF_TRY(print_endpoint(console, *objects->endpoint(name), registrar, driver));
        return console.print("\nObjects found: {}\n", objects->endpoints.size());
    }));
    JF_TRY(module.add(endpoint_info, [&](Console& console, std::span<const std::string> words) -> Result<void> {
        const auto endpoint = words.empty() ? nullptr : agent.objects()->endpoint(words[0]);
        if (!endpoint) return fail(ErrorCode::not_found, "Unable to find object {}.", words.empty() ? "" : words[0]);
        JF_TRY(print_endpoint(console, *endpoint, registrar, driver));
        JF_TRY(console.print("\n ParameterName                      : ParameterValue\n"));
        for (const OptionHelp& help : endpoint_options().help(endpoint.get())) JF_TRY(console.print(" {:<34} : {}\n", help.name, help.value));
        return {};
    }, endpoint_names));
    JF_TRY(module.add(contacts_info, [&](Console& console, std::span<const std::string>) -> Result<void> {
        const auto objects = agent.objects();
        std::size_t count = 0;
        for (const std::string& name : sorted_names(objects->aors))
            for (const Contact& contact : registrar.contacts_of_aor(name, nullptr)) {
                JF_TRY(print_contact(console, contact));
                ++count;
            }
        return console.print("\nObjects found: {}\n", count);
    }));
    JF_TRY(module.add(aors_info, [&](Console& console, std::span<const std::string>) -> Result<void> {
        const auto objects = agent.objects();
        for (const std::string& name : sorted_names(objects->aors))
            JF_TRY(console.print("      Aor:  {:<50} {:>3} of {}\n", name, registrar.contacts_of_aor(name, nullptr).size(), objects->aor(name)->max_contacts));
        return console.print("\nObjects found: {}\n", objects->aors.size());
    }));
    JF_TRY(module.add(transports_info, [&](Console& console, std::span<const std::string>) -> Result<void> {
        const auto open = agent.transports().list();
        for (const auto& transport : open)
            JF_TRY(console.print("Transport:  {:<24} {:<4} {:<30} {}\n", transport.name, transport.protocol, transport.bind, transport.connections));
        return console.print("\nObjects found: {}\n", open.size());
    }));
    JF_TRY(module.add(transactions_info, [&](Console& console, std::span<const std::string>) {
        const auto counts = agent.transactions().counts();
        return console.print("Client transactions: {}\nServer transactions: {}\nFinished transactions: {}\nDialogs: {}\n", counts.clients, counts.servers,
                             counts.tombstones, agent.dialogs().size());
    }));
    JF_TRY(module.add(subscriptions_info, [&](Console& console, std::span<const std::string>) -> Result<void> {
        const auto all = notifier.list();
        for (const SipSubscription& each : all)
            JF_TRY(console.print("Endpoint: {}\n  Resource: {}/{}\n  Expiry: {:>8}  {}\n", each.endpoint, each.resource, each.package,
                                 each.remaining.count(), each.call_id));
        return console.print("\n{} active subscriptions\n", all.size());
    }));
    JF_TRY(add_channel_statistics(module));
    JF_TRY(module.add(counters_info, [&agent](Console& console, CommandWords words) { return show_counters(agent.transports(), console, words); }));
    return module.add(logger_info, [&agent](Console& console, CommandWords words) { return set_logger(agent.transports(), console, words); });
}

}  // namespace jackfield::sip
