// What the daemon knows before it starts.
#include "core/main/configuration.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/config/parser.hpp"

namespace jackfield {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view default_file = "/etc/jackfield/jackfield.conf";  // below the prefix

bool is_folder(const fs::path& path) {
    std::error_code error;
    return fs::is_directory(path, error);
}

// Of a build tree (bin/jackfield with modules/ beside bin/) or of an installation below any prefix (sbin/jackfield with
// lib/jackfield/modules); empty: as built in.
std::string modules_beside(const fs::path& program) {
    for (const char* candidate : {"../modules", "../lib/jackfield/modules"})
        if (!program.empty() && is_folder(program / candidate)) return (program / candidate).lexically_normal();
    return {};
}

// Of an installation below another prefix than /usr, e.g. /usr/local of /usr/local/sbin/jackfield; else empty, which
// stands for /etc/jackfield, /var/lib/jackfield and so on.
std::string installation_prefix(const fs::path& program) {
    if (program.filename() != "sbin" || program.parent_path() == "/usr" || program.parent_path() == "/") return {};
    return program.parent_path();
}

// The source tree that a build tree belongs to; empty when the program does not stand in one.
std::string source_tree(const fs::path& program) {
    constexpr std::string_view key = "CMAKE_HOME_DIRECTORY:INTERNAL=";
    std::ifstream cache(program / "../CMakeCache.txt");
    std::string line;
    while (std::getline(cache, line))
        if (line.starts_with(key)) return line.substr(key.size());
    return {};
}

}  // namespace

Result<Configuration> read_configuration(const Invocation& invocation, const std::string& program_directory) {
    Configuration configuration;
    std::error_code error;
    const bool named = !invocation.configuration.empty();
    const std::string prefix = installation_prefix(program_directory);
    configuration.file = named ? fs::absolute(invocation.configuration, error).lexically_normal().string()
                               : fmt::format("{}{}", prefix, default_file);
    const std::string folder = fs::path(configuration.file).parent_path();

    DiskFiles disk;
    ParseOptions options;
    options.folder = folder;
    const ConfigFile file = parse_config(configuration.file, disk, options, configuration.findings);
    if (named && !file.exists()) return fail(ErrorCode::not_found, "can't read {}", configuration.file);

    DirectorySettings defaults = default_directories(prefix);
    if (named) defaults.etc = folder;
    if (const std::string modules = modules_beside(program_directory); !modules.empty()) defaults.modules = modules;
    DaemonSettings& settings = configuration.settings;
    settings = read_daemon_settings(file, defaults, folder, configuration.findings);

    DirectorySettings& paths = settings.directories;
    for (std::string* path : {&paths.etc, &paths.modules, &paths.var_lib, &paths.database, &paths.keys, &paths.data,
                              &paths.agi, &paths.spool, &paths.run, &paths.log, &paths.sbin, &paths.cache})
        *path = fs::path(*path).lexically_normal();

    DaemonOptions& daemon = settings.options;
    if (invocation.foreground) daemon.no_fork = true;
    if (invocation.always_fork) daemon.always_fork = true;
    if (invocation.console) daemon.console = true;
    if (invocation.dump_core) daemon.dump_core = true;
    if (invocation.quiet) daemon.quiet = true;
    if (invocation.no_colours) daemon.no_colour = true;
    if (invocation.realtime) daemon.high_priority = true;
    if (invocation.exec_includes) daemon.exec_includes = true;
    if (invocation.time_stamps) daemon.time_stamps = true;
    if (invocation.max_calls) daemon.max_calls = *invocation.max_calls;
    if (!invocation.user.empty()) daemon.run_user = invocation.user;
    if (!invocation.group.empty()) daemon.run_group = invocation.group;
    daemon.verbose = std::max(daemon.verbose, static_cast<unsigned>(invocation.verbose));
    daemon.debug = std::max(daemon.debug, static_cast<unsigned>(invocation.debug));

    configuration.control_socket = !invocation.socket.empty()          ? invocation.socket
                                   : settings.socket.name.starts_with('/') ? settings.socket.name
                                                                           : settings.directories.run + '/' + settings.socket.name;
    const std::string& data = settings.directories.data;
    if (daemon.search_custom_sounds) configuration.sound_directories.push_back(data + "/sounds/custom");
    configuration.sound_directories.push_back(data + "/sounds");
    if (const std::string source = source_tree(program_directory); !source.empty())
        configuration.sound_directories.push_back(source + "/sounds");
    // Debian's packages of prompts, which serve Jackfield as well.
    for (const std::string& shared : {(prefix.empty() ? "/usr" : prefix) + "/share/jackfield/sounds",
                                      std::string("/usr/share/asterisk/sounds")})
        configuration.sound_directories.push_back(shared);
    return configuration;
}

}  // namespace jackfield
