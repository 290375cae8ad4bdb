// How bridges are named outside: ids that come from there, so that who asks for one can name it before it is there, and the words of
// management.
#pragma once

#include <memory>
#include <string>

#include "core/bridge/bridge.hpp"

namespace jackfield {

// As Bridge::create, with that id. Errors: exists (a bridge has it), invalid (empty or longer than 149 characters).
Result<std::shared_ptr<Bridge>> create_bridge(BridgeKind kind, std::string id, std::string name,
                                              MixerSettings mixer = {});

// As management interfaces call it: "simple_bridge", "holding_bridge", "softmix".
std::string_view technology_name(BridgeKind kind);

}  // namespace jackfield
