// func_global: global variables, and whether variables are there.
#include "core/dialplan/evaluator.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo global_info{.name = "GLOBAL",
                                   .syntax = "GLOBAL(name)",
                                   .synopsis = "A global variable, to read and to set",
                                   .text = "All channels see it, until the daemon ends."};
constexpr FunctionInfo global_exists_info{.name = "GLOBAL_EXISTS",
                                          .syntax = "GLOBAL_EXISTS(name)",
                                          .synopsis = "1 when there is a global variable of that name, else 0",
                                          .text = "An empty value is a value."};
constexpr FunctionInfo global_delete_info{.name = "GLOBAL_DELETE",
                                          .syntax = "GLOBAL_DELETE(name)",
                                          .synopsis = "Delete a global variable",
                                          .text = "Set(GLOBAL_DELETE(name)=) deletes it."};
constexpr FunctionInfo exists_info{.name = "VARIABLE_EXISTS",
                                   .syntax = "VARIABLE_EXISTS(name)",
                                   .synopsis = "1 when the channel has a variable of that name, else 0",
                                   .text = "An empty value is a value."};
constexpr FunctionInfo delete_info{.name = "DELETE",
                                   .syntax = "DELETE(name)",
                                   .synopsis = "Delete a variable of the channel",
                                   .text = "Set(DELETE(name)=) deletes it."};

Result<std::string> read_global(Channel*, const Arguments& arguments) {
    const std::string* value = global_variables().find(arguments.raw());
    return value ? *value : std::string();
}

Result<void> write_global(Channel*, const Arguments& arguments, std::string_view value) {
    set_global_variable(arguments.raw(), std::string(value));
    return {};
}

Result<std::string> global_exists(Channel*, const Arguments& arguments) {
    return global_variables().find(arguments.raw()) ? "1" : "0";
}

Result<void> delete_global(Channel*, const Arguments& arguments, std::string_view) {
    global_variables().erase(arguments.raw());
    return {};
}

Result<std::string> variable_exists(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "VARIABLE_EXISTS needs a channel");
    return channel->variables().find(arguments.raw()) ? "1" : "0";
}

Result<void> delete_variable(Channel* channel, const Arguments& arguments, std::string_view) {
    if (!channel) return fail(ErrorCode::invalid, "DELETE needs a channel");
    channel->variables().erase(arguments.raw());
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(global_info, FunctionBody{read_global, write_global}));
    JF_TRY(module.add(global_exists_info, FunctionBody{global_exists}));
    JF_TRY(module.add(global_delete_info, FunctionBody{nullptr, delete_global}));
    JF_TRY(module.add(exists_info, FunctionBody{variable_exists}));
    return module.add(delete_info, FunctionBody{nullptr, delete_variable});
}

}  // namespace

JACKFIELD_MODULE("func_global", "Global variables", load)
