// ENUM (RFC 6116): the domain of a number, and the URI that a NAPTR record makes of it. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/runtime/resolver.hpp"

namespace jackfield::enumeration {

enum class Tree : unsigned char {
    user,            // +4419 in e164.arpa: 9.1.4.4.e164.arpa
    infrastructure,  // a branch `i` below the country code (RFC 5526): 9.1.i.4.4.e164.arpa
    isn,             // extension*domain (ITAD numbers): 12*256 in freenum.org: 2.1.256.freenum.org
    direct,          // the number as it is written, before the zone
};

// Marks of a number (blanks, dashes, the plus) are left out. Errors: invalid (no digits, too long a name).
Result<std::string> domain_of(std::string_view number, std::string_view zone, Tree tree);

// Whether the record leads to that kind of service; "E2U+sip", and "sip+E2U" as before RFC 3761; `all` takes every one. "pjsip" is sip.
bool serves(const NaptrRecord& record, std::string_view method);

// The record's substitution (RFC 3402 3.2) carried out on the number: "+4419"; empty when the expression does not match.
// Errors: invalid (no substitution, or one that is malformed), limit (too long).
Result<std::optional<std::string>> uri_of(const NaptrRecord& record, std::string_view number);

// "sip:ann@example.com" without its scheme.
std::string_view without_scheme(std::string_view uri);

}  // namespace jackfield::enumeration
