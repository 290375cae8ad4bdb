// jackfield.conf: what the daemon is told before anything else (asterisk.conf's names and meaning).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/config/options.hpp"
#include "core/config/parser.hpp"

namespace jackfield {

// [directories]
struct DirectorySettings {
    std::string etc, modules, var_lib, database, keys, data, agi, spool, run, log, sbin, cache;
};

// [files]: the console's socket
struct ControlSocketSettings {
    std::string name = "jackfield.ctl";  // in the run directory
    unsigned permissions = 0600;         // octal in the file
    std::string owner, group;            // empty: those of the daemon
};

// [options]
struct DaemonOptions {
    unsigned verbose = 0, debug = 0;
    bool no_fork = false, always_fork = false, quiet = false, console = false, time_stamps = false, no_colour = false;
    bool light_background = false, force_black_background = false;
    bool high_priority = false, dump_core = false, dont_warn = false, hide_connect = false, lock_configuration = false;
    bool exec_includes = false, live_dangerously = false, transmit_silence = false, test_events = false;
    bool cache_recordings = false, search_custom_sounds = false;
    bool hide_messaging_events = false, language_prefix = true, rtp_dynamic_types = true;
    bool auto_system_name = false;
    std::string run_user, run_group, system_name, default_language = "en", documentation_language = "en_US";
    std::string recording_cache = "/tmp", entity_id;
    std::uint32_t max_calls = 0;          // 0: no limit
    double max_load = 0;                  // 0: no limit
    std::uint32_t max_files = 0;          // 0: as the system allows
    std::uint32_t min_free_memory = 0;    // MiB; 0: no limit
    std::uint8_t first_dynamic_type = 35; // of RTP payload types
    std::chrono::milliseconds shortest_digit{80};
    // The name that unique ids begin with, empty for none: system_name, or the host's name when auto_system_name says so.
    std::string effective_system_name() const;
};

struct DaemonSettings {
    DirectorySettings directories;
    ControlSocketSettings socket;
    DaemonOptions options;
};

// Where things are when the file says nothing: below the given prefix ("" gives /etc/jackfield, /var/lib/jackfield, ...).
DirectorySettings default_directories(const std::string& prefix = {});

// Reads the sections of a parsed jackfield.conf; [directories](!) counts too, since asterisk.conf's sample writes it so.
// A path of the file may be relative: to the folder that the file stands in (`base`). Pure.
DaemonSettings read_daemon_settings(const ConfigFile& file, const DirectorySettings& defaults, const std::string& base,
                                    Diagnostics& findings);

// Tables of the three sections, for samples and `core show settings`.
const Options<DirectorySettings>& directory_options();
const Options<ControlSocketSettings>& control_socket_options();
const Options<DaemonOptions>& daemon_options();

}  // namespace jackfield
