// The operations of the REST interface: one table gives the dispatch, the checks of parameters, and /ari/api-docs.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "modules/res_ari/request_values.hpp"

namespace jackfield::ari {

class Ari;

struct Parameter {
    enum class In : unsigned char { path, query, body } in = In::query;
    const char* name;
    const char* type = "string";  // string, int, long, boolean, containers, object
    bool required = false, multiple = false;
};

// What an operation answers.
struct Answer {
    unsigned status = 204;  // 204 and 200 without a body when `body` is null
    Json body = nullptr;
    std::string raw = {}, raw_type = {};  // instead of JSON
    bool handled = false;                 // the operation has answered by itself
};
inline Answer ok(Json body) { return {.status = 200, .body = std::move(body)}; }
inline Answer done() { return {.status = 204}; }
Answer error(unsigned status, std::string_view message);

// One request on its way through an operation.
class Request {
  public:
    Request(Ari& of, HttpExchange& http_exchange) : ari(of), exchange(http_exchange) {}
    Ari& ari;
    HttpExchange& exchange;
    std::string user;     // who asks, by ari.conf
    Json body = nullptr;  // of a JSON body; its scalars stand among the values too

    // Of path, query or body; empty when there is none.
    std::string get(std::string_view name) const;
    bool has(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;  // also split at commas
    bool flag(std::string_view name) const { return parse_bool(get(name)).value_or(false); }
    // Nothing when it is missing; operations check that it is a number where it says so.
    std::optional<long> number(std::string_view name) const { return parse_number<long>(get(name)); }
    // "variables" of the body: {"variables": {"NAME": "value"}}.
    std::vector<std::pair<std::string, std::string>> variables() const;
    // Takes the body's values. Errors: invalid.
    Result<void> read(const HttpRequest& http);
    void add(std::string name, std::string value) { values_.emplace_back(std::move(name), std::move(value)); }

  private:
    RequestValues values_;
};

struct Operation {
    std::string_view method, path, nickname, response, summary;  // path: "/channels/{channelId}/answer"
    std::vector<Parameter> parameters;
    Answer (*run)(Request& request) = nullptr;  // null: not here, answered 501
};

// One file each: operations_<subject>.cpp.
std::span<const Operation> asterisk_operations();
std::span<const Operation> dynamic_config_operations();
std::span<const Operation> application_operations();
std::span<const Operation> bridge_operations();
std::span<const Operation> channel_operations();
std::span<const Operation> channel_call_operations();   // create, originate, dial, externalMedia
std::span<const Operation> channel_snoop_operations();  // snoop, silence
std::span<const Operation> endpoint_operations();
std::span<const Operation> device_operations();
std::span<const Operation> mailbox_operations();
std::span<const Operation> event_operations();
std::span<const Operation> playback_operations();
std::span<const Operation> recording_operations();
std::span<const Operation> sound_operations();

struct Resource {
    std::string_view name, summary;  // "channels"
    std::vector<std::span<const Operation>> operations;
};
const std::vector<Resource>& resources();

// The handler of everything below /ari. Waits.
Result<void> serve(Ari& ari, HttpExchange& exchange);
// api_docs.cpp: the document at /ari/api-docs/NAME; null when there is none. `base`: "http://host:port/ari".
Json api_document(std::string_view name, std::string_view base);

}  // namespace jackfield::ari
