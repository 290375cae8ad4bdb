// ChanIsAvail: which of several devices could be called.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "ChanIsAvail",
    .syntax = "ChanIsAvail(Technology/Resource[&Technology2/Resource2[...]][,options])",
    .synopsis = "Which of several devices could be called",
    .text = "Sets AVAILORIGCHAN to the first one that could, as written, AVAILCHAN to the name of the channel that was tried with it, "
            "AVAILSTATUS to its device state as a number, AVAILCAUSECODE to the hang-up cause of the last one that could not. Empty "
            "when none could.\n"
            "  a - all of them, separated by &\n"
            "  s - a device in use does not count\n"
            "  t - look at device states only, without trying a channel"};

struct Found {
    std::string channels, as_written;
    DeviceState state = DeviceState::unknown;
    HangupCause cause = HangupCause::not_defined;

    void add(const std::string& name, const std::string& written) {
        channels += (channels.empty() ? "" : "&") + name;
        as_written += (as_written.empty() ? "" : "&") + written;
    }
};

bool usable(DeviceState state, bool must_be_free) {
    if (state == DeviceState::invalid || state == DeviceState::unavailable) return false;
    return !must_be_free || state == DeviceState::not_in_use || state == DeviceState::unknown;
}

Result<void> try_device(Channel& channel, DialRequest request, const OptionLetters& options, Found& found) {
    const std::string written = request.technology + "/" + request.destination;
    found.state = device_state(written);
    if (!usable(found.state, options.has('s'))) return {};
    if (options.has('t')) {
        found.add(written, written);
        return {};
    }
    request.requestor = &channel;
    request.dialled = channel.place().extension;
    if (!channel.topology().empty()) request.formats = channel.topology().front().formats;
    auto made = Channel::request(std::move(request), "ChanIsAvail", found.cause);
    if (!made) {
        if (ends_application(made.error().code)) return std::unexpected(std::move(made).error());
        return {};
    }
    found.add((*made)->name(), written);
    return {};  // the channel was never called and goes
}

Result<void> is_available(Channel& channel, const Arguments& arguments) {
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[1], "ast"));
    auto requests = JF_TRY(parse_dial_string(arguments[0]));
    Found found;
    for (DialRequest& request : requests) {
        JF_TRY(try_device(channel, std::move(request), options, found));
        if (!found.channels.empty() && !options.has('a')) break;
    }
    channel.set_variable("AVAILCHAN", found.channels);
    channel.set_variable("AVAILORIGCHAN", found.as_written);
    channel.set_variable("AVAILSTATUS", std::to_string(static_cast<int>(found.state)));
    channel.set_variable("AVAILCAUSECODE", std::to_string(static_cast<int>(found.cause)));
    return {};
}

Result<void> load(Module& module) { return module.add(info, is_available); }

}  // namespace

JACKFIELD_MODULE("app_chanisavail", "Which devices could be called", load)
