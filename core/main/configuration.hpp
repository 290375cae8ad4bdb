// What the daemon knows before it starts: jackfield.conf, and where things are when that says nothing.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/daemon_settings.hpp"
#include "core/main/invocation.hpp"

namespace jackfield {

struct Configuration {
    std::string file;              // of jackfield.conf
    DaemonSettings settings;       // the command line's options are in it
    std::string control_socket;    // full path
    std::vector<std::string> sound_directories;  // in the order of searching
    Diagnostics findings;
};

// Reads the file. Without one at the default place all is as built in; a file named by -C must be there. In the build
// tree modules and prompts are found beside the program. Errors: not_found; other mistakes are in the findings.
Result<Configuration> read_configuration(const Invocation& invocation, const std::string& program_directory);

}  // namespace jackfield
