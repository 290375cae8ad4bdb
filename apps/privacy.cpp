// PrivacyManager: ask callers without a number for theirs.
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo info{
    .name = "PrivacyManager",
    .syntax = "PrivacyManager([maxretries[,minlength[,options[,context]]]])",
    .synopsis = "Ask callers without a number for theirs",
    .text = "Does nothing when the caller has a number that may be shown. Else answers and asks, `maxretries` (3) times, for one of at "
            "least `minlength` (10) digits, which becomes the caller's number; with a context only one that it has as an extension. "
            "Sets PRIVACYMGRSTATUS to SUCCESS or FAILED. Prompts: privacy-unident, privacy-prompt, privacy-incorrect, "
            "privacy-thankyou."};

bool known(const CallerIdentity& caller) {
    const Presentation shown = caller.id.number.presentation;
    const bool may_be_shown = static_cast<int>(shown) < static_cast<int>(Presentation::prohib_not_screened);
    return caller.id.number.valid && !caller.id.number.text.empty() && may_be_shown;
}

struct Request {
    unsigned retries = 3, shortest = 10;
    std::string context;
};

Result<Request> parse(const Arguments& arguments) {
    Request request;
    for (const auto& [place, target] : {std::pair{0u, &request.retries}, {1u, &request.shortest}}) {
        if (!arguments.has(place)) continue;
        const auto number = parse_number<unsigned>(trim(arguments[place]));
        if (!number || !*number || *number > 250) return fail(ErrorCode::invalid, "PrivacyManager: '{}' is no number from 1 to 250", arguments[place]);
        *target = *number;
    }
    if (arguments.has(2)) return fail(ErrorCode::invalid, "PrivacyManager has no option '{}'", arguments[2]);
    request.context = arguments[3];
    return request;
}

Result<void> say(Channel& channel, std::string_view prompt) {
    auto played = channel.play(prompt);
    if (!played && ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    return {};
}

// The number, or nothing when all attempts have failed.
Result<std::string> ask(Channel& channel, const Request& request) {
    JF_TRY(say(channel, "privacy-unident"));
    ReadOptions input;
    input.prompts = "privacy-prompt";
    for (unsigned attempt = 0; attempt < request.retries; ++attempt) {
        auto digits = channel.read_digits(input);
        if (!digits && digits.error().code != ErrorCode::timeout) return std::unexpected(std::move(digits).error());
        const bool good = digits && digits->size() >= request.shortest &&
                          (request.context.empty() || extension_exists(channel, request.context, *digits));
        if (good) return digits;
        JF_TRY(say(channel, "privacy-incorrect"));
    }
    return std::string();
}

Result<void> privacy_manager(Channel& channel, const Arguments& arguments) {
    const Request request = JF_TRY(parse(arguments));
    channel.set_variable("PRIVACYMGRSTATUS", "SUCCESS");
    if (known(channel.caller())) return {};
    JF_TRY(channel.answer());
    const std::string number = JF_TRY(ask(channel, request));
    if (number.empty()) {
        channel.set_variable("PRIVACYMGRSTATUS", "FAILED");
        return {};
    }
    CallerIdentity caller = channel.caller();
    caller.id = PartyId::of(number, "Privacy Manager");
    channel.update_caller(std::move(caller));
    return say(channel, "privacy-thankyou");
}

Result<void> load(Module& module) { return module.add(info, privacy_manager); }

}  // namespace

JACKFIELD_MODULE("app_privacy", "Numbers of anonymous callers", load)
