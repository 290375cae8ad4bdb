// switch => NAME/data: modules that have extensions of their own (Lua, Realtime, another server).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/dialplan/plan.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// What a switch is asked. `channel` is null when nobody calls.
struct SwitchQuestion {
    Channel* channel = nullptr;
    std::string_view data;  // what follows the slash, ${} replaced for eswitch
    const PlanQuery& query;
};
struct DialplanSwitch {
    std::string name;
    // Whether it has the priority (in the query's mode). May wait.
    std::function<bool(const SwitchQuestion& question)> exists;
    // Runs that priority, as an application would. May wait.
    std::function<Result<void>(Channel& channel, const SwitchQuestion& question)> run;
};
Result<Registration> register_in(Module& module, DialplanSwitch added);

// For the executor: a probe for Dialplan::find() that asks the registered switches for this channel.
SwitchProbe switch_probe(Channel* channel);
Result<void> run_switch(Channel& channel, const Switch& entry, const PlanQuery& query);

}  // namespace jackfield
