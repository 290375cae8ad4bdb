// DumpChan: write what is known of the channel to the log.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{.name = "DumpChan",
                               .syntax = "DumpChan([level])",
                               .synopsis = "Write what is known of the channel to the log",
                               .text = "At that verbose level (0) or above: state, identities, place, formats, and all variables."};

std::string identity(const PartyId& id) { return id.name.text.empty() && id.number.text.empty() ? "(N/A)" : id.to_string(); }

std::string describe(Channel& channel) {
    std::string text;
    const auto line = [&](std::string_view name, std::string_view value) {
        text += fmt::format("{:<20} {}\n", fmt::format("{}=", name), value.empty() ? "(N/A)" : value);
    };
    line("Name", channel.name());
    line("Type", channel.technology());
    line("UniqueID", channel.unique_id());
    line("LinkedID", channel.linked_id());
    line("CallerID", identity(channel.caller().id));
    line("ConnectedLineID", identity(channel.connected().id));
    line("DNIDDigits", channel.caller().dnid);
    line("Language", channel.attributes().language);
    line("State", fmt::format("{} ({})", to_string(channel.state()), static_cast<int>(channel.state())));
    line("AccountCode", channel.attributes().account_code);
    line("ReadFormat", channel.media().read_codec() ? channel.media().read_codec()->name : "");
    line("WriteFormat", channel.media().write_codec() ? channel.media().write_codec()->name : "");
    line("Bridge", channel.bridge() ? channel.bridge()->id() : "");
    line("CallGroup", channel.attributes().call_groups);
    line("PickupGroup", channel.attributes().pickup_groups);
    line("Context", channel.place().context);
    line("Extension", channel.place().extension);
    line("Priority", std::to_string(channel.place().priority));
    line("Application", channel.application);
    text += "Variables:\n";
    for (const Variables::Entry& entry : channel.variables().all()) text += fmt::format("{}={}\n", entry.name, entry.value);
    return text;
}

Result<void> dump_channel(Channel& channel, const Arguments& arguments) {
    const auto level = arguments.has(0) ? parse_number<unsigned>(trim(arguments[0])) : 0;
    if (!level || *level > 10) return fail(ErrorCode::invalid, "DumpChan: '{}' is no verbose level from 0 to 10", arguments[0]);
    log_verbose(static_cast<int>(*level), "Dumping info for channel {}:\n{}", channel.name(), describe(channel));
    return {};
}

Result<void> load(Module& module) { return module.add(info, dump_channel); }

}  // namespace

JACKFIELD_MODULE("app_dumpchan", "Channel details in the log", load)
