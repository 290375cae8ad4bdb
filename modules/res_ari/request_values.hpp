// The values of a REST request: those in its path and those in its body. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modules/res_ari/json.hpp"
#include "modules/res_http/http.hpp"

namespace jackfield::ari {

using RequestValues = std::vector<std::pair<std::string, std::string>>;

// The values of {names} when the path fits the pattern ("/channels/{channelId}/answer"); they may have encoded slashes.
std::optional<RequestValues> match_path(std::string_view pattern, std::string_view path);

// Reads a form, or a JSON object, which is returned (null for none); its scalars and those of its lists are added to `values`, like
// parameters of the query. Errors: invalid.
Result<Json> read_body(const HttpRequest& request, RequestValues& values);

}  // namespace jackfield::ari
