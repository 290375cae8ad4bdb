// The program: reads the command line, then is a daemon, a console, or a check of the configuration.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/log_sink.hpp"
#include "core/console/remote_console.hpp"
#include "core/console/version.hpp"
#include "core/main/configuration.hpp"
#include "core/main/daemon.hpp"
#include "core/main/deadline.hpp"
#include "core/main/host_process.hpp"
#include "core/main/invocation.hpp"

namespace jackfield {
namespace {

int complain(const Error& error) {
    std::fprintf(stderr, "jackfield: %s\n", error.text.c_str());
    return 1;
}

int run_console(const Invocation& invocation, const Configuration& configuration) {
    RemoteConsoleSettings settings;
    settings.socket = configuration.control_socket;
    settings.colours = !configuration.settings.options.no_colour;
    settings.mute = invocation.mute;
    settings.quiet = invocation.quiet;
    if (invocation.verbose > 0) settings.verbose = invocation.verbose;
    if (invocation.command) return run_remote_command(settings, *invocation.command);
    return run_remote_console(settings);
}

int run_check(const Invocation& invocation, Configuration configuration) {
    Daemon daemon(invocation, std::move(configuration));
    return daemon.check() ? 0 : 1;
}

int run_daemon(const Invocation& invocation, Configuration configuration) {
    const DaemonSettings& settings = configuration.settings;
    const DaemonOptions& options = settings.options;
    if (configuration.findings.has_errors()) {
        std::fprintf(stderr, "%s\n", configuration.findings.to_string().c_str());
        return 1;
    }
    if (const auto made = make_directories(settings.directories, options.run_user, options.run_group); !made)
        return complain(made.error());
    if (options.high_priority)
        if (const auto set = set_realtime_priority(); !set) log_warning("{}", set.error().text);
    set_limits(options.max_files, options.dump_core);
    if (const auto changed = become_user(options.run_user, options.run_group); !changed)
        return complain(changed.error());

    Background background;
    const bool stay = options.no_fork || options.console || was_restarted() ||
                      (!options.always_fork && (invocation.verbose > 0 || invocation.debug > 0));
    if (!stay)
        if (const auto entered = background.enter(); !entered) return complain(entered.error());
    // The lock belongs to the process that goes on, so it is taken after the fork.
    auto pid_file = PidFile::take(settings.directories.run + "/jackfield.pid");
    if (!pid_file) return complain(pid_file.error());
    set_verbose_level(static_cast<int>(options.verbose));
    set_debug_level(static_cast<int>(options.debug));

    const Outcome outcome = Daemon(invocation, std::move(configuration)).run([&](bool success) {
        background.ready(success);
    });
    if (outcome == Outcome::restart) {
        *pid_file = {};
        restart_program();
    }
    return outcome == Outcome::stopped ? 0 : 1;
}

int run(const std::vector<std::string>& arguments) {
    const auto invocation = parse_invocation(arguments);
    if (!invocation) {
        std::fprintf(stderr, "jackfield: %s\n%s", invocation.error().text.c_str(), invocation_help().c_str());
        return 1;
    }
    if (invocation->show_help) {
        std::fputs(invocation_help().c_str(), stdout);
        return 0;
    }
    if (invocation->show_version) {
        std::printf("%s\n", version().c_str());
        return 0;
    }
    auto configuration = read_configuration(*invocation, program_directory());
    if (!configuration) return complain(configuration.error());
    if (invocation->remote) return run_console(*invocation, *configuration);
    if (invocation->check) return run_check(*invocation, std::move(*configuration));
    return run_daemon(*invocation, std::move(*configuration));
}

}  // namespace
}  // namespace jackfield

int main(int count, char** arguments) {
    jackfield::remember_arguments(count, arguments);
    return jackfield::run(std::vector<std::string>(arguments + 1, arguments + count));
}
