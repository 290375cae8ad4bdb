// Parameters that playing and recording have in common for channels and bridges.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "modules/res_ari/operations.hpp"
#include "modules/res_ari/playback.hpp"

namespace jackfield::ari {

std::vector<Parameter> play_parameters(const Parameter& target, bool with_id);
std::vector<Parameter> record_parameters(const Parameter& target);
// Null and `refused` when a parameter is wrong.
std::shared_ptr<Playing> make_playing(Request& request, std::string target_uri, std::string target, bool of_bridge,
                                      Answer& refused);
// Waits (whether the file exists).
Answer begin_recording(Request& request, std::string target_uri, std::string target, bool of_bridge);

}  // namespace jackfield::ari
