// func_presencestate: PRESENCE_STATE, what people say of themselves, and what manager clients see of it.
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/channel/presence_state.hpp"
#include "core/module/database.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{
    .name = "PRESENCE_STATE",
    .syntax = "PRESENCE_STATE(provider,field[,options])",
    .synopsis = "The presence of a person, to read and to set",
    .text = "Fields: value (not_set, unavailable, available, away, xa, chat or dnd), subtype and message. The provider is "
            "CustomPresence:name, or to read another one: PJSIP:name (published), Remote:name (subscribed to). Set(PRESENCE_STATE(CustomPresence:ann)=away,lunch,back at two) sets it. Kept in the database.\n"
            "  e - subtype and message are in base64"};
constexpr ManagerActionInfo action_info{"PresenceState", manager_class::call | manager_class::reporting, "The presence of a person",
                                        "Provider: CustomPresence:name. Answers State, and Subtype and PresenceMessage when there are."};
constexpr ManagerActionInfo list_info{"PresenceStateList", manager_class::call | manager_class::reporting, "The presence of everybody",
                                      "One PresenceStateChange for each who has set one."};

constexpr std::string_view family = "CustomPresence";
constexpr std::array<std::string_view, 7> states{"not_set", "unavailable", "available", "away", "xa", "chat", "dnd"};

// As Asterisk keeps it, too; in base64 (`e`), so that commas in a message do no harm.
std::string kept_text(const PresenceState& presence) {
    return fmt::format("{},{},{},e", presence.state, base64_encode(presence.subtype), base64_encode(presence.message));
}
PresenceState kept_presence(std::string_view text) {
    const auto parts = split(text, ',');
    const bool encoded = parts.size() > 3 && parts[3] == "e";
    const auto part = [&](std::size_t place) -> std::string {
        if (parts.size() <= place) return {};
        return encoded ? base64_decode(parts[place]).value_or(std::string()) : std::string(parts[place]);
    };
    return {std::string(parts[0]), part(1), part(2)};
}

// The name behind "CustomPresence:". Errors: not_found (another provider).
Result<std::string> name_of(std::string_view provider) {
    const Halves halves = split_once(provider, ':');
    if (!equals_ignoring_case(halves.first, family) || halves.second.empty())
        return fail(ErrorCode::not_found, "'{}' is no provider of presence; write CustomPresence:name", provider);
    return std::string(halves.second);
}

Result<Database*> database() {
    if (Database* found = Database::instance()) return found;
    return fail(ErrorCode::failed, "PRESENCE_STATE needs the database");
}

Result<PresenceState> presence_of(std::string_view provider) {
    const Halves halves = split_once(provider, ':');
    if (halves.found && !equals_ignoring_case(halves.first, family) && has_presence_provider(provider)) return presence_state(provider);
    const std::string name = JF_TRY(name_of(provider));
    const Database* kept = JF_TRY(database());
    const auto text = kept->get(family, name);
    return text ? kept_presence(*text) : PresenceState();
}

Result<std::string> read_presence(Channel*, const Arguments& arguments) {
    const PresenceState presence = JF_TRY(presence_of(arguments[0]));
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[2], "e"));
    const auto encoded = [&](const std::string& text) { return options.has('e') ? base64_encode(text) : text; };
    if (equals_ignoring_case(arguments[1], "value")) return presence.state;
    if (equals_ignoring_case(arguments[1], "subtype")) return encoded(presence.subtype);
    if (equals_ignoring_case(arguments[1], "message")) return encoded(presence.message);
    return fail(ErrorCode::invalid, "PRESENCE_STATE: '{}' is none of value, subtype, message", arguments[1]);
}

Result<std::string> plain(const std::string& text, bool encoded) {
    if (!encoded) return text;
    if (auto decoded = base64_decode(text)) return *std::move(decoded);
    return fail(ErrorCode::invalid, "PRESENCE_STATE option e: '{}' is not base64", text);
}

Result<PresenceState> parse_presence(std::string_view value) {
    const auto parts = split_arguments(value, ',', 4);
    PresenceState presence;
    presence.state = parts.empty() ? std::string() : to_lower(trim(parts[0]));
    if (std::find(states.begin(), states.end(), presence.state) == states.end())
        return fail(ErrorCode::invalid, "PRESENCE_STATE: '{}' is none of {}", presence.state, fmt::join(states, ", "));
    const OptionLetters options = JF_TRY(OptionLetters::parse(parts.size() > 3 ? parts[3] : std::string(), "e"));
    if (parts.size() > 1) presence.subtype = JF_TRY(plain(parts[1], options.has('e')));
    if (parts.size() > 2) presence.message = JF_TRY(plain(parts[2], options.has('e')));
    return presence;
}

ManagerFields fields_of(std::string_view name, const PresenceState& presence) {
    ManagerFields fields;
    fields.add("Presentity", fmt::format("{}:{}", family, name)).add("Status", presence.state);
    fields.add("Subtype", presence.subtype).add("Message", presence.message);
    return fields;
}

Result<void> set_presence(std::string_view provider, std::string_view value) {
    const std::string name = JF_TRY(name_of(provider));
    const PresenceState presence = JF_TRY(parse_presence(value));
    Database* kept = JF_TRY(database());
    const PresenceState before = JF_TRY(presence_of(provider));
    JF_TRY(kept->put(family, name, kept_text(presence)));
    if (presence == before) return {};
    publish(PresenceStateChange{fmt::format("{}:{}", family, name), presence});
    publish_to_manager("PresenceStateChange", manager_class::call | manager_class::reporting,
                       [&](ManagerService&, ManagerFields& fields) { fields.add(fields_of(name, presence)); });
    return {};
}

Result<void> write_presence(Channel*, const Arguments& arguments, std::string_view value) { return set_presence(arguments[0], value); }

constexpr CommandInfo change_info{.words = "presencestate change", .synopsis = "Set the presence of a person",
                                  .text = "presencestate change CustomPresence:NAME STATE[,subtype[,message[,options]]]"};
constexpr CommandInfo show_info{.words = "presencestate list", .synopsis = "List the presence of everybody", .text = "Those who have set one."};

Result<void> change(Console& console, std::span<const std::string> words) {
    if (words.size() < 2) return fail(ErrorCode::invalid, "Usage: presencestate change CustomPresence:NAME STATE[,subtype[,message[,options]]]");
    const std::string value = join(words.subspan(1), " ");
    JF_TRY(set_presence(words[0], value));
    return console.print("Changing {} to {}\n", words[0], value);
}

Result<void> show(Console& console, std::span<const std::string>) {
    const Database* kept = JF_TRY(database());
    for (const DatabaseEntry& entry : kept->list(family)) {
        const PresenceState presence = kept_presence(entry.value);
        JF_TRY(console.print("Name: '{}:{}'  State: '{}'  Subtype: '{}'  Message: '{}'\n", family, entry.key, presence.state, presence.subtype, presence.message));
    }
    return {};
}

Result<void> tell(const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Provider").empty()) return fail(ErrorCode::invalid, "No provider specified");
    const PresenceState presence = JF_TRY(presence_of(request.get("Provider")));
    ManagerFields fields;
    fields.add("Message", "Presence State").add("State", presence.state);
    if (!presence.subtype.empty()) fields.add("Subtype", presence.subtype);
    // `Message` twice is what clients of Asterisk get.
    if (!presence.message.empty()) fields.add("Message", presence.message).add("PresenceMessage", presence.message);
    reply.respond("Success", fields);
    return {};
}

Result<void> list(const ManagerRequest&, ManagerReply& reply) {
    const Database* kept = JF_TRY(database());
    const auto entries = kept->list(family);
    reply.begin_list("Presence State Changes will follow");
    for (const DatabaseEntry& entry : entries)
        JF_TRY(reply.item("PresenceStateChange", fields_of(entry.key, kept_presence(entry.value))));
    reply.end_list("PresenceStateListComplete");
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(PresenceProvider{std::string(family), [](std::string_view name) {
        const auto text = Database::instance() ? Database::instance()->get(family, name) : std::nullopt;
        return text ? kept_presence(*text) : PresenceState();
    }}));
    JF_TRY(module.add(info, FunctionBody{read_presence, write_presence}));
    JF_TRY(module.add(action_info, tell));
    JF_TRY(module.add(change_info, change));
    JF_TRY(module.add(show_info, show));
    return module.add(list_info, list);
}

}  // namespace

JACKFIELD_MODULE("func_presencestate", "Presence of people", load)
