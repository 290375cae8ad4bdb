// What is told on the event bus of modules that come and go.
#pragma once

#include <string_view>

namespace jackfield {

// An attempt to load a module, at start or later, has ended.
struct ModuleLoaded {
    static constexpr std::string_view topic = "module.load";
    std::string_view name;    // as asked for, without ".so"
    std::string_view status;  // Asterisk's word: "Success", "Failure", "Already"
};
struct ModuleUnloaded {
    static constexpr std::string_view topic = "module.unload";
    std::string_view name;
    bool success;
};

}  // namespace jackfield
