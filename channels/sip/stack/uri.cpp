// SIP, SIPS and TEL URIs (RFC 3261 section 19.1, RFC 3966).
#include "channels/sip/stack/uri.hpp"

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::sip {

using namespace grammar;

namespace {

constexpr std::string_view reserved = ";/?:@&=+$,";

// Comparing two URIs looks at each pair of parameters, so that many would be a way to keep us busy.
constexpr std::ptrdiff_t most_parts = 32;

// RFC 3261 25.1: `marks` besides letters, digits and well-formed escapes. Bytes above 127 pass: UTF-8 user names exist.
bool only(std::string_view text, unsigned marks) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) return false;
            i += 2;
        } else if (!is(c, alpha_numeric | marks) && static_cast<unsigned char>(c) < 0x80) {
            return false;
        }
    }
    return true;
}

bool is_host(std::string_view host) {
    if (host.empty()) return false;
    if (host.front() == '[') {
        if (host.size() < 4 || host.back() != ']') return false;
        for (const char c : host.substr(1, host.size() - 2))
            if (!is(c, hexadecimal) && c != ':' && c != '.') return false;
        return true;
    }
    for (const char c : host)
        if (!is(c, alpha_numeric | host_mark)) return false;
    return true;
}

// host[:port] into `uri`.
Result<void> parse_host_port(std::string_view text, Uri& uri) {
    std::size_t end = 0;
    if (!text.empty() && text.front() == '[') {
        end = text.find(']');
        end = end == std::string_view::npos ? text.size() : end + 1;
    } else {
        end = std::min(text.find(':'), text.size());
    }
    uri.host = text.substr(0, end);
    if (!is_host(uri.host)) return fail(ErrorCode::invalid, "Malformed host in URI");
    if (end == text.size()) return {};
    if (text[end] != ':') return fail(ErrorCode::invalid, "Malformed host in URI");
    const auto port = exact_number(text.substr(end + 1));
    if (!port || *port == 0 || *port > 65535) return fail(ErrorCode::invalid, "Malformed port in URI");
    uri.port = static_cast<std::uint16_t>(*port);
    return {};
}

bool parameters_allowed(std::string_view text) {
    if (text.empty()) return true;
    if (text.front() != ';' || std::ranges::count(text, ';') > most_parts) return false;
    std::size_t start = 1;
    while (true) {
        const std::size_t end = std::min(text.find(';', start), text.size());
        const std::string_view part = text.substr(start, end - start);
        const std::size_t equals = part.find('=');
        const std::string_view name = part.substr(0, equals);
        if (name.empty() || !only(name, parameter_mark)) return false;
        if (equals != std::string_view::npos && !only(part.substr(equals + 1), parameter_mark | user_mark))
            return false;
        if (end == text.size()) return true;
        start = end + 1;
    }
}

Result<void> parse_sip(std::string_view rest, Uri& uri) {
    // The user part may contain ; ? and / unescaped, so the @ is looked for first.
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        const std::string_view user_info = rest.substr(0, at);
        const std::size_t colon = user_info.find(':');
        uri.user = user_info.substr(0, colon);
        if (colon != std::string_view::npos) uri.password = user_info.substr(colon + 1);
        if (uri.user.empty() || !only(uri.user, user_mark | dialled_mark) || !only(uri.password, user_mark))
            return fail(ErrorCode::invalid, "Malformed user in URI");
        rest.remove_prefix(at + 1);
    }
    if (const std::size_t question = rest.find('?'); question != std::string_view::npos) {
        uri.headers = rest.substr(question + 1);
        if (uri.headers.empty() || std::ranges::count(uri.headers, '&') >= most_parts ||
            !only(uri.headers, parameter_mark | user_mark))
            return fail(ErrorCode::invalid, "Malformed headers in URI");
        rest = rest.substr(0, question);
    }
    const std::size_t semicolon = std::min(rest.find(';'), rest.size());
    uri.parameters = Parameters(rest.substr(semicolon));
    if (!parameters_allowed(rest.substr(semicolon))) return fail(ErrorCode::invalid, "Malformed parameters in URI");
    return parse_host_port(rest.substr(0, semicolon), uri);
}

Result<void> parse_tel(std::string_view rest, Uri& uri) {
    const std::size_t semicolon = std::min(rest.find(';'), rest.size());
    uri.user = rest.substr(0, semicolon);
    uri.parameters = Parameters(rest.substr(semicolon));
    bool has_digit = false;
    for (const char c : uri.user) {
        if (!is(c, hexadecimal) && std::string_view("+*#-.()").find(c) == std::string_view::npos)
            return fail(ErrorCode::invalid, "Malformed number in tel URI");
        has_digit |= is(c, hexadecimal) || c == '*' || c == '#';
    }
    if (!has_digit) return fail(ErrorCode::invalid, "Malformed number in tel URI");
    if (!parameters_allowed(rest.substr(semicolon))) return fail(ErrorCode::invalid, "Malformed parameters in URI");
    return {};
}

// Next character with its escape undone; an escaped reserved character is not the same as the bare one.
int next_canonical(std::string_view text, std::size_t& position, bool fold) {
    char c = text[position++];
    bool escaped = false;
    if (c == '%' && position + 1 < text.size()) {
        const int high = hex_value(text[position]), low = hex_value(text[position + 1]);
        if (high >= 0 && low >= 0) {
            c = static_cast<char>(high << 4 | low);
            position += 2;
            escaped = true;
        }
    }
    const int value = static_cast<unsigned char>(fold ? lower(c) : c);
    return escaped && reserved.find(c) != std::string_view::npos ? value | 0x100 : value;
}

bool same_text(std::string_view a, std::string_view b, bool fold) {
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size())
        if (next_canonical(a, i, fold) != next_canonical(b, j, fold)) return false;
    return i == a.size() && j == b.size();
}

// Each parameter of `a` has its equal in `b`, or may be absent there.
bool parameters_match(const Parameters& a, const Parameters& b) {
    Parameter mine;
    for (std::size_t position = 0; a.next(position, mine);) {
        bool named = false, equal = false;
        Parameter other;
        for (std::size_t at = 0; !equal && b.next(at, other);) {
            if (!same_text(mine.name, other.name, true)) continue;
            named = true;
            equal = mine.has_value == other.has_value && same_text(mine.value, other.value, true);
        }
        if (named && !equal) return false;
        if (named) continue;
        for (const std::string_view must : {"transport", "user", "ttl", "method", "maddr"})
            if (same_text(mine.name, must, true)) return false;
    }
    return true;
}

bool headers_match(std::string_view a, std::string_view b) {
    const Parameters left(a, '&'), right(b, '&');
    const auto contained = [](const Parameters& these, const Parameters& those) {
        Parameter one, other;
        for (std::size_t i = 0; these.next(i, one);) {
            bool found = false;
            for (std::size_t j = 0; !found && those.next(j, other);)
                found = same_text(one.name, other.name, true) && same_text(one.value, other.value, false);
            if (!found) return false;
        }
        return true;
    };
    return contained(left, right) && contained(right, left);
}

std::string escape_except(std::string_view text, unsigned marks) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string escaped;
    escaped.reserve(text.size());
    for (const char c : text) {
        if (is(c, alpha_numeric | marks)) {
            escaped += c;
        } else {
            escaped += '%';
            escaped += digits[static_cast<unsigned char>(c) >> 4];
            escaped += digits[static_cast<unsigned char>(c) & 15];
        }
    }
    return escaped;
}

std::string dialled_number(std::string_view number) {
    std::string plain;
    for (const char c : number)
        if (std::string_view("-.()").find(c) == std::string_view::npos) plain += lower(c);
    return plain;
}

}  // namespace

std::string_view Uri::bare_host() const {
    return host.size() >= 2 && host.front() == '[' ? host.substr(1, host.size() - 2) : host;
}

std::string Uri::decoded_user() const { return unescape(user); }

Result<Uri> parse_uri(std::string_view text) {
    Uri uri;
    uri.text = text;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail(ErrorCode::invalid, "URI without a scheme");
    uri.scheme_name = text.substr(0, colon);
    for (const char c : uri.scheme_name)
        if (!is(c, alpha_numeric) && c != '+' && c != '-' && c != '.') return fail(ErrorCode::invalid, "Malformed URI");
    const std::string_view rest = text.substr(colon + 1);
    if (same_word(uri.scheme_name, "sip") || same_word(uri.scheme_name, "sips")) {
        uri.scheme = uri.scheme_name.size() == 3 ? UriScheme::sip : UriScheme::sips;
        JF_TRY(parse_sip(rest, uri));
    } else if (same_word(uri.scheme_name, "tel")) {
        uri.scheme = UriScheme::tel;
        JF_TRY(parse_tel(rest, uri));
    } else {
        if (rest.empty()) return fail(ErrorCode::invalid, "Malformed URI");
        for (const char c : rest)  // those above are asked what they may hold, part by part
            if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"')
                return fail(ErrorCode::invalid, "Forbidden character in URI");
        uri.opaque = rest;
    }
    return uri;
}

bool equivalent(const Uri& a, const Uri& b) {
    if (a.scheme != b.scheme) return false;
    if (a.scheme == UriScheme::other) return same_word(a.scheme_name, b.scheme_name) && a.opaque == b.opaque;
    if (a.scheme == UriScheme::tel)
        return dialled_number(a.user) == dialled_number(b.user) && parameters_match(a.parameters, b.parameters) &&
               parameters_match(b.parameters, a.parameters) &&
               same_word(a.parameters.value("phone-context"), b.parameters.value("phone-context"));
    return same_text(a.user, b.user, false) && same_text(a.password, b.password, false) && same_word(a.host, b.host) &&
           a.port == b.port && parameters_match(a.parameters, b.parameters) &&
           parameters_match(b.parameters, a.parameters) && headers_match(a.headers, b.headers);
}

std::string unescape(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high >= 0 && low >= 0) {
                plain += static_cast<char>(high << 4 | low);
                i += 2;
                continue;
            }
        }
        plain += text[i];
    }
    return plain;
}

std::string escape_user(std::string_view text) { return escape_except(text, user_mark); }
std::string escape_parameter(std::string_view text) { return escape_except(text, parameter_mark); }

// RFC 3261 25.1: hnv-unreserved, less '&', which separates headers.
std::string escape_uri_header(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (is(c, alpha_numeric) || std::string_view("-_.!~*'()[]/?:+$").find(c) != std::string_view::npos)
            escaped += c;
        else
            escaped += escape_except({&c, 1}, 0);
    }
    return escaped;
}

bool is_telephone_number(std::string_view user) {
    if (user.starts_with('+')) user.remove_prefix(1);
    return !user.empty() && user.find_first_not_of("0123456789*#") == std::string_view::npos;
}

std::string make_uri(UriScheme scheme, std::string_view user, std::string_view host, std::uint16_t port,
                     std::string_view parameters) {
    std::string uri;
    uri.reserve(user.size() + host.size() + parameters.size() + sizeof "sips:@[]:65535");
    uri += scheme == UriScheme::sips ? "sips:" : scheme == UriScheme::tel ? "tel:" : "sip:";
    if (scheme == UriScheme::tel) return uri.append(user).append(parameters);
    if (!user.empty()) uri.append(escape_user(user)).append("@");
    const bool bracket = host.find(':') != std::string_view::npos && host.front() != '[';
    if (bracket) uri += '[';
    uri += host;
    if (bracket) uri += ']';
    if (port != 0) uri.append(":").append(std::to_string(port));
    return uri.append(parameters);
}

std::string address_of_record(const Uri& uri) {
    if (uri.scheme == UriScheme::tel) return dialled_number(uri.user);
    if (uri.scheme == UriScheme::other) return std::string(uri.text);
    std::string key = unescape(uri.user);
    if (!key.empty()) key += '@';
    return key += to_lower(uri.host);
}

}  // namespace jackfield::sip
