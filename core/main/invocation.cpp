// The command line of the daemon.
#include "core/main/invocation.hpp"

#include <getopt.h>

#include <array>
#include <vector>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

constexpr int check_option = 1000;

constexpr std::array<option, 4> long_options{{
    {"check", no_argument, nullptr, check_option},
    {"help", no_argument, nullptr, 'h'},
    {"version", no_argument, nullptr, 'V'},
    {nullptr, 0, nullptr, 0},
}};

Result<void> take(Invocation& invocation, int letter, const char* argument) {
    switch (letter) {
        case 'f': invocation.foreground = true; break;
        case 'F': invocation.always_fork = true; break;
        case 'g': invocation.dump_core = true; break;
        case 'q': invocation.quiet = true; break;
        case 'm': invocation.mute = true; break;
        case 'n': invocation.no_colours = true; break;
        case 'c': invocation.console = true; break;
        case 'r':
        case 'R': invocation.remote = true; break;
        case 'p': invocation.realtime = true; break;
        case 'X': invocation.exec_includes = true; break;
        case 'T': invocation.time_stamps = true; break;
        case 'V': invocation.show_version = true; break;
        case 'h': invocation.show_help = true; break;
        case 'v': ++invocation.verbose; break;
        case 'd': ++invocation.debug; break;
        case 'U': invocation.user = argument; break;
        case 'G': invocation.group = argument; break;
        case 'C': invocation.configuration = argument; break;
        case 's': invocation.socket = argument; break;
        case 'x': invocation.command = argument; break;
        case 'M': {
            invocation.max_calls = parse_number<unsigned>(argument);
            if (!invocation.max_calls) return fail(ErrorCode::invalid, "-M needs a number of calls, not '{}'", argument);
            break;
        }
        case check_option: invocation.check = true; break;
        default: return fail(ErrorCode::invalid, "unknown option");
    }
    return {};
}

}  // namespace

Result<Invocation> parse_invocation(std::span<const std::string> arguments) {
    // getopt wants a program's name, may permute, and keeps its place in globals.
    std::vector<std::string> copies(arguments.begin(), arguments.end());
    std::string program = "jackfield";
    std::vector<char*> pointers{program.data()};
    for (std::string& copy : copies) pointers.push_back(copy.data());
    const int count = static_cast<int>(pointers.size());
    pointers.push_back(nullptr);

    Invocation invocation;
    ::optind = 0;
    ::opterr = 0;
    int letter;
    while ((letter = ::getopt_long(count, pointers.data(), "+:fFgqmncrRpXTVhvdU:G:C:s:x:M:", long_options.data(),
                                   nullptr)) != -1) {
        if (letter == ':') return fail(ErrorCode::invalid, "option -{} needs a value", static_cast<char>(::optopt));
        if (letter == '?') {
            if (::optopt) return fail(ErrorCode::invalid, "unknown option -{}", static_cast<char>(::optopt));
            return fail(ErrorCode::invalid, "unknown option {}", pointers[static_cast<std::size_t>(::optind - 1)]);
        }
        JF_TRY(take(invocation, letter, ::optarg));
    }
    if (::optind < count)
        return fail(ErrorCode::invalid, "'{}' is not an option", pointers[static_cast<std::size_t>(::optind)]);
    if (invocation.command) invocation.remote = true;
    if (invocation.remote && (invocation.console || invocation.check))
        return fail(ErrorCode::invalid, "-r and -x talk to a running daemon and go with neither -c nor --check");
    return invocation;
}

std::string invocation_help() {
    return R"(Usage: jackfield [options]
  -C FILE    Read FILE instead of /etc/jackfield/jackfield.conf; other files are searched in its folder
  -f         Stay in the foreground        -F  Go to the background even with -v or -d
  -c         Run with a console at this terminal (implies -f)
  -r         Connect to the running daemon as a console
  -x COMMAND Have the running daemon run COMMAND and print its answer (-rx COMMAND)
  -s FILE    The control socket, when it is not where the configuration says
  --check    Check all configuration files and exit: 0 when there is no error, else 1
  -v, -d     Raise the verbose, the debug level (-vvv)
  -q  Quiet  -m  No log lines at the console  -n  No colours  -T  Time stamps at the console
  -g         Write a core file on a crash
  -p         Run with real-time priority
  -U USER    Run as this user              -G GROUP  Run as this group
  -M COUNT   Most calls at a time
  -X         Allow #exec in configuration files
  -V         Print the version             -h  This help
)";
}

}  // namespace jackfield
