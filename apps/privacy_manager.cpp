// PrivacyManager: who calls without a number is asked for it.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "PrivacyManager",
    .syntax = "PrivacyManager([maxretries[,minlength[,options[,context]]]])",
    .synopsis = "Ask callers without a number for one",
    .text = "Nothing happens to those whose number is known. Others are answered and may dial their number, of at least minlength digits "
            "(10) and, with a context, one that matches an extension there, up to maxretries times (3). It becomes the caller's number. "
            "PRIVACYMGRSTATUS is SUCCESS or FAILED."};

struct Order {
    unsigned attempts = 3, shortest = 10;
};

Result<Order> read_order(const Arguments& arguments) {
    Order order;
    if (arguments.has(0)) {
        const auto number = parse_number<unsigned>(trim(arguments[0]));
        if (!number || *number == 0 || *number > 100) return fail(ErrorCode::invalid, "PrivacyManager: maxretries is a number from 1 to 100, not '{}'", arguments[0]);
        order.attempts = *number;
    }
    if (arguments.has(1)) {
        const auto number = parse_number<unsigned>(trim(arguments[1]));
        if (!number || *number == 0 || *number > 64) return fail(ErrorCode::invalid, "PrivacyManager: minlength is a number from 1 to 64, not '{}'", arguments[1]);
        order.shortest = *number;
    }
    if (arguments.has(2)) JF_TRY(OptionLetters::parse(arguments[2], ""));
    return order;
}

Result<void> play(Channel& channel, std::string_view prompt) {
    auto played = channel.play(prompt);
    if (played) return {};
    if (ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    log_warning("PrivacyManager: {}", played.error().text);
    return {};
}

Result<void> manage(Channel& channel, const Arguments& arguments) {
    const Order order = JF_TRY(read_order(arguments));
    const auto end = [&](bool success) { channel.set_variable("PRIVACYMGRSTATUS", success ? "SUCCESS" : "FAILED"); };
    if (!channel.caller().id.number.text.empty()) {
        end(true);
        return {};
    }
    JF_TRY(channel.answer());
    JF_TRY(play(channel, "privacy-unident"));
    for (unsigned attempt = 0; attempt < order.attempts; ++attempt) {
        JF_TRY(play(channel, "privacy-prompt"));
        ReadOptions options;
        options.maximum = 64;
        options.next = std::chrono::milliseconds(3200);
        const std::string number = JF_TRY(channel.read_digits(options));
        const bool known = number.size() >= order.shortest && (!arguments.has(3) || extension_exists(channel, arguments[3], number));
        if (!known) {
            JF_TRY(play(channel, "privacy-incorrect"));
            continue;
        }
        JF_TRY(play(channel, "privacy-thankyou"));
        CallerIdentity caller = channel.caller();
        caller.id = PartyId::of(number, caller.id.name.valid ? caller.id.name.text : std::string("Privacy Manager"));
        channel.update_caller(std::move(caller));
        end(true);
        return {};
    }
    end(false);
    return {};
}

Result<void> load(Module& module) { return module.add(info, manage); }

}  // namespace

JACKFIELD_MODULE("app_privacy", "Require phone number to be entered, if no CallerID sent", load)
