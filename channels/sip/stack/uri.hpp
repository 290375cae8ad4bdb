// SIP, SIPS and TEL URIs (RFC 3261 section 19.1, RFC 3966). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "channels/sip/stack/grammar.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

enum class UriScheme : std::uint8_t { sip, sips, tel, other };

// A URI taken apart. All views point into the text that was parsed and must not outlive it.
struct Uri {
    UriScheme scheme = UriScheme::other;
    std::string_view text;         // all of it
    std::string_view scheme_name;  // as written
    std::string_view user;         // escaped as written, without the password; the number of a tel URI
    std::string_view password;
    std::string_view host;     // name or address; an IPv6 address keeps its brackets; empty unless sip or sips
    std::uint16_t port = 0;    // 0: none given
    Parameters parameters;     // ";transport=tcp;lr"
    std::string_view headers;  // "Replaces=...&Subject=..." after the question mark
    std::string_view opaque;   // what follows the colon of any other scheme

    bool is_sip() const { return scheme == UriScheme::sip || scheme == UriScheme::sips; }
    bool is_loose_router() const { return parameters.has("lr"); }
    std::string_view bare_host() const;  // without the brackets of an IPv6 address
    std::string decoded_user() const;  // escapes undone; what a dialplan sees (may contain any byte but is never long)
};

// Takes `text` apart; no white space around it. Errors: invalid, with the reason.
Result<Uri> parse_uri(std::string_view text);

// RFC 3261 section 19.1.4; URIs of other schemes are equal when their text is (RFC 3966: visual separators of telephone
// numbers don't count).
bool equivalent(const Uri& a, const Uri& b);

// %HH undone; malformed escapes stay as they are.
std::string unescape(std::string_view text);
// What may not stand in a user part, a URI parameter or a header of a URI becomes %HH.
std::string escape_user(std::string_view text);
std::string escape_parameter(std::string_view text);
std::string escape_uri_header(std::string_view text);

// "sip:user@host:port" from plain parts: the user is escaped, IPv6 addresses get brackets, port 0 is left out.
std::string make_uri(UriScheme scheme, std::string_view user, std::string_view host, std::uint16_t port = 0,
                     std::string_view parameters = {});

// Digits, *, # and a leading +: what may have user=phone.
bool is_telephone_number(std::string_view user);

// The key of an address of record: scheme and escapes undone, host in lower case, neither port nor parameters:
// "alice@example.com", "example.com" without a user, "+15551234" for a telephone number.
std::string address_of_record(const Uri& uri);

}  // namespace jackfield::sip
