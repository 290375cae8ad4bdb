// extensions.conf: from the parsed file to the compiled plan.
#pragma once

#include <memory>
#include <string_view>

#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"
#include "core/dialplan/plan.hpp"
#include "core/dialplan/plan_builder.hpp"
#include "core/dialplan/variable_source.hpp"

namespace jackfield {

struct PlanLoadOptions {
    // Asked for variables that [globals] does not set and for functions in text that is evaluated while loading
    // ([globals], names of extensions, include, switch, ignorepat). Null: there are none. Must not wait when loading
    // runs on the pool.
    VariableSource* outer = nullptr;
    // Who is said to have added it, in `dialplan show` and for the next reload: the module that reads the file.
    std::string_view registrar = "config";
};

// Adds what the file holds to the builder and sets its settings and globals. Everything wrong is reported with its
// place; what could be understood is added all the same. Errors are what Asterisk drops or misreads (no priority to
// count `n` from, an unknown key, a label or pattern that is not closed); warnings what it accepts (a priority given
// twice, of which the first counts; a missing last parenthesis). Pure but for `outer`; takes about 2 microseconds a
// line.
void load_dialplan(const ConfigFile& file, DialplanBuilder& builder, Diagnostics& findings,
                   const PlanLoadOptions& options = {});

// The plan after a (re)load: what other registrars added to `current` stays, everything of the file's registrar is replaced.
// Null when the file has errors; then the findings say which, and `current` stays in use.
std::shared_ptr<const Dialplan> reload_dialplan(const ConfigFile& file, std::shared_ptr<const Dialplan> current,
                                                Diagnostics& findings, const PlanLoadOptions& options = {});

}  // namespace jackfield
