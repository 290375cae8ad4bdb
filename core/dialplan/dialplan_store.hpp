// The dialplan in force: one snapshot that new calls start on, replaced as a whole.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/config/diagnostics.hpp"
#include "core/dialplan/plan.hpp"
#include "core/dialplan/plan_builder.hpp"
#include "core/module/module_config.hpp"

namespace jackfield {

// Published after another plan came into force.
struct DialplanChanged {
    static constexpr std::string_view topic = "dialplan.changed";
    std::shared_ptr<const Dialplan> plan;
};

// Never null. Any thread. The last reference to a plan that is no longer in force is freed in the pool.
std::shared_ptr<const Dialplan> current_dialplan();

// Builds the next plan from the present one and puts it into force. When a reload of extensions.conf is under way, the
// change is made once more on what that will bring: `change` owns all that it uses. Control thread; never waits. Errors:
// those of `change`, which then has changed nothing.
using DialplanChange = std::function<Result<void>(DialplanBuilder& builder)>;
Result<void> change_dialplan(DialplanChange change);

// extensions.conf as a configuration file: module.add(extensions_file()) loads it and has it read anew by reloads. The
// plan is built in the pool; globals are set when it comes into force. With all modules there (a reload or a check, but
// not the first load), mistakes that check_dialplan() finds are told as warnings.
// `registrar`: the name of the module, which `dialplan show` prints.
ConfigFileSpec extensions_file(std::string registrar);
// Takes out what extensions.conf and the console have added.
void remove_extensions_file();
// Under which name the file and the console add to the plan.
Name file_registrar();

// What is wrong with the plan in force, and what extensions.conf has twice. Waits.
Result<Diagnostics> check_current_dialplan();

// While files are only checked (checking_configuration()): a part of the plan from another file than extensions.conf. The part
// of the same `registrar` before it is forgotten. Any thread; `change` owns all that it uses.
void add_to_checked_dialplan(std::string registrar, DialplanChange change);
// What is wrong with extensions.conf and these parts together, which are forgotten then. Waits.
Result<Diagnostics> check_checked_dialplan();

// Connects channels, bridges and transfers with the executor and starts watching hints; once, on the control thread,
// before modules are loaded and after the control loop was made.
void initialise_dialplan();
// Undoes it before the control loop ends: forgets the plan, hints and global variables. (Unit tests; the daemon ends.)
void end_dialplan();

}  // namespace jackfield
