// Call scripts for `dialplan test`: what a file of them says.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/channel/cause.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"

namespace jackfield::dialplan_test {

// One line of what the caller does and what is expected, in order.
struct Step {
    enum class Kind : unsigned char { application, prompt, press, variable, hang_up, ended } kind;
    std::string name;                      // application, prompt, digits or variable; application and prompt may hold * and ?
    std::optional<std::string> arguments;  // of the application, may hold * and ?; value of the variable
    HangupCause cause = HangupCause::not_defined;  // ended: not_defined is any
    unsigned line = 0;
    std::string to_string() const;
};

// How a dialled destination behaves.
struct Destination {
    enum class Outcome : unsigned char { busy, no_answer, congestion, unavailable, answered } outcome = Outcome::no_answer;
    std::string pattern;              // "PJSIP/6001", may hold * and ?
    std::chrono::milliseconds after{0};  // rings that long before it answers
    std::chrono::milliseconds talks{0};  // and hangs up that long after it has answered
};

// An application that is not run: it only sets variables.
struct Replacement {
    std::string application;
    std::vector<std::pair<std::string, std::string>> variables;
};

struct Script {
    std::string name, file;
    unsigned line = 0;
    std::string extension, context = "default";
    std::string caller_id;
    std::vector<std::pair<std::string, std::string>> variables;
    std::chrono::seconds limit{10};  // of real time
    unsigned speed = 50;             // how much faster than real time the plan's seconds pass
    std::vector<Destination> destinations;
    std::vector<Replacement> replacements;
    std::vector<Step> never;  // applications that must not run
    std::vector<Step> steps;
};

// Every section of the file is a script. What is wrong is told with its line; pure.
std::vector<Script> read_scripts(const ConfigFile& file, Diagnostics& findings);

// The keys with their meaning, as the help of the command prints them.
std::string script_help();

}  // namespace jackfield::dialplan_test
