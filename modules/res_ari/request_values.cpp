// Paths and bodies of REST requests.
#include "modules/res_ari/request_values.hpp"

#include "core/base/strings.hpp"

namespace jackfield::ari {

std::optional<RequestValues> match_path(std::string_view pattern, std::string_view path) {
    const auto wanted = split(pattern, '/'), given = split(path, '/');
    if (wanted.size() != given.size()) return {};
    RequestValues values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!wanted[i].starts_with('{')) {
            if (wanted[i] != given[i]) return {};
            continue;
        }
        auto decoded = url_decode(given[i], false);
        if (!decoded || decoded->empty()) return {};
        values.emplace_back(wanted[i].substr(1, wanted[i].size() - 2), *std::move(decoded));
    }
    return values;
}

Result<Json> read_body(const HttpRequest& request, RequestValues& values) {
    if (request.body.empty()) return Json(nullptr);
    if (find_ignoring_case(request.header("Content-Type"), "x-www-form-urlencoded") != std::string_view::npos) {
        for (auto& field : parse_form(request.body)) values.push_back(std::move(field));
        return Json(nullptr);
    }
    Json body = JF_TRY(parse_json(request.body));
    if (!body.is_object()) return fail(ErrorCode::invalid, "the body is no JSON object");
    for (const auto& [key, value] : body.as_object()) {
        const std::string name(key.data(), key.size());
        if (const auto* list = value.if_array()) {
            for (const Json& each : *list) values.emplace_back(name, text_of(each));
        } else if (!value.is_object() && !value.is_null()) {
            values.emplace_back(name, text_of(value));
        }
    }
    return body;
}

}  // namespace jackfield::ari
