// The names of methods and headers, and how they are found.
#include <array>

#include "channels/sip/stack/headers.hpp"

namespace jackfield::sip {

using namespace grammar;

namespace {

constexpr std::array<std::string_view, 15> method_names = {
    "",          "INVITE", "ACK",     "BYE",  "CANCEL", "OPTIONS", "REGISTER", "PRACK",
    "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER",  "MESSAGE", "UPDATE",
};

// In the order of HeaderName.
constexpr std::array<std::string_view, header_name_count> header_names = {
    "",
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Alert-Info",
    "Allow",
    "Allow-Events",
    "Authentication-Info",
    "Authorization",
    "Call-ID",
    "Call-Info",
    "Contact",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "CSeq",
    "Date",
    "Diversion",
    "Error-Info",
    "Event",
    "Expires",
    "Flow-Timer",
    "From",
    "Geolocation",
    "History-Info",
    "Identity",
    "In-Reply-To",
    "Join",
    "Max-Forwards",
    "MIME-Version",
    "Min-Expires",
    "Min-SE",
    "Organization",
    "P-Access-Network-Info",
    "P-Asserted-Identity",
    "P-Called-Party-ID",
    "P-Early-Media",
    "P-Preferred-Identity",
    "Path",
    "Priority",
    "Privacy",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Require",
    "RAck",
    "Reason",
    "Record-Route",
    "Recv-Info",
    "Refer-Sub",
    "Refer-To",
    "Referred-By",
    "Remote-Party-ID",
    "Replaces",
    "Reply-To",
    "Request-Disposition",
    "Require",
    "Retry-After",
    "Route",
    "RSeq",
    "Server",
    "Service-Route",
    "Session-Expires",
    "SIP-ETag",
    "SIP-If-Match",
    "Subject",
    "Subscription-State",
    "Supported",
    "Target-Dialog",
    "Timestamp",
    "To",
    "Unsupported",
    "User-Agent",
    "User-to-User",
    "Via",
    "Warning",
    "WWW-Authenticate",
};

constexpr std::size_t longest_name = 21;

// Candidates of one length stand together, so that a look-up compares a handful of first letters and one or two words.
struct NameIndex {
    std::array<HeaderName, header_name_count> sorted{};
    std::array<std::uint8_t, longest_name + 2> first{};  // of each length
};

constexpr NameIndex make_index() {
    NameIndex index;
    std::size_t used = 0;
    for (std::size_t length = 0; length <= longest_name; ++length) {
        index.first[length] = static_cast<std::uint8_t>(used);
        for (std::size_t i = 1; i < header_name_count; ++i)
            if (header_names[i].size() == length) index.sorted[used++] = static_cast<HeaderName>(i);
    }
    index.first[longest_name + 1] = static_cast<std::uint8_t>(used);
    return index;
}
constexpr NameIndex name_index = make_index();
static_assert(name_index.first[longest_name + 1] == header_name_count - 1, "a header name is longer than longest_name");

constexpr HeaderName find_compact(char letter) {
    switch (lower(letter)) {
        case 'b':
            return HeaderName::referred_by;
        case 'c':
            return HeaderName::content_type;
        case 'd':
            return HeaderName::request_disposition;
        case 'e':
            return HeaderName::content_encoding;
        case 'f':
            return HeaderName::from;
        case 'i':
            return HeaderName::call_id;
        case 'k':
            return HeaderName::supported;
        case 'l':
            return HeaderName::content_length;
        case 'm':
            return HeaderName::contact;
        case 'o':
            return HeaderName::event;
        case 'r':
            return HeaderName::refer_to;
        case 's':
            return HeaderName::subject;
        case 't':
            return HeaderName::to;
        case 'u':
            return HeaderName::allow_events;
        case 'v':
            return HeaderName::via;
        case 'x':
            return HeaderName::session_expires;
        case 'y':
            return HeaderName::identity;
        default:
            return HeaderName::unknown;
    }
}

}  // namespace

std::string_view to_string(Method method) { return method_names[static_cast<std::size_t>(method)]; }

Method find_method(std::string_view name) {
    for (std::size_t i = 1; i < method_names.size(); ++i)
        if (method_names[i] == name) return static_cast<Method>(i);
    return Method::unknown;
}

std::string_view to_string(HeaderName name) { return header_names[static_cast<std::size_t>(name)]; }

HeaderName find_header_name(std::string_view name) {
    if (name.size() == 1) return find_compact(name[0]);
    if (name.empty() || name.size() > longest_name) return HeaderName::unknown;
    const char initial = lower(name[0]);
    for (std::size_t i = name_index.first[name.size()]; i < name_index.first[name.size() + 1]; ++i) {
        const std::string_view candidate = header_names[static_cast<std::size_t>(name_index.sorted[i])];
        if (candidate == name || (lower(candidate[0]) == initial && same_word(candidate, name))) return name_index.sorted[i];
    }
    return HeaderName::unknown;
}

}  // namespace jackfield::sip
