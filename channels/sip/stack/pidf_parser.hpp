// Reads presence documents (PIDF, RFC 3863, with the activities of RFC 4480). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace jackfield::sip {

// What a person publishes of itself.
struct PublishedPresence {
    std::string entity;                   // of the document
    bool open = false;                    // any of its tuples is
    std::string note;                     // the first that there is
    std::vector<std::string> activities;  // names of elements: "away", "on-the-phone"
};

inline constexpr std::size_t longest_pidf = 65536;

// Errors: invalid (not well-formed, no PIDF, with a document type declaration), limit (longer than longest_pidf).
Result<PublishedPresence> parse_pidf(std::string_view body);

}  // namespace jackfield::sip
