// func_json - JSON_DECODE: values of JSON texts.
#include "core/sdk.hpp"
#include "modules/json/json.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{
    .name = "JSON_DECODE",
    .syntax = "JSON_DECODE(varname,item[,separator[,options]])",
    .synopsis = "A value of a JSON text",
    .text = "`varname` is the name of the variable that holds the text, not the text. `item` names a member; names of members within "
            "members are joined by `separator`, a dot by default: customer.name, and a number chooses an element of a list, from 0: "
            "lines.0.price. Objects and lists come as JSON, true and false as 1 and 0. Empty for null and for what is not there.\n"
            "  c - the number of elements instead, when the value is a list"};

constexpr std::size_t longest_text = 1 << 20;

// The value at the end of the path; null: it is not there.
const json::Json* find(const json::Json& text, std::string_view path, char separator) {
    const json::Json* at = &text;
    for (const std::string_view name : split(path, separator)) {
        if (const auto* object = at->if_object()) {
            at = object->if_contains({name.data(), name.size()});
        } else if (const auto* array = at->if_array()) {
            const auto place = parse_number<std::size_t>(name);
            at = place && *place < array->size() ? &(*array)[*place] : nullptr;
        } else {
            return nullptr;
        }
        if (!at) return nullptr;
    }
    return at;
}

std::string to_value(const json::Json& value) {
    if (value.is_bool()) return value.get_bool() ? "1" : "0";
    if (value.is_object() || value.is_array()) return json::to_text(value);
    return json::text_of(value);
}

Result<std::string> decode(Channel* channel, const Arguments& arguments) {
    if (!arguments.has(0) || !arguments.has(1)) return fail(ErrorCode::invalid, "JSON_DECODE needs the name of a variable and a member's name");
    if (arguments[2].size() > 1) return fail(ErrorCode::invalid, "JSON_DECODE: the separator is one character, not '{}'", arguments[2]);
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[3], "c"));
    const std::string text = JF_TRY(read_expression(channel, arguments[0]));
    if (text.empty()) return std::string();
    if (text.size() > longest_text) return fail(ErrorCode::limit, "JSON_DECODE: {} is longer than {} bytes", arguments[0], longest_text);
    const auto parsed = json::parse_json(text);
    if (!parsed) return fail(ErrorCode::invalid, "JSON_DECODE: {} is no JSON: {}", arguments[0], parsed.error().text);
    const json::Json* value = find(*parsed, arguments[1], arguments.has(2) ? arguments[2].front() : '.');
    if (!value) return std::string();
    if (options.has('c'))
        if (const auto* array = value->if_array()) return std::to_string(array->size());
    return to_value(*value);
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{decode}); }

}  // namespace

JACKFIELD_MODULE("func_json", "Values of JSON texts", load)
