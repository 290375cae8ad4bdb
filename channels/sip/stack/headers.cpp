// The values that header fields carry (RFC 3261 section 20 and its extensions).
#include "channels/sip/stack/headers.hpp"

#include <fmt/core.h>

#include <array>

#include "core/base/strings.hpp"

namespace jackfield::sip {

using namespace grammar;

namespace {

constexpr std::array<std::string_view, 7> weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes a run of token characters, with the white space before it, off `rest`.
std::string_view take_token(std::string_view& rest) {
    rest = strip(rest);
    std::size_t end = 0;
    while (end < rest.size() && is_token(rest[end])) ++end;
    const std::string_view token = rest.substr(0, end);
    rest.remove_prefix(end);
    return token;
}

bool take(std::string_view& rest, char expected) {
    rest = strip(rest);
    if (rest.empty() || rest.front() != expected) return false;
    rest.remove_prefix(1);
    return true;
}

}  // namespace

bool next_list_item(std::string_view& rest, std::string_view& item) {
    while (!rest.empty()) {
        std::size_t end = find_outside_quotes(rest, ',');
        if (end == std::string_view::npos) end = rest.size();
        item = strip(rest.substr(0, end));
        rest.remove_prefix(end == rest.size() ? end : end + 1);
        if (!item.empty()) return true;
    }
    return false;
}

bool Via::has_magic_branch() const { return branch.size() > 7 && starts_with_ignoring_case(branch, "z9hG4bK"); }

Result<Via> parse_via(std::string_view item) {
    std::string_view rest = item;
    Via via;
    if (!same_word(take_token(rest), "SIP") || !take(rest, '/')) return fail(ErrorCode::invalid, "Malformed Via");
    const std::string_view version = take_token(rest);
    if (version.empty() || !take(rest, '/')) return fail(ErrorCode::invalid, "Malformed Via");
    via.transport = take_token(rest);
    if (via.transport.empty() || rest.empty() || !is_white(rest.front()))
        return fail(ErrorCode::invalid, "Malformed Via");
    rest = strip(rest);

    std::size_t end = 0;
    if (!rest.empty() && rest.front() == '[') {
        end = rest.find(']');
        if (end == std::string_view::npos) return fail(ErrorCode::invalid, "Malformed sent-by in Via");
        ++end;
    } else {
        while (end < rest.size() && is(rest[end], alpha_numeric | host_mark)) ++end;
    }
    via.host = rest.substr(0, end);
    if (via.host.empty()) return fail(ErrorCode::invalid, "Malformed sent-by in Via");
    rest.remove_prefix(end);
    if (take(rest, ':')) {
        rest = strip(rest);
        std::size_t digits = 0;
        while (digits < rest.size() && is_digit(rest[digits])) ++digits;
        const auto port = exact_number(rest.substr(0, digits));
        if (!port || *port == 0 || *port > 65535) return fail(ErrorCode::invalid, "Malformed port in Via");
        via.port = static_cast<std::uint16_t>(*port);
        rest.remove_prefix(digits);
    }
    rest = strip(rest);
    if (!rest.empty() && rest.front() != ';') return fail(ErrorCode::invalid, "Malformed sent-by in Via");
    via.parameters = Parameters(rest);
    if (!via.parameters.well_formed()) return fail(ErrorCode::invalid, "Malformed parameters in Via");

    Parameter parameter;
    for (std::size_t position = 0; via.parameters.next(position, parameter);) {
        if (same_word(parameter.name, "branch")) {
            via.branch = parameter.value;
        } else if (same_word(parameter.name, "received")) {
            via.received = parameter.value;
        } else if (same_word(parameter.name, "rport")) {
            via.has_rport = true;
            const auto port = exact_number(parameter.value);
            via.rport = port && *port <= 65535 ? static_cast<std::uint16_t>(*port) : std::uint16_t{0};
        }
    }
    return via;
}

Result<CSeq> parse_cseq(std::string_view value) {
    std::string_view rest = strip(value);
    const std::string_view digits = take_token(rest);
    const auto number = exact_number(digits);
    if (!number || *number > 0x7fffffff) return fail(ErrorCode::invalid, "Malformed CSeq");
    if (rest.empty() || !is_white(rest.front())) return fail(ErrorCode::invalid, "Malformed CSeq");
    CSeq cseq{.number = *number};
    cseq.method_name = take_token(rest);
    if (cseq.method_name.empty() || !strip(rest).empty()) return fail(ErrorCode::invalid, "Malformed CSeq");
    cseq.method = find_method(cseq.method_name);
    return cseq;
}

Result<NameAddress> parse_name_address(std::string_view item) {
    item = strip(item);
    NameAddress address;
    const std::size_t open = find_outside_quotes(item, '<', 0, true);
    if (open == std::string_view::npos) return fail(ErrorCode::invalid, "Unbalanced quotes");
    if (open == item.size()) {
        // addr-spec: what follows the first semicolon belongs to the header, not to the URI.
        const std::size_t at = item.find('@');
        const std::size_t end = std::min(item.find(';', at == std::string_view::npos ? 0 : at), item.size());
        const std::string_view text = strip(item.substr(0, end));
        if (text.find('?', at == std::string_view::npos ? 0 : at) != std::string_view::npos)
            return fail(ErrorCode::invalid, "URI with headers needs angle brackets");
        address.uri = JF_TRY(parse_uri(text));
        address.parameters = Parameters(item.substr(end));
    } else {
        address.bracketed = true;
        address.raw_name = strip(item.substr(0, open));
        const std::size_t close = item.find('>', open);
        if (close == std::string_view::npos) return fail(ErrorCode::invalid, "Unbalanced angle brackets");
        address.uri = JF_TRY(parse_uri(strip(item.substr(open + 1, close - open - 1))));
        const std::string_view rest = strip(item.substr(close + 1));
        if (!rest.empty() && rest.front() != ';') return fail(ErrorCode::invalid, "Text after the URI");
        address.parameters = Parameters(rest);
    }
    if (!address.parameters.well_formed()) return fail(ErrorCode::invalid, "Malformed parameters");
    return address;
}

std::optional<std::uint16_t> parse_q(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return {};
    unsigned value = text[0] == '1' ? 1000 : 0;
    if (text.size() == 1) return static_cast<std::uint16_t>(value);
    if (text[1] != '.') return {};
    unsigned weight = 100;
    for (const char c : text.substr(2)) {
        if (!is_digit(c)) return {};
        value += weight * static_cast<unsigned>(c - '0');
        weight /= 10;
    }
    if (value > 1000) return {};
    return static_cast<std::uint16_t>(value);
}

Result<ContactValue> parse_contact(std::string_view item) {
    ContactValue contact;
    if (strip(item) == "*") {
        contact.wildcard = true;
        return contact;
    }
    contact.address = JF_TRY(parse_name_address(item));
    if (const auto expires = contact.address.parameters.find("expires")) {
        // RFC 3261 10.3: a malformed expiry counts as 3600.
        contact.expires = parse_delta_seconds(expires->value).value_or(3600);
    }
    if (const auto q = contact.address.parameters.find("q")) {
        const auto value = parse_q(q->value);
        if (!value) return fail(ErrorCode::invalid, "Malformed q in Contact");
        contact.q = *value;
    }
    return contact;
}

TokenValue parse_token_value(std::string_view item) {
    item = strip(item);
    const std::size_t end = std::min(item.find(';'), item.size());
    return {strip(item.substr(0, end)), Parameters(item.substr(end))};
}

std::optional<std::uint32_t> parse_delta_seconds(std::string_view value) { return clamped_number(strip(value)); }

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value) {
    std::string_view rest = strip(value);
    const auto seconds = clamped_number(take_token(rest));
    if (!seconds) return {};
    return std::chrono::seconds(*seconds);
}

std::optional<SessionExpires> parse_session_expires(std::string_view value) {
    const TokenValue parts = parse_token_value(value);
    const auto seconds = clamped_number(parts.token);
    if (!seconds) return {};
    SessionExpires result{.interval = std::chrono::seconds(*seconds)};
    const std::string_view refresher = parts.parameters.value("refresher");
    if (same_word(refresher, "uac")) result.refresher = Refresher::uac;
    if (same_word(refresher, "uas")) result.refresher = Refresher::uas;
    return result;
}

Result<RAck> parse_rack(std::string_view value) {
    std::string_view rest = value;
    const auto rseq = exact_number(take_token(rest));
    if (!rseq) return fail(ErrorCode::invalid, "Malformed RAck");
    RAck rack{.rseq = *rseq};
    auto cseq = parse_cseq(rest);
    if (!cseq) return fail(ErrorCode::invalid, "Malformed RAck");
    rack.cseq = *cseq;
    return rack;
}

Result<DialogReference> parse_dialog_reference(std::string_view value) {
    const TokenValue parts = parse_token_value(value);
    DialogReference reference;
    reference.call_id = parts.token;
    // Target-Dialog calls the tags by the sides that see them.
    const auto to = parts.parameters.find("to-tag"), remote = parts.parameters.find("remote-tag");
    const auto from = parts.parameters.find("from-tag"), local = parts.parameters.find("local-tag");
    if (to || remote) reference.to_tag = (to ? to : remote)->value;
    if (from || local) reference.from_tag = (from ? from : local)->value;
    reference.early_only = parts.parameters.has("early-only");
    if (reference.call_id.empty() || reference.to_tag.empty() || reference.from_tag.empty())
        return fail(ErrorCode::invalid, "Dialog reference without Call-ID or tags");
    return reference;
}

Reason parse_reason(std::string_view item) {
    const TokenValue parts = parse_token_value(item);
    Reason reason{.protocol = parts.token, .cause = clamped_number(parts.parameters.value("cause"))};
    reason.text = unquote(parts.parameters.value("text"));
    return reason;
}

std::optional<std::chrono::sys_seconds> parse_date(std::string_view value) {
    // "Fri, 01 Jan 2010 16:00:00 GMT"
    value = strip(value);
    if (value.size() != 29 || value.substr(3, 2) != ", " || value.substr(25) != " GMT" || value[7] != ' ' ||
        value[11] != ' ' || value[16] != ' ' || value[19] != ':' || value[22] != ':')
        return {};
    const auto month = std::find_if(months.begin(), months.end(),
                                    [&](std::string_view name) { return same_word(name, value.substr(8, 3)); });
    const auto day = exact_number(value.substr(5, 2)), year = exact_number(value.substr(12, 4));
    const auto hour = exact_number(value.substr(17, 2)), minute = exact_number(value.substr(20, 2));
    const auto second = exact_number(value.substr(23, 2));
    if (month == months.end() || !day || !year || !hour || !minute || !second) return {};
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                           std::chrono::day(*day)};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

std::string format_date(std::chrono::sys_seconds when) {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(when - day);
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", weekdays[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

}  // namespace jackfield::sip
