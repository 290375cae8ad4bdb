// func_sorcery - AST_SORCERY: fields of SIP's objects.
#include <algorithm>
#include <array>

#include "channels/sip/sip_objects.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{
    .name = "AST_SORCERY",
    .syntax = "AST_SORCERY(module_name,object_type,object_id,field_name[,retrieval_method[,retrieval_details]])",
    .synopsis = "A field of an object of pjsip.conf",
    .text = "`module_name` res_pjsip has the types endpoint, aor, auth, transport, global and system; "
            "res_pjsip_endpoint_identifier_ip has identify, res_pjsip_outbound_registration registration, res_pjsip_pubsub resource_list. The "
            "value is the one in force: ${AST_SORCERY(res_pjsip,endpoint,6001,allow)}. Where a field may be given several times, "
            "`retrieval_method` concat (the default) joins the values by `retrieval_details`, a comma by default, and single gives the one "
            "of that number, counted from 1. Secrets can be read, so it is for the dialplan only.",
    .dangerous = true};

// Fields that stand once for each value in the file.
bool repeats(std::string_view field) {
    constexpr std::array names{"contact", "list_item", "local_net", "match", "match_header", "match_request_uri", "set_var"};
    return std::ranges::any_of(names, [&](std::string_view name) { return equals_ignoring_case(name, field); });
}

Result<std::string> chosen(const std::string& value, const Arguments& arguments) {
    const std::string_view details = arguments[5];
    if (!repeats(arguments[3])) return value;
    if (!arguments.has(4) || equals_ignoring_case(arguments[4], "concat")) {
        std::string joined;
        for (const std::string_view part : split_list(value)) {
            if (!joined.empty()) joined += details.empty() ? "," : details;
            joined += part;
        }
        return joined;
    }
    if (!equals_ignoring_case(arguments[4], "single"))
        return fail(ErrorCode::invalid, "AST_SORCERY: the retrieval method is concat or single, not '{}'", arguments[4]);
    const auto place = details.empty() ? 1 : parse_number<std::size_t>(trim(details));
    if (!place || *place == 0) return fail(ErrorCode::invalid, "AST_SORCERY: values are counted from 1, and not '{}'", details);
    const auto parts = split_list(value);
    return *place <= parts.size() ? std::string(parts[*place - 1]) : std::string();
}

Result<std::string> read(Channel*, const Arguments& arguments) {
    if (!arguments.has(0) || !arguments.has(1) || !arguments.has(2) || !arguments.has(3))
        return fail(ErrorCode::invalid, "AST_SORCERY needs a module, a type, an object's name and a field");
    const auto objects = JF_TRY(find_service<SipObjects>());
    const auto fields = JF_TRY(objects->read({std::string(arguments[0]), std::string(arguments[1]), std::string(arguments[2])}));
    for (const auto& [name, value] : fields)
        if (equals_ignoring_case(name, arguments[3])) return chosen(value, arguments);
    return fail(ErrorCode::not_found, "AST_SORCERY: {} has no field '{}'", arguments[1], arguments[3]);
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{read}); }

}  // namespace

JACKFIELD_MODULE("func_sorcery", "Fields of SIP's objects", load)
