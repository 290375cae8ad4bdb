// func_logic: functions that choose.
#include "core/dialplan/condition.hpp"
#include "core/module/loader.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo is_null_info{.name = "ISNULL",
                                    .syntax = "ISNULL(text)",
                                    .synopsis = "1 when the text is empty, else 0",
                                    .text = "Usually of a variable: ${ISNULL(${name})}."};
constexpr FunctionInfo exists_info{.name = "EXISTS",
                                   .syntax = "EXISTS(text)",
                                   .synopsis = "0 when the text is empty, else 1",
                                   .text = "Usually of a variable: ${EXISTS(${name})}."};
constexpr FunctionInfo if_info{.name = "IF",
                               .syntax = "IF(condition?[yes][:[no]])",
                               .synopsis = "One of two texts",
                               .text = "An empty condition, and 0, choose the second one. A text with a colon stands in double "
                                       "quotes."};
constexpr FunctionInfo set_info{.name = "SET",
                                .syntax = "SET(name[=value])",
                                .synopsis = "Set a variable and give its value",
                                .text = "Without a value it gives the one that the variable has."};
constexpr FunctionInfo import_info{.name = "IMPORT",
                                   .syntax = "IMPORT(channel,variable)",
                                   .synopsis = "A variable or function of another channel",
                                   .text = "Empty when there is no such channel."};
constexpr FunctionInfo if_module_info{.name = "IFMODULE",
                                      .syntax = "IFMODULE(module)",
                                      .synopsis = "1 when the module is loaded, else 0",
                                      .text = "With or without .so."};

Result<std::string> is_null(Channel*, const Arguments& arguments) { return arguments.raw().empty() ? "1" : "0"; }
Result<std::string> exists(Channel*, const Arguments& arguments) { return arguments.raw().empty() ? "0" : "1"; }

// Blanks around it and the quotes in it gone.
std::string plain(std::string_view text) {
    const auto parts = split_arguments(trim(text), '\0');
    return parts.empty() ? std::string() : parts.front();
}

Result<Branches> branches_of(const Arguments& arguments) {
    const Branches branches = split_branches(arguments.raw());
    if (!branches.found) return fail(ErrorCode::invalid, "`?` is missing in `{}`", arguments.raw());
    return branches;
}

Result<std::string> choose(Channel*, const Arguments& arguments) {
    const Branches branches = JF_TRY(branches_of(arguments));
    return plain(branches.choose(is_true(trim(branches.condition))));
}

Result<std::string> set(Channel* channel, const Arguments& arguments) {
    const Halves halves = split_once(arguments.raw(), '=');
    if (halves.found) JF_TRY(write_expression(channel, trim(halves.first), halves.second));
    return read_expression(channel, trim(halves.first));
}

Result<std::string> import(Channel*, const Arguments& arguments) {
    if (!arguments.has(1)) return fail(ErrorCode::invalid, "IMPORT needs a channel and a variable");
    Channel* other = find_channel(arguments[0]);
    if (!other) return fail(ErrorCode::not_found, "there is no channel {}", arguments[0]);
    const auto keep = other->share();
    return read_expression(other, arguments.rest(1));
}

Result<std::string> if_module(Channel*, const Arguments& arguments) {
    std::string_view name = trim(arguments.raw());
    if (name.ends_with(".so")) name.remove_suffix(3);
    const ModuleLoader* loader = ModuleLoader::instance();
    return loader && loader->loaded(name) ? "1" : "0";
}

Result<void> load(Module& module) {
    JF_TRY(module.add(is_null_info, FunctionBody{is_null}));
    JF_TRY(module.add(exists_info, FunctionBody{exists}));
    JF_TRY(module.add(if_info, FunctionBody{choose}));
    JF_TRY(module.add(set_info, FunctionBody{set}));
    JF_TRY(module.add(import_info, FunctionBody{import}));
    return module.add(if_module_info, FunctionBody{if_module});
}

}  // namespace

JACKFIELD_MODULE("func_logic", "Functions that choose", load)
