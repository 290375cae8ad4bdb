// app_exec: applications whose name is known only when they run.
#include "core/dialplan/condition.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo exec_info{.name = "Exec",
                                    .syntax = "Exec(application(arguments))",
                                    .synopsis = "Run an application",
                                    .text = "The name may come from a variable. An application that does not exist, or that fails, "
                                            "ends the call as if it stood there itself."};
constexpr ApplicationInfo try_exec_info{.name = "TryExec",
                                        .syntax = "TryExec(application(arguments))",
                                        .synopsis = "Run an application, and go on whatever happens",
                                        .text = "Sets TRYSTATUS to SUCCESS, FAILED or NOAPP."};
constexpr ApplicationInfo exec_if_info{.name = "ExecIf",
                                       .syntax = "ExecIf(condition?application[(arguments)][:application[(arguments)]])",
                                       .synopsis = "Run one of two applications",
                                       .text = "An empty condition, and 0, are false. Without an application for the answer nothing is "
                                               "run."};

Result<void> run(Channel& channel, std::string_view text) {
    const ApplicationCall call = split_application(text);
    if (call.name.empty()) return {};
    return run_application(channel, call.name, call.arguments);
}

Result<void> exec(Channel& channel, const Arguments& arguments) { return run(channel, arguments.raw()); }

Result<void> try_exec(Channel& channel, const Arguments& arguments) {
    const ApplicationCall call = split_application(arguments.raw());
    if (call.name.empty()) return {};
    const bool known = applications().find(call.name) != nullptr;
    auto done = run_application(channel, call.name, call.arguments);
    const bool left = !done && ends_application(done.error().code);
    if (left && (channel.hung_up() || done.error().code != ErrorCode::hangup)) return done;
    channel.set_variable("TRYSTATUS", done ? "SUCCESS" : known ? "FAILED" : "NOAPP");
    if (!done) log_notice("TryExec({}) on {}: {}", arguments.raw(), channel.name(), done.error().text);
    return {};
}

Result<void> exec_if(Channel& channel, const Arguments& arguments) {
    const Branches branches = split_branches(arguments.raw());
    if (!branches.found) return fail(ErrorCode::invalid, "`?` is missing in `{}`", arguments.raw());
    return run(channel, branches.chosen());
}

Result<void> load(Module& module) {
    JF_TRY(module.add(exec_info, exec));
    JF_TRY(module.add(try_exec_info, try_exec));
    return module.add(exec_if_info, exec_if);
}

}  // namespace

JACKFIELD_MODULE("app_exec", "Runs applications by name", load)
