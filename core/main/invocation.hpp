// The command line of the daemon: Asterisk's letters with Asterisk's meaning.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/base/result.hpp"

namespace jackfield {

struct Invocation {
    bool foreground = false;      // -f
    bool always_fork = false;     // -F
    bool dump_core = false;       // -g
    bool quiet = false;           // -q
    bool mute = false;            // -m
    bool no_colours = false;      // -n
    bool console = false;         // -c
    bool remote = false;          // -r, -R
    bool realtime = false;        // -p
    bool exec_includes = false;   // -X
    bool time_stamps = false;     // -T
    bool check = false;           // --check
    bool show_version = false;    // -V
    bool show_help = false;       // -h
    int verbose = 0, debug = 0;   // -v and -d, each as often as given
    std::string user, group;      // -U, -G
    std::string configuration;    // -C; empty: /etc/jackfield/jackfield.conf
    std::string socket;           // -s; empty: as jackfield.conf says
    std::optional<std::string> command;  // -x, which means -r as well
    std::optional<unsigned> max_calls;   // -M
};

// Errors: invalid, naming the wrong option. Letters may stand together ("-rx", "-vvvc").
Result<Invocation> parse_invocation(std::span<const std::string> arguments);
std::string invocation_help();

}  // namespace jackfield
