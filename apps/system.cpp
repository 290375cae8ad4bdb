// System and TrySystem: run a shell command.
#include "core/runtime/process.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo system_info{
    .name = "System",
    .syntax = "System(command)",
    .synopsis = "Run a shell command",
    .text = "The call waits for the command, nothing else does. Sets SYSTEMSTATUS to SUCCESS, APPERROR (the command's exit "
            "code was not 0) or FAILURE (it could not be started). Never put what a caller said or dialled into the command "
            "without FILTER(): it reaches a shell."};
constexpr ApplicationInfo try_system_info{
    .name = "TrySystem",
    .syntax = "TrySystem(command)",
    .synopsis = "Run a shell command, whatever comes of it",
    .text = "As System; kept apart for plans that were written when System could end the call."};

Result<void> run(Channel& channel, const Arguments& arguments) {
    if (arguments.raw().empty()) {
        channel.set_variable("SYSTEMSTATUS", "FAILURE");
        return fail(ErrorCode::invalid, "System needs a command");
    }
    auto output = Process::run_shell(std::string(arguments.raw()), {});
    if (!output && ends_application(output.error().code)) return std::unexpected(std::move(output).error());
    if (!output) log_warning("System on {}: {}", channel.name(), output.error().text);
    channel.set_variable("SYSTEMSTATUS", !output ? "FAILURE" : output->exit_code == 0 ? "SUCCESS" : "APPERROR");
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(system_info, run));
    return module.add(try_system_info, run);
}

}  // namespace

JACKFIELD_MODULE("app_system", "Run shell commands", load)
