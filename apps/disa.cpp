// DISA (direct inward system access): a caller from outside gets a dial tone and dials as somebody inside.
#include "core/config/file_source.hpp"
#include "core/dialplan/call_state.hpp"
#include "core/sdk.hpp"

using namespace jackfield;
using std::chrono::milliseconds;

namespace {

constexpr ApplicationInfo info{
    .name = "DISA",
    .syntax = "DISA(passcode|filename[,context[,cid[,mailbox[,options]]]])",
    .synopsis = "Give a caller from outside a dial tone",
    .text = "The caller dials the passcode and #, unless that is `no-password`, then an extension of the context (disa). A passcode "
            "that begins with / names a file with lines of passcode[,context[,cid]]. `cid` becomes the caller's identity, the "
            "passcode the account code. Wrong codes and extensions get the congestion tone; with an `i` extension in the context "
            "INVALID_EXTEN is dialled there. The tone for a mailbox with messages is not available.\n"
            "  n - do not answer\n"
            "  p - # ends the extension"};

constexpr milliseconds first_digit{20000}, next_digit{10000};
constexpr std::size_t largest_file = 1024 * 1024, longest_number = 80;

struct Access {
    std::string passcode, context = "disa", caller;
    OptionLetters options;
};

// Digits until #, the longest number or the time between two has passed. With a context: until they are an extension.
Result<std::string> dial_digits(Channel& channel, const std::string& context, bool pound_ends) {
    Result<std::string> digits = std::string();
    JF_TRY(channel.start_tone("dial"));
    for (;;) {
        auto digit = channel.read_digit(digits->empty() ? first_digit : next_digit);
        if (!digit && digit.error().code == ErrorCode::timeout) return digits;
        if (!digit) return std::unexpected(std::move(digit).error());
        if (*digit == '#' && pound_ends) return digits;
        *digits += *digit;
        // ignorepat keeps the tone for a prefix that leads outside.
        if (context.empty() || !plan_of(channel)->ignores(context, *digits)) channel.stop_indication();
        if (digits->size() >= longest_number) return digits;
        if (context.empty()) continue;
        const MatchKind match = match_extension(channel, context, *digits);
        if (match == MatchKind::exact || (match == MatchKind::none && !pound_ends)) return digits;
    }
}

// Whether the passcode opens the door; a file's line may change context and caller. Waits.
Result<bool> admits(const std::string& wanted, const std::string& passcode, Access& access) {
    if (!wanted.starts_with('/')) return passcode == wanted;
    auto content = JF_TRY(offload([wanted] { return DiskFiles().read(wanted, largest_file); }));
    for (const std::string_view line : split(content.text, '\n')) {
        const std::string_view entry = trim(line);
        if (entry.empty() || entry.starts_with(';') || entry.starts_with('#')) continue;
        const auto parts = split_arguments(entry);
        if (parts[0] != passcode) continue;
        if (parts.size() > 1 && !parts[1].empty()) access.context = parts[1];
        if (parts.size() > 2 && !parts[2].empty()) access.caller = parts[2];
        return true;
    }
    return false;
}

Result<void> refuse(Channel& channel) {
    JF_TRY(channel.start_tone("congestion"));
    JF_TRY(channel.wait(std::chrono::seconds(10)));
    channel.hang_up(HangupCause::normal_clearing);
    return fail(ErrorCode::hangup);
}

Result<void> disa(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "DISA needs a passcode");
    if (arguments.has(3)) return fail(ErrorCode::unsupported, "DISA: the tone for a mailbox with messages is not available");
    Access access;
    if (arguments.has(1)) access.context = arguments[1];
    access.caller = arguments[2];
    access.options = JF_TRY(OptionLetters::parse(arguments[4], "np"));
    if (!access.options.has('n')) JF_TRY(channel.answer());
    if (!equals_ignoring_case(arguments[0], "no-password")) {
        access.passcode = JF_TRY(dial_digits(channel, {}, true));
        if (!JF_TRY(admits(std::string(arguments[0]), access.passcode, access))) {
            log_notice("DISA: {} gave a wrong passcode", channel.name());
            return refuse(channel);
        }
        channel.attributes().account_code = access.passcode;
    }
    const std::string digits = JF_TRY(dial_digits(channel, access.context, access.options.has('p')));
    if (!access.caller.empty()) {
        CallerIdentity caller = channel.caller();
        caller.id = PartyId::parse(access.caller);
        channel.update_caller(std::move(caller));
    }
    if (!digits.empty() && extension_exists(channel, access.context, digits)) {
        go_to(channel, Place{access.context, digits, 1});
        return {};
    }
    if (!digits.empty() && extension_exists(channel, access.context, "i")) {
        channel.set_variable("INVALID_EXTEN", digits);
        go_to(channel, Place{access.context, "i", 1});
        return {};
    }
    return refuse(channel);
}

Result<void> load(Module& module) { return module.add(info, disa); }

}  // namespace

JACKFIELD_MODULE("app_disa", "Direct inward system access", load)
