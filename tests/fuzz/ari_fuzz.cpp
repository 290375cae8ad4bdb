// Feeds arbitrary bytes to what reads REST requests: the first line is a path and its query, the rest a body, once as JSON and once
// as a form. JSON that was read and written is read again as the same; no value has a name that is none.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "modules/res_ari/request_values.hpp"

using namespace jackfield;
using namespace jackfield::ari;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// The library reads numbers of many digits with an error in the last places (Boost.JSON before 1.85).
bool same(const Json& a, const Json& b) {
    if (a.kind() != b.kind()) return a.is_number() && b.is_number() && same(a.to_number<double>(), b.to_number<double>());
    if (const auto* x = a.if_double()) return std::abs(*x - b.get_double()) <= std::abs(*x) * 1e-9 + 1e-300;
    if (const auto* x = a.if_array())
        return std::equal(x->begin(), x->end(), b.get_array().begin(), b.get_array().end(), same);
    if (const auto* x = a.if_object()) {
        const auto& other = b.get_object();
        return x->size() == other.size() && std::all_of(x->begin(), x->end(), [&](const auto& member) {
                   const Json* found = other.if_contains(member.key());
                   return found && same(member.value(), *found);
               });
    }
    return a == b;
}

void match_all(std::string_view path) {
    for (const std::string_view pattern : {"/channels", "/channels/{channelId}", "/channels/{channelId}/answer", "/bridges/{bridgeId}/play/{playbackId}",
                                           "/asterisk/config/dynamic/{configClass}/{objectType}/{id}", "/recordings/stored/{recordingName}"}) {
        const auto values = match_path(pattern, path);
        if (!values) continue;
        for (const auto& [name, value] : *values)
            require(!name.empty() && !name.contains('{') && !value.empty() && value.find('\0') == std::string::npos);
    }
}

void read(const HttpRequest& request) {
    RequestValues values;
    const auto body = read_body(request, values);
    if (!body) return;
    for (const auto& [name, value] : values) require(name.size() + value.size() <= request.body.size() * 6);
    if (body->is_null()) return;
    for (const bool pretty : {false, true}) {
        const auto again = parse_json(to_text(*body, pretty));
        require(again && same(*again, *body));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    const Halves halves = split_once(text, '\n');
    const Halves target = split_once(halves.first, '?');
    HttpRequest request;
    request.path = target.first;
    request.query = target.second;
    request.body = halves.second;
    if (halves.first.find('\0') == std::string_view::npos) {  // the reader of requests refuses such a target
        match_all(request.path);
        for (const auto& [name, value] : request.parameters()) require(!name.empty() && value.find('\0') == std::string::npos);
    }
    read(request);
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    read(request);
    return 0;
}
