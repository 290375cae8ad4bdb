// JSON, and the library's code itself.
#include "modules/json/json.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <boost/json/src.hpp>
#include <cmath>

#include "core/base/strings.hpp"

namespace jackfield::json {
namespace {

constexpr std::size_t deepest = 16;

void append_text(std::string& out, std::string_view text) { out.append("\"").append(json_escape(text)).append("\""); }

void append(std::string& out, const Json& value, bool pretty, std::size_t depth) {
    const auto line = [&](std::size_t at) {
        if (pretty) out.append("\n").append(at * 2, ' ');
    };
    bool first = true;
    if (const auto* object = value.if_object()) {
        out += '{';
        for (const auto& [key, member] : *object) {
            if (!std::exchange(first, false)) out += ',';
            line(depth + 1);
            append_text(out, {key.data(), key.size()});
            out += pretty ? ": " : ":";
            append(out, member, pretty, depth + 1);
        }
        if (!first) line(depth);
        out += '}';
    } else if (const auto* array = value.if_array()) {
        out += '[';
        for (const Json& element : *array) {
            if (!std::exchange(first, false)) out += ',';
            line(depth + 1);
            append(out, element, pretty, depth + 1);
        }
        if (!first) line(depth);
        out += ']';
    } else if (const auto* text = value.if_string()) {
        append_text(out, {text->data(), text->size()});
    } else {
        out += boost::json::serialize(value);
    }
}

// A number beyond those of a double is read as infinity, which no answer could give back.
bool all_finite(const Json& value) {
    if (const auto* number = value.if_double()) return std::isfinite(*number);
    if (const auto* array = value.if_array()) return std::ranges::all_of(*array, all_finite);
    const auto* object = value.if_object();
    return !object || std::ranges::all_of(*object, [](const auto& member) { return all_finite(member.value()); });
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = deepest;
    boost::json::error_code error;
    Json value = boost::json::parse({text.data(), text.size()}, error, {}, options);
    if (error) return fail(ErrorCode::invalid, "{}", error.message());
    if (!all_finite(value)) return fail(ErrorCode::invalid, "a number is too large");
    return value;
}

std::string to_text(const Json& value, bool pretty) {
    std::string out;
    append(out, value, pretty, 0);
    return out;
}

std::string text_of(const Json& value) {
    if (const auto* text = value.if_string()) return {text->data(), text->size()};
    if (value.is_null() || value.is_object() || value.is_array()) return {};
    return boost::json::serialize(value);
}

std::string json_time(WallTime time) {
    const auto since = time.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                       (since - seconds) / std::chrono::milliseconds(1));
}

}  // namespace jackfield::json
