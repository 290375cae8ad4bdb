// /asterisk/config/dynamic: objects of SIP, read and changed one by one.
#include "channels/sip/sip_objects.hpp"
#include "modules/res_ari/ari.hpp"
#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

using In = Parameter::In;

SipObjectName object_name(const Request& request) {
    return {request.get("configClass"), request.get("objectType"), request.get("id")};
}

Answer answer_error(const Error& why, bool changing) {
    switch (why.code) {
        case ErrorCode::not_found: return error(404, why.text);
        case ErrorCode::limit: return error(400, why.text);
        default: return error(changing ? 403 : 500, why.text);
    }
}

Answer answer_object(const SipObjects& objects, const SipObjectName& name) {
    const auto fields = objects.read(name);
    if (!fields) return answer_error(fields.error(), false);
    JsonArray all;
    for (const auto& [attribute, value] : *fields) all.emplace_back(JsonObject{{"attribute", to_json(attribute)}, {"value", to_json(value)}});
    return ok(std::move(all));
}

// {"fields": [{"attribute": "allow", "value": "ulaw"}, ...]}
std::optional<SipObjects::Fields> fields_of(const Request& request) {
    SipObjects::Fields fields;
    if (request.body.is_null()) return fields;
    const auto* object = request.body.if_object();
    const Json* list = object ? object->if_contains("fields") : nullptr;
    if (!list) return fields;
    if (!list->is_array()) return {};
    for (const Json& each : list->get_array()) {
        const auto* tuple = each.if_object();
        const Json* attribute = tuple ? tuple->if_contains("attribute") : nullptr;
        const Json* value = tuple ? tuple->if_contains("value") : nullptr;
        if (!attribute || !attribute->is_string() || attribute->get_string().empty() || !value || value->is_object() || value->is_array())
            return {};
        fields.emplace_back(text_of(*attribute), text_of(*value));
    }
    return fields;
}

Answer get_object(Request& request) {
    const auto objects = find_service<SipObjects>();
    if (!objects) return error(404, "There are no such objects: " + objects.error().text);
    return answer_object(**objects, object_name(request));
}

Answer update_object(Request& request) {
    const auto objects = find_service<SipObjects>();
    if (!objects) return error(404, "There are no such objects: " + objects.error().text);
    const auto fields = fields_of(request);
    if (!fields) return error(400, R"(fields must be a list of {"attribute": NAME, "value": TEXT})");
    const SipObjectName name = object_name(request);
    const auto written = (*objects)->write(name, *fields, "ari " + request.user);
    return written ? answer_object(**objects, name) : answer_error(written.error(), true);
}

Answer delete_object(Request& request) {
    const auto objects = find_service<SipObjects>();
    if (!objects) return error(404, "There are no such objects: " + objects.error().text);
    const auto removed = (*objects)->remove(object_name(request), "ari " + request.user);
    return removed ? done() : answer_error(removed.error(), true);
}

}  // namespace

std::span<const Operation> dynamic_config_operations() {
    static constexpr const char* path = "/asterisk/config/dynamic/{configClass}/{objectType}/{id}";
    static const std::vector<Parameter> object_path{{.in = In::path, .name = "configClass", .required = true},
                                                    {.in = In::path, .name = "objectType", .required = true},
                                                    {.in = In::path, .name = "id", .required = true}};
    static const std::vector<Operation> operations{
        {"GET", path, "getObject", "List[ConfigTuple]", "A dynamic configuration object", object_path, get_object},
        {"PUT", path, "updateObject", "List[ConfigTuple]", "Make or change one",
         {object_path[0], object_path[1], object_path[2], {.in = In::body, .name = "fields", .type = "containers"}}, update_object},
        {"DELETE", path, "deleteObject", "void", "Delete one", object_path, delete_object},
    };
    return operations;
}

}  // namespace jackfield::ari
