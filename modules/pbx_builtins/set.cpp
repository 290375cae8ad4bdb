// Set, MSet and ImportVar: applications that set variables.
#include "core/dialplan/evaluator.hpp"
#include "modules/pbx_builtins/pbx_builtins.hpp"

namespace jackfield::pbx_builtins {
namespace {

constexpr ApplicationInfo set_info{
    .name = "Set",
    .syntax = "Set(name=value)",
    .synopsis = "Set a variable or a function",
    .text = "Everything after the first = is the value. A name that begins with _ is inherited by channels that this call makes, "
            "one with __ by theirs too. Set(CALLERID(name)=Alice) sets a function."};
constexpr ApplicationInfo mset_info{.name = "MSet",
                                    .syntax = "MSet(name1=value1[,name2=value2...])",
                                    .synopsis = "Set several variables or functions",
                                    .text = "A value with a comma in it stands in double quotes."};
constexpr ApplicationInfo import_info{.name = "ImportVar",
                                      .syntax = "ImportVar(name=channel,variable)",
                                      .synopsis = "Set a variable to the value of another channel's",
                                      .text = "Empty when there is no such channel."};

Result<void> set_one(Channel& channel, std::string_view text) {
    // = within the parentheses of a function belongs to its arguments.
    std::size_t equals = 0;
    for (int depth = 0; equals < text.size(); ++equals) {
        if (text[equals] == '(') ++depth;
        if (text[equals] == ')' && depth) --depth;
        if (text[equals] == '=' && !depth) break;
    }
    if (equals == text.size()) return fail(ErrorCode::invalid, "`=` is missing in `{}`", text);
    return write_expression(&channel, trim(text.substr(0, equals)), text.substr(equals + 1));
}

// What can't be set is logged by the caller of set(), but does not end the call: so Asterisk does, and plans rely on it.
Result<void> set_or_warn(Channel& channel, std::string_view text) {
    auto done = set_one(channel, text);
    if (done || ends_application(done.error().code)) return done;
    const Place& place = channel.place();
    log_warning("{} at {}@{}:{}: Set({}): {}", channel.name(), place.extension, place.context, place.priority, text,
                done.error().text);
    return {};
}

Result<void> set(Channel& channel, const Arguments& arguments) { return set_or_warn(channel, arguments.raw()); }

Result<void> mset(Channel& channel, const Arguments& arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) JF_TRY(set_or_warn(channel, arguments[i]));
    return {};
}

Result<void> import(Channel& channel, const Arguments& arguments) {
    const Halves halves = split_once(arguments.raw(), '=');
    const auto parts = split_arguments(halves.second);
    if (!halves.found || parts.size() != 2) return fail(ErrorCode::invalid, "ImportVar needs name=channel,variable");
    std::string value;
    if (Channel* other = find_channel(parts[0])) value = JF_TRY(read_expression(other, parts[1]));
    channel.set_variable(trim(halves.first), std::move(value));
    return {};
}

}  // namespace

Result<void> add_set(Module& module) {
    JF_TRY(module.add(set_info, set));
    JF_TRY(module.add(mset_info, mset));
    return module.add(import_info, import);
}

}  // namespace jackfield::pbx_builtins
