// Answers of the manager interface as HTML and XML.
#pragma once

#include <string>
#include <string_view>

namespace jackfield::manager {

// `text`: blocks of "Key: Value" lines as a client over TCP gets them. Pure.
std::string to_xml(std::string_view text, std::string_view id, std::string_view type);
std::string to_html(std::string_view text);

}  // namespace jackfield::manager
