// func_version: what the daemon is.
#include "core/console/version.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "VERSION",
                            .syntax = "VERSION([BUILD])",
                            .synopsis = "The version of the daemon",
                            .text = "VERSION(BUILD) says when and how it was built."};

Result<std::string> read(Channel*, const Arguments& arguments) {
    if (!arguments.has(0)) return version();
    if (equals_ignoring_case(arguments[0], "BUILD")) return build_details();
    return fail(ErrorCode::invalid, "VERSION: there is nothing named '{}'; BUILD is", arguments[0]);
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{read}); }

}  // namespace

JACKFIELD_MODULE("func_version", "Version of the daemon", load)
