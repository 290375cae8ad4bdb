// Transfer: have the caller's own side call somebody else (SIP REFER or redirection).
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "Transfer",
    .syntax = "Transfer([Tech/]destination)",
    .synopsis = "Ask the caller's side to call another destination",
    .text = "Sets TRANSFERSTATUS to SUCCESS, FAILURE or UNSUPPORTED. With a technology the transfer takes place only when "
            "the channel is of that technology."};

Result<void> transfer(Channel& channel, const Arguments& arguments) {
    std::string_view destination = arguments.raw();
    if (destination.empty()) {
        channel.set_variable("TRANSFERSTATUS", "FAILURE");
        return fail(ErrorCode::invalid, "Transfer needs a destination");
    }
    if (const Halves parts = split_once(destination, '/'); parts.found) {
        if (!equals_ignoring_case(parts.first, channel.technology())) {
            channel.set_variable("TRANSFERSTATUS", "FAILURE");
            return {};
        }
        destination = parts.second;
    }
    auto done = channel.transfer(destination);
    if (done) {
        channel.set_variable("TRANSFERSTATUS", "SUCCESS");
        return {};
    }
    channel.set_variable("TRANSFERSTATUS", done.error().code == ErrorCode::unsupported ? "UNSUPPORTED" : "FAILURE");
    if (ends_application(done.error().code)) return done;
    log_notice("Transfer of {} to {} failed: {}", channel.name(), destination, done.error().text);
    return {};
}

Result<void> load(Module& module) { return module.add(info, transfer); }

}  // namespace

JACKFIELD_MODULE("app_transfer", "Transfer by the far side", load)
