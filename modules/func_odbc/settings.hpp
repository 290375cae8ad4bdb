// func_odbc.conf: functions made of statements.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/config/options.hpp"

namespace jackfield::func_odbc {

// A section.
struct Definition {
    std::string name;                                // of the function: "ODBC_SQL"
    std::vector<std::string> read_from, write_to;    // databases of res_odbc.conf, tried in order
    std::string read, write, insert;                 // statements, with ${ARG1}, ${VALUE}, ${VAL1}; empty: none
    std::string prefix = "ODBC", syntax, synopsis;
    bool escape_commas = true, several_rows = false;
    std::size_t most_rows = 0, least_arguments = 0;  // most_rows 0: 10000
};
// Pure.
std::vector<Definition> read_definitions(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield::func_odbc
