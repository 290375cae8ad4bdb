// Diversion (RFC 5806) and History-Info (RFC 7044).
#include "channels/sip/stack/redirection.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/strings.hpp"

namespace jackfield::sip {
namespace {

struct Word {
    std::string_view redirecting, diversion;
    std::uint32_t cause;  // RFC 4458 section 2
};
constexpr std::array<Word, 12> words{{
    {"cfb", "user-busy", 486},        {"cfnr", "no-answer", 408},       {"cfu", "unconditional", 302},     {"deflection", "deflection", 480},
    {"unavailable", "unavailable", 503}, {"time_of_day", "time-of-day", 404}, {"dnd", "do-not-disturb", 404}, {"follow_me", "follow-me", 404},
    {"out_of_order", "out-of-service", 404}, {"away", "away", 404},      {"cf_dte", "cf-dte", 404},         {"unknown", "unknown", 404},
}};
constexpr int most_entries = 100;

std::string reason_of_cause(std::uint32_t cause) {
    if (cause == 487) return "deflection";
    const auto found = std::ranges::find_if(words, [&](const Word& word) { return word.cause == cause && cause != 404; });
    return std::string(found == words.end() ? "unknown" : found->redirecting);
}

// user@host of a URI, without what may be written behind.
std::string_view bare(std::string_view uri) { return uri.substr(0, uri.find_first_of(";?")); }

}  // namespace

std::string diversion_reason(std::string_view reason) {
    if (reason.empty()) return "unknown";
    const auto found = std::ranges::find_if(words, [&](const Word& word) { return equals_ignoring_case(word.redirecting, reason); });
    return std::string(found == words.end() ? reason : found->diversion);
}

std::string redirecting_reason(std::string_view diversion) {
    if (diversion.empty()) return "unknown";
    const auto found = std::ranges::find_if(words, [&](const Word& word) { return equals_ignoring_case(word.diversion, diversion); });
    return std::string(found == words.end() ? diversion : found->redirecting);
}

std::optional<Redirection> find_redirection(const Message& request) {
    if (Message::Values diversions(request, HeaderName::diversion); diversions.next()) {
        const auto from = parse_name_address(diversions.item);
        if (!from) return {};
        const int count = parse_number<int>(from->parameters.value("counter")).value_or(1);
        return Redirection{from->uri.decoded_user(), from->display_name(), redirecting_reason(unquote(from->parameters.value("reason"))),
                           std::clamp(count, 1, most_entries)};
    }
    // The last one that was left, and says why in its URI; who comes behind it is called now.
    std::optional<Redirection> last;
    int count = 0, entries = 0;
    for (Message::Values history(request, HeaderName::history_info); history.next() && ++entries <= most_entries;) {
        const auto entry = parse_name_address(history.item);
        if (!entry) continue;
        const std::string why = unescape(Parameters(entry->uri.headers, '&').value("Reason"));
        if (why.empty()) continue;
        const Reason reason = parse_reason(why);
        if (!grammar::same_word(reason.protocol, "SIP")) continue;
        last = Redirection{entry->uri.decoded_user(), entry->display_name(), reason_of_cause(reason.cause.value_or(0)), ++count};
    }
    return last;
}

std::string history_info(std::string_view from_uri, std::string_view to_uri, std::string_view reason, bool hidden) {
    const auto found = std::ranges::find_if(words, [&](const Word& word) { return equals_ignoring_case(word.redirecting, reason); });
    const std::uint32_t cause = found == words.end() ? 404 : found->cause;
    const std::string_view from = hidden ? "sip:anonymous@anonymous.invalid" : bare(from_uri);
    return fmt::format("<{}?Reason=SIP%3Bcause%3D{}{}>;index=1, <{}>;index=1.1;mp=1", from, cause, hidden ? "&Privacy=history" : "", bare(to_uri));
}

}  // namespace jackfield::sip
