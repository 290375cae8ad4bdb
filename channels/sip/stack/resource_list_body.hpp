// Bodies of NOTIFYs about lists (RFC 4662): an RLMI document and the states of the resources in it. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace jackfield::sip {

struct ListedResource {
    std::string uri, name;            // name: for people, may be empty
    bool active = true;               // false: it can't be watched (reason noresource)
    std::string content_type, body;   // its state
};

struct MultipartBody {
    std::string content_type;  // multipart/related with its parameters
    std::string text;
};

// `boundary`: some letters and digits that stand in none of the bodies (a new tag). `full`: all resources of the list are there, else those
// that have changed.
MultipartBody resource_list_body(std::string_view list_uri, std::string_view list_name, std::uint32_t version, bool full,
                                 std::span<const ListedResource> resources, std::string_view boundary);

}  // namespace jackfield::sip
