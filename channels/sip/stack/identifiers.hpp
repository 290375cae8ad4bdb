// Tags, branches and Call-IDs that this process mints; each begins with the process generation (DESIGN section 9).
#pragma once

#include <string>
#include <string_view>

#include "core/base/generation.hpp"

namespace jackfield::sip {

inline constexpr std::string_view magic_cookie = "z9hG4bK";  // RFC 3261 8.1.1.7

inline std::string new_branch() { return std::string(magic_cookie) += protocol_token(); }
inline std::string new_tag() { return protocol_token(); }
inline std::string new_call_identifier() { return protocol_token(24); }  // globally unique without a host name

// The generation of the process that minted a branch, tag or Call-ID; empty when it was not one of ours.
inline std::string_view minted_by(std::string_view token) {
    if (token.starts_with(magic_cookie)) token.remove_prefix(magic_cookie.size());
    return generation_of(token);
}

}  // namespace jackfield::sip
