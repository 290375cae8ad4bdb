// /ari/api-docs: the operations and models as Swagger 1.1 declares them, made from the tables. Client libraries build
// themselves from these documents.
#include <array>
#include <map>

#include "modules/res_ari/operations.hpp"

namespace jackfield::ari {
namespace {

// "name:type name:type ...", a ? behind the names of those that may be missing.
struct Model {
    std::string_view name, properties;
};

constexpr std::array models{
    Model{"Variable", "value:string"},
    Model{"AsteriskInfo", "build?:BuildInfo system?:SystemInfo config?:ConfigInfo status?:StatusInfo"},
    Model{"BuildInfo", "os:string kernel:string options:string machine:string date:string user:string"},
    Model{"SystemInfo", "version:string entity_id:string"},
    Model{"SetId", "user:string group:string"},
    Model{"ConfigInfo",
          "name:string default_language:string max_channels?:int max_open_files?:int max_load?:double setid:SetId"},
    Model{"StatusInfo", "startup_time:Date last_reload_time:Date"},
    Model{"AsteriskPing", "asterisk_id:string ping:string timestamp:string"},
    Model{"Module", "name:string description:string use_count:int status:string support_level:string"},
    Model{"LogChannel", "channel:string type:string status:string configuration:string"},
    Model{"AdditionalParam", "parameter_name:string parameter_value:string"},
    Model{"RequiredDestination", "protocol_id?:string destination?:string additional_protocol_params?:List[AdditionalParam]"},
    Model{"ReferTo", "requested_destination:RequiredDestination destination_channel?:Channel connected_channel?:Channel bridge?:Bridge"},
    Model{"ReferredBy", "source_channel:Channel connected_channel?:Channel bridge?:Bridge"},
    Model{"ConfigTuple", "attribute:string value:string"},
    Model{"Endpoint", "technology:string resource:string state?:string channel_ids:List[string]"},
    Model{"CallerID", "name:string number:string"},
    Model{"DialplanCEP", "context:string exten:string priority:long app_name:string app_data:string"},
    Model{"Channel",
          "id:string protocol_id:string name:string state:string caller:CallerID connected:CallerID accountcode:string "
          "dialplan:DialplanCEP creationtime:Date language:string channelvars?:object"},
    Model{
        "RTPstat",
        "txcount:int rxcount:int txjitter?:double rxjitter?:double txploss:int rxploss:int rtt?:double local_ssrc:int "
        "remote_ssrc:int txoctetcount:int rxoctetcount:int channel_uniqueid:string"},
    Model{"Bridge",
          "id:string technology:string bridge_type:string bridge_class:string creator:string name:string "
          "channels:List[string] "
          "video_mode?:string video_source_id?:string creationtime:Date"},
    Model{"Playback",
          "id:string media_uri:string next_media_uri?:string target_uri:string language?:string state:string"},
    Model{"LiveRecording", "name:string format:string target_uri:string state:string duration?:int cause?:string"},
    Model{"StoredRecording", "name:string format:string"},
    Model{"Sound", "id:string text?:string formats:List[FormatLangPair]"},
    Model{"FormatLangPair", "language:string format:string"},
    Model{"ContactInfo", "uri:string contact_status:string aor:string roundtrip_usec?:string"},
    Model{"Peer", "peer_status:string cause?:string address?:string port?:string time?:string"},
    Model{"TextMessage", "from:string to:string body:string variables?:object"},
    Model{"DeviceState", "name:string state:string"},
    Model{"Mailbox", "name:string old_messages:int new_messages:int"},
    Model{"Application",
          "name:string channel_ids:List[string] bridge_ids:List[string] endpoint_ids:List[string] "
          "device_names:List[string] "
          "events_allowed:List[object] events_disallowed:List[object]"},
};

// Beside what every event has: type, timestamp, asterisk_id, application.
constexpr std::array events{
    Model{"ApplicationReplaced", ""},
    Model{"BridgeAttendedTransfer",
          "transferer_first_leg:Channel transferer_second_leg:Channel replace_channel?:Channel transferee?:Channel transfer_target?:Channel "
          "result:string is_external:boolean transferer_first_leg_bridge?:Bridge transferer_second_leg_bridge?:Bridge "
          "destination_type:string destination_bridge?:string destination_application?:string"},
    Model{"BridgeCreated", "bridge:Bridge"},
    Model{"BridgeDestroyed", "bridge:Bridge"},
    Model{"BridgeBlindTransfer",
          "channel:Channel transferee?:Channel exten:string context:string result:string is_external:boolean "
          "bridge?:Bridge"},
    Model{"BridgeMerged", "bridge:Bridge bridge_from:Bridge"},
    Model{"ChannelCallerId", "caller_presentation:int caller_presentation_txt:string channel:Channel"},
    Model{"ChannelConnectedLine", "channel:Channel"},
    Model{"ChannelCreated", "channel:Channel"},
    Model{"ChannelDestroyed", "cause:int cause_txt:string channel:Channel"},
    Model{"ChannelDialplan", "channel:Channel dialplan_app:string dialplan_app_data:string"},
    Model{"ChannelDtmfReceived", "digit:string duration_ms:int channel:Channel"},
    Model{"ChannelEnteredBridge", "bridge:Bridge channel?:Channel"},
    Model{"ChannelHangupRequest", "cause?:int soft?:boolean channel:Channel"},
    Model{"ChannelHold", "channel:Channel musicclass?:string"},
    Model{"ChannelLeftBridge", "bridge:Bridge channel:Channel"},
    Model{"ChannelStateChange", "channel:Channel"},
    Model{"ChannelTalkingFinished", "channel:Channel duration:int"},
    Model{"ChannelTalkingStarted", "channel:Channel"},
    Model{"ChannelTransfer", "state?:string refer_to:ReferTo referred_by:ReferredBy"},
    Model{"ChannelUnhold", "channel:Channel"},
    Model{"ChannelUserevent", "eventname:string channel?:Channel bridge?:Bridge endpoint?:Endpoint userevent:object"},
    Model{"ChannelVarset", "variable:string value:string channel?:Channel"},
    Model{"ContactStatusChange", "endpoint:Endpoint contact_info:ContactInfo"},
    Model{"DeviceStateChanged", "device_state:DeviceState"},
    Model{"Dial",
          "caller?:Channel peer:Channel forward?:string forwarded?:Channel dialstring?:string dialstatus:string"},
    Model{"EndpointStateChange", "endpoint:Endpoint"},
    Model{"PeerStatusChange", "endpoint:Endpoint peer:Peer"},
    Model{"PlaybackContinuing", "playback:Playback"},
    Model{"PlaybackFinished", "playback:Playback"},
    Model{"PlaybackStarted", "playback:Playback"},
    Model{"RecordingFailed", "recording:LiveRecording"},
    Model{"RecordingFinished", "recording:LiveRecording"},
    Model{"RecordingStarted", "recording:LiveRecording"},
    Model{"StasisEnd", "channel:Channel"},
    Model{"StasisStart", "args:List[string] channel:Channel replace_channel?:Channel"},
    Model{"TextMessageReceived", "message:TextMessage endpoint?:Endpoint"},
};

void add_model(JsonObject& to, const Model& model, std::string_view common = {}) {
    JsonObject properties;
    const std::string all = std::string(common) + std::string(model.properties);
    for (const std::string_view part : split_list(all, ' ')) {
        const Halves halves = split_once(part, ':');
        const bool optional = halves.first.ends_with('?');
        properties[halves.first.substr(0, halves.first.size() - (optional ? 1 : 0))] =
            JsonObject{{"type", to_json(halves.second)}, {"required", !optional}};
    }
    to[model.name] = JsonObject{{"id", to_json(model.name)}, {"properties", std::move(properties)}};
}

// Only the models that the resource's operations answer, and those within them.
void add_models(JsonObject& to, std::string_view type) {
    if (type.starts_with("List[")) type = type.substr(5, type.size() - 6);
    for (const Model& model : models) {
        if (model.name != type || to.contains(type)) continue;
        add_model(to, model);
        for (const std::string_view part : split_list(model.properties, ' '))
            add_models(to, split_once(part, ':').second);
    }
}

void add_events(JsonObject& to) {
    constexpr std::string_view common = "type:string timestamp:Date asterisk_id?:string application:string ";
    JsonArray names;
    for (const Model& event : events) {
        add_model(to, event, common);
        names.emplace_back(to_json(event.name));
        for (const std::string_view part : split_list(event.properties, ' '))
            add_models(to, split_once(part, ':').second);
    }
    JsonObject message{{"id", "Message"},
                       {"discriminator", "type"},
                       {"properties", JsonObject{{"type", JsonObject{{"type", "string"}, {"required", true}}}}}};
    message["subTypes"] = JsonArray{"Event"};
    to["Message"] = std::move(message);
    add_model(to, {"Event", ""}, common);
    to["Event"].as_object()["subTypes"] = std::move(names);
}

JsonObject parameter_json(const Parameter& parameter) {
    static constexpr std::array places{"path", "query", "body"};
    return {{"name", parameter.name},
            {"description", parameter.name},
            {"paramType", places[static_cast<std::size_t>(parameter.in)]},
            {"required", parameter.required},
            {"allowMultiple", parameter.multiple},
            {"dataType", parameter.type}};
}

JsonObject operation_json(const Operation& operation) {
    JsonArray parameters;
    for (const Parameter& parameter : operation.parameters) parameters.emplace_back(parameter_json(parameter));
    JsonObject object;
    object["httpMethod"] = to_json(operation.method);
    object["summary"] = to_json(operation.summary);
    object["nickname"] = to_json(operation.nickname);
    object["responseClass"] = to_json(operation.response);
    object["parameters"] = std::move(parameters);
    if (operation.nickname == "eventWebsocket") object["upgrade"] = "websocket";
    if (operation.nickname == "eventWebsocket") object["websocketProtocol"] = "ari";
    return object;
}

JsonObject declaration(const Resource& resource, std::string_view base) {
    std::map<std::string_view, JsonArray> by_path;
    JsonObject models_used;
    for (const auto& operations : resource.operations)
        for (const Operation& operation : operations) {
            by_path[operation.path].emplace_back(operation_json(operation));
            add_models(models_used, operation.response);
        }
    if (resource.name == "events") add_events(models_used);
    JsonArray apis;
    for (auto& [path, operations] : by_path)
        apis.emplace_back(JsonObject{{"path", to_json(path)},
                                     {"description", to_json(resource.summary)},
                                     {"operations", std::move(operations)}});
    JsonObject object;
    object["apiVersion"] = "8.0.0";
    object["swaggerVersion"] = "1.2";
    object["basePath"] = to_json(base);
    object["resourcePath"] = to_json("/api-docs/" + std::string(resource.name) + ".{format}");
    object["apis"] = std::move(apis);
    object["models"] = std::move(models_used);
    return object;
}

}  // namespace

Json api_document(std::string_view name, std::string_view base) {
    if (name == "resources.json") {
        JsonArray apis;
        for (const Resource& resource : resources())
            apis.emplace_back(JsonObject{{"path", to_json("/api-docs/" + std::string(resource.name) + ".{format}")},
                                         {"description", to_json(resource.summary)}});
        return JsonObject{
            {"apiVersion", "8.0.0"}, {"swaggerVersion", "1.2"}, {"basePath", to_json(base)}, {"apis", std::move(apis)}};
    }
    for (const Resource& resource : resources())
        if (name == std::string(resource.name) + ".json") return declaration(resource, base);
    return nullptr;
}

}  // namespace jackfield::ari
