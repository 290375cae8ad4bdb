// What servers tell each other of devices and mailboxes by PUBLISH.
#include "channels/sip/exchange/exchanged_state.hpp"

#include "core/base/strings.hpp"
#include "modules/json/json.hpp"

namespace jackfield::sip {
namespace {

using namespace jackfield::json;

constexpr std::size_t longest_member = 200, longest_exchanged = 4096;

Result<std::string> exchanged_member(const JsonObject& object, std::string_view name) {
    const auto* const value = object.if_contains({name.data(), name.size()});
    std::string text = value ? text_of(*value) : std::string();
    if (text.empty() || text.size() > longest_member) return fail(ErrorCode::invalid, "'{}' is missing or too long", name);
    return text;
}

Result<std::uint32_t> exchanged_count(const JsonObject& object, std::string_view name) {
    const std::string text = JF_TRY(exchanged_member(object, name));
    const auto number = parse_number<std::uint32_t>(text);
    if (!number) return fail(ErrorCode::invalid, "'{}' is no number of messages", name);
    return *number;
}

}  // namespace

Result<ExchangedState> parse_exchanged_state(std::string_view body) {
    if (body.size() > longest_exchanged) return fail(ErrorCode::invalid, "it is longer than {} bytes", longest_exchanged);
    const Json value = JF_TRY(parse_json(body));
    const JsonObject* const object = value.if_object();
    if (!object) return fail(ErrorCode::invalid, "it is no JSON object");
    ExchangedState state;
    const std::string type = JF_TRY(exchanged_member(*object, "type"));
    if (const auto* const server = object->if_contains("eid")) state.server = text_of(*server).substr(0, longest_member);
    if (type == "refresh") return state;
    if (state.server.empty()) return fail(ErrorCode::invalid, "'eid' is missing");
    if (type == "devicestate") {
        state.kind = ExchangedState::Kind::device;
        state.name = JF_TRY(exchanged_member(*object, "device"));
        state.device_state = JF_TRY(exchanged_member(*object, "state"));
        return state;
    }
    if (type != "mwi") return fail(ErrorCode::invalid, "type '{}' is not known", type);
    state.kind = ExchangedState::Kind::mailbox;
    state.name = JF_TRY(exchanged_member(*object, "uniqueid"));
    state.fresh = JF_TRY(exchanged_count(*object, "new"));
    state.old = JF_TRY(exchanged_count(*object, "old"));
    return state;
}

std::string exchanged_state_body(const ExchangedState& state) {
    JsonObject object;
    switch (state.kind) {
        case ExchangedState::Kind::device:
            object["type"] = "devicestate";
            object["device"] = to_json(state.name);
            object["state"] = to_json(state.device_state);
            object["cachable"] = 1;
            break;
        case ExchangedState::Kind::mailbox:
            object["type"] = "mwi";
            object["uniqueid"] = to_json(state.name);
            object["old"] = state.old;
            object["new"] = state.fresh;
            break;
        case ExchangedState::Kind::refresh: object["type"] = "refresh"; break;
    }
    object["eid"] = to_json(state.server);
    return to_text(object);
}

}  // namespace jackfield::sip
