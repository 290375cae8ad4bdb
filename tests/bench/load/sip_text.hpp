// As much of SIP (RFC 3261) as a load generator needs: views into a received message, and digest answers (RFC 2617).
#pragma once

#include <netinet/in.h>

#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// Views into one received message; they live as long as its buffer.
struct SipView {
    int status = 0;                // of a response; 0 for a request
    std::string_view method;       // of a request, or CSeq's of a response
    std::string_view request_uri;  // of a request
    std::string_view vias;         // all Via lines with their line ends
    std::string_view from, to, call_id, contact, authenticate;
    std::string routes;            // the Record-Route values, joined in the order of the message
    std::uint32_t sequence = 0;    // CSeq's number
    std::string_view body;
    bool request() const { return status == 0; }
};

/// Empty when it is no SIP message; Via lines must stand together, as all known servers write them.
std::optional<SipView> parse_sip(std::string_view message);

/// The URI of a Contact, From or To value: `<sip:a@b>;x=y` and `sip:a@b;x=y` give `sip:a@b`.
std::string_view uri_of(std::string_view value);
/// Whether a From or To value has a tag.
bool has_tag(std::string_view value);
/// The record route reversed, as the caller's Route lines; empty for none.
std::string reversed_routes(std::string_view routes);

/// Where the SDP wants its audio; empty without an audio stream or with port 0.
std::optional<sockaddr_in> audio_address(std::string_view sdp);

/// Value of an Authorization header that answers `challenge` (a WWW-Authenticate value, MD5 with or without qop=auth).
/// Empty when the challenge asks for something else.
std::string digest_answer(std::string_view challenge, std::string_view method, std::string_view uri, std::string_view user,
                          std::string_view password);

}  // namespace bench
