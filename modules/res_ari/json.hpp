// JSON of requests, answers and events.
#pragma once

#include "modules/json/json.hpp"

namespace jackfield::ari {

using json::Json;
using json::JsonArray;
using json::JsonObject;
using json::json_time;
using json::parse_json;
using json::text_of;
using json::to_json;
using json::to_text;

}  // namespace jackfield::ari
