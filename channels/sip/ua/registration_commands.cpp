// CLI commands of our registrations at other registrars.
#include "channels/sip/ua/registration_commands.hpp"

#include "channels/sip/config/object_options.hpp"
#include "core/console/command.hpp"

namespace jackfield::sip {
namespace {

constexpr CommandInfo registrations_info{.words = "pjsip show registrations", .synopsis = "List our registrations at other registrars",
                                         .text = "With the registrar, the auth object, the state, and when it ends or is tried again."};
constexpr CommandInfo registration_info{.words = "pjsip show registration", .synopsis = "Show one of our registrations with its options",
                                        .text = "pjsip show registration NAME"};
constexpr CommandInfo send_register_info{.words = "pjsip send register", .synopsis = "Register at once",
                                         .text = "pjsip send register NAME|*all - also what was rejected for good"};
constexpr CommandInfo send_unregister_info{.words = "pjsip send unregister", .synopsis = "End a registration of ours",
                                           .text = "pjsip send unregister NAME|*all - it stays so until `pjsip send register` or a restart"};

Result<void> print_registration(Console& console, const OutboundRegistrations::Summary& summary) {
    const RegistrationSettings& settings = *summary.settings;
    return console.print(" {:<55}  {:<26}  {}\n", settings.name + "/" + settings.server_uri, join(settings.outbound_auth, ","), status_text(summary));
}

Result<void> print_header(Console& console) {
    return console.print("\n <Registration/ServerURI..............................>  <Auth....................>  <Status.......>\n"
                         "==========================================================================================\n\n");
}

}  // namespace

std::string status_text(const OutboundRegistrations::Summary& summary) {
    const std::string_view word = to_string(summary.state);
    if (summary.expires_in.count() > 0) return fmt::format("{:<17} (exp. {}s)", word, summary.expires_in.count());
    if (summary.next_in.count() > 0) return fmt::format("{:<17} (next {}s)", word, summary.next_in.count());
    return std::string(word);
}

Result<void> add_registration_commands(Module& module, UserAgent& agent, OutboundRegistrations& registrations) {
    const auto complete = [&agent](bool all) {
        return [&agent, all](std::span<const std::string>, std::size_t index, std::string_view typed) {
            std::vector<std::string> names;
            if (index != 0) return names;
            for (const auto& [name, settings] : agent.objects()->registrations)
                if (name.starts_with(typed)) names.push_back(name);
            if (all) names.emplace_back("*all");
            return names;
        };
    };
    JF_TRY(module.add(registrations_info, [&](Console& console, std::span<const std::string>) -> Result<void> {
        const auto all = registrations.list();
        if (all.empty()) return console.print("No objects found.\n");
        JF_TRY(print_header(console));
        for (const auto& summary : all) JF_TRY(print_registration(console, summary));
        return console.print("\nObjects found: {}\n", all.size());
    }));
    JF_TRY(module.add(registration_info, [&](Console& console, std::span<const std::string> words) -> Result<void> {
        const auto summary = words.empty() ? std::nullopt : registrations.find(words[0]);
        if (!summary) return fail(ErrorCode::not_found, "Unable to find object {}.", words.empty() ? "" : words[0]);
        JF_TRY(print_header(console));
        JF_TRY(print_registration(console, *summary));
        if (!summary->server.empty()) JF_TRY(console.print(" Server: {}, last answer: {}\n", summary->server, summary->last_status));
        JF_TRY(console.print("\n ParameterName                      : ParameterValue\n"));
        for (const OptionHelp& help : registration_options().help(summary->settings.get()))
            JF_TRY(console.print(" {:<34} : {}\n", help.name, help.value));
        return {};
    }, complete(false)));
    JF_TRY(module.add(send_register_info, [&](Console& console, std::span<const std::string> words) -> Result<void> {
        if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: pjsip send register NAME|*all");
        JF_TRY(registrations.register_now(words[0]));
        return console.print("Re-register queued for registration '{}'\n", words[0]);
    }, complete(true)));
    return module.add(send_unregister_info, [&](Console& console, std::span<const std::string> words) -> Result<void> {
        if (words.size() != 1) return fail(ErrorCode::invalid, "Usage: pjsip send unregister NAME|*all");
        JF_TRY(registrations.unregister(words[0]));
        return console.print("Unregister queued for registration '{}'\n", words[0]);
    }, complete(true));
}

}  // namespace jackfield::sip
