// func_shell: SHELL, what a command prints.
#include "core/runtime/process.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "SHELL",
                            .syntax = "SHELL(command)",
                            .synopsis = "What a shell command prints",
                            .text = "The call waits for its end, nothing else does; at most 64 KiB of its standard output. Never put what a "
                                    "caller said or dialled into the command without FILTER(): it reaches a shell.",
                            .dangerous = true};

Result<std::string> shell(Channel*, const Arguments& arguments) {
    if (trim(arguments.raw()).empty()) return fail(ErrorCode::invalid, "SHELL needs a command");
    auto output = JF_TRY(Process::run_shell(std::string(arguments.raw()), {}));
    return std::move(output.text);
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{shell}); }

}  // namespace

JACKFIELD_MODULE("func_shell", "What shell commands print", load)
