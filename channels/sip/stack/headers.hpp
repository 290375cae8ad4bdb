// SIP header names and the values that their fields carry (RFC 3261 section 20 and its extensions). Pure; any thread.
// All views point into the text that was parsed and must not outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "channels/sip/stack/grammar.hpp"
#include "channels/sip/stack/uri.hpp"
#include "core/base/result.hpp"

namespace jackfield::sip {

enum class Method : std::uint8_t {
    unknown,
    invite,
    ack,
    bye,
    cancel,
    options,
    register_,
    prack,
    subscribe,
    notify,
    publish,
    info,
    refer,
    message,
    update,
};
std::string_view to_string(Method method);  // "INVITE"; "" for unknown
Method find_method(std::string_view name);  // letter case counts (RFC 3261 7.1)

// The headers that this stack knows; all others are found by their name.
enum class HeaderName : std::uint8_t {
    unknown,
    accept,
    accept_encoding,
    accept_language,
    alert_info,
    allow,
    allow_events,
    authentication_info,
    authorization,
    call_id,
    call_info,
    contact,
    content_disposition,
    content_encoding,
    content_length,
    content_type,
    cseq,
    date,
    diversion,
    error_info,
    event,
    expires,
    flow_timer,
    from,
    geolocation,
    history_info,
    identity,
    in_reply_to,
    join,
    max_forwards,
    mime_version,
    min_expires,
    min_se,
    organization,
    p_access_network_info,
    p_asserted_identity,
    p_called_party_id,
    p_early_media,
    p_preferred_identity,
    path,
    priority,
    privacy,
    proxy_authenticate,
    proxy_authorization,
    proxy_require,
    rack,
    reason,
    record_route,
    recv_info,
    refer_sub,
    refer_to,
    referred_by,
    remote_party_id,
    replaces,
    reply_to,
    request_disposition,
    require,
    retry_after,
    route,
    rseq,
    server,
    service_route,
    session_expires,
    sip_etag,
    sip_if_match,
    subject,
    subscription_state,
    supported,
    target_dialog,
    timestamp,
    to,
    unsupported,
    user_agent,
    user_to_user,
    via,
    warning,
    www_authenticate,
};
inline constexpr std::size_t header_name_count = static_cast<std::size_t>(HeaderName::www_authenticate) + 1;

std::string_view to_string(HeaderName name);         // the usual spelling, "Call-ID"; "" for unknown
HeaderName find_header_name(std::string_view name);  // long or compact form, letter case aside

// One entry of a comma-separated header: takes the first item off `rest` and strips it; false at the end. An item with
// an unclosed quote or angle bracket takes all that is left. Empty items are skipped.
bool next_list_item(std::string_view& rest, std::string_view& item);

// Via (RFC 3261 20.42, RFC 3581).
struct Via {
    std::string_view transport;  // "UDP"
    std::string_view host;       // sent-by; IPv6 in brackets
    std::uint16_t port = 0;      // 0: the transport's default
    std::string_view branch;
    std::string_view received;
    bool has_rport = false;
    std::uint16_t rport = 0;  // 0: asked for, not filled in
    Parameters parameters;

    // True when the branch carries RFC 3261's magic cookie and something after it.
    bool has_magic_branch() const;
};
Result<Via> parse_via(std::string_view item);  // one list item

struct CSeq {
    std::uint32_t number = 0;
    Method method = Method::unknown;
    std::string_view method_name;
};
Result<CSeq> parse_cseq(std::string_view value);

// name-addr or addr-spec with the parameters of the header (From, To, Contact, Route, Refer-To, P-Asserted-Identity,
// ...).
struct NameAddress {
    std::string_view raw_name;  // as written, maybe quoted
    Uri uri;
    Parameters parameters;
    bool bracketed = false;

    std::string display_name() const { return unquote(raw_name); }
    std::string_view tag() const { return parameters.value("tag"); }
};
// One list item. Without <> a URI's parameters belong to the header (RFC 3261 20.10), and ? or , refuse it.
Result<NameAddress> parse_name_address(std::string_view item);

// A Contact value; "*" stands alone in a REGISTER that removes all.
struct ContactValue {
    NameAddress address;
    bool wildcard = false;
    std::optional<std::uint32_t> expires;  // seconds
    std::uint16_t q = 1000;                // thousandths
};
Result<ContactValue> parse_contact(std::string_view item);

// "0.5" into 500; nothing when malformed.
std::optional<std::uint16_t> parse_q(std::string_view text);

// token[;parameters], as of Event, Content-Type, Content-Disposition, Subscription-State, Reason, Privacy and others.
struct TokenValue {
    std::string_view token;
    Parameters parameters;
};
TokenValue parse_token_value(std::string_view item);

// Retry-After: seconds, clamped; the comment and parameters are dropped.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value);
// Expires, Min-Expires and the like: seconds, clamped to 2^32-1 (RFC 4475 3.1.2.4).
std::optional<std::uint32_t> parse_delta_seconds(std::string_view value);

// Session-Expires and Min-SE (RFC 4028).
enum class Refresher : std::uint8_t { unset, uac, uas };
struct SessionExpires {
    std::chrono::seconds interval{0};
    Refresher refresher = Refresher::unset;
};
std::optional<SessionExpires> parse_session_expires(std::string_view value);

// RAck (RFC 3262).
struct RAck {
    std::uint32_t rseq = 0;
    CSeq cseq;
};
Result<RAck> parse_rack(std::string_view value);

// Replaces, Join and Target-Dialog (RFC 3891, 3911, 4538): the dialog that is meant, tags as its own side writes them.
struct DialogReference {
    std::string_view call_id;
    std::string_view to_tag;
    std::string_view from_tag;
    bool early_only = false;
};
Result<DialogReference> parse_dialog_reference(std::string_view value);

// Reason (RFC 3326): "Q.850;cause=16;text=\"...\"".
struct Reason {
    std::string_view protocol;
    std::optional<std::uint32_t> cause;
    std::string text;
};
Reason parse_reason(std::string_view item);

// Date (RFC 1123 form, always GMT). Nothing when malformed (RFC 4475 3.1.2.12: such a Date is ignored).
std::optional<std::chrono::sys_seconds> parse_date(std::string_view value);
std::string format_date(std::chrono::sys_seconds when);

}  // namespace jackfield::sip
