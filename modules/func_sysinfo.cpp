// func_sysinfo: SYSINFO, how the machine is doing.
#include <sys/sysinfo.h>

#include <cstdlib>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "SYSINFO",
                            .syntax = "SYSINFO(parameter)",
                            .synopsis = "How the machine is doing",
                            .text = "Parameters: loadavg (average of the last minute), numcalls (channels up), uptime (hours), totalram, "
                                    "freeram, bufferram, totalswap, freeswap (KiB), numprocs."};

struct Amount {
    std::string_view parameter;
    unsigned long sysinfo::*field;
};
const Amount amounts[]{{"totalram", &sysinfo::totalram},
                       {"freeram", &sysinfo::freeram},
                       {"bufferram", &sysinfo::bufferram},
                       {"totalswap", &sysinfo::totalswap},
                       {"freeswap", &sysinfo::freeswap}};

Result<std::string> read_sysinfo(Channel*, const Arguments& arguments) {
    const auto is = [&](std::string_view parameter) { return equals_ignoring_case(arguments[0], parameter); };
    if (is("numcalls")) return std::to_string(channel_count());
    if (is("loadavg")) {
        double average = 0;
        if (::getloadavg(&average, 1) != 1) return fail(ErrorCode::failed, "SYSINFO: the system does not tell its load");
        return fmt::format("{:f}", average);
    }
    struct sysinfo system {};
    if (::sysinfo(&system) != 0) return fail(ErrorCode::failed, "SYSINFO: the system does not answer");
    if (is("uptime")) return std::to_string(system.uptime / 3600);
    if (is("numprocs")) return std::to_string(system.procs);
    for (const auto& [parameter, field] : amounts)
        if (is(parameter)) return std::to_string(system.*field / 1024 * system.mem_unit);
    return fail(ErrorCode::invalid,
                "SYSINFO: '{}' is none of loadavg, numcalls, uptime, totalram, freeram, bufferram, totalswap, freeswap, numprocs",
                arguments[0]);
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{read_sysinfo}); }

}  // namespace

JACKFIELD_MODULE("func_sysinfo", "How the machine is doing", load)
