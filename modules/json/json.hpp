// The service interface of json_objects: JSON values and texts (Boost.JSON, compiled into json.cpp), for modules built with them.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"

namespace jackfield::json {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

// Errors: invalid; depth and size are bounded.
Result<Json> parse_json(std::string_view text);
// `pretty`: a member a line. Text that is not UTF-8 is repaired (U+FFFD), as peers may have sent it.
std::string to_text(const Json& value, bool pretty = false);
// The text of a member, numbers and booleans as they are written; empty when there is none.
std::string text_of(const Json& value);
inline boost::json::string to_json(std::string_view text) { return boost::json::string(text.data(), text.size()); }
// "2026-01-01T00:00:00.000+0000", in UTC.
std::string json_time(WallTime time);

}  // namespace jackfield::json
