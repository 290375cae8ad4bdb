// Call scripts for `dialplan test`: reading a file of them.
#include "modules/res_dialplan_test/test_script.hpp"

#include <algorithm>

#include "core/base/strings.hpp"
#include "core/config/options.hpp"
#include "core/dialplan/condition.hpp"

namespace jackfield::dialplan_test {
namespace {

using Option = jackfield::Option<Script>;

Step step_of(Step::Kind kind, const ConfigEntry& entry) { return {.kind = kind, .name = {}, .arguments = {}, .line = entry.line}; }

Result<Step> application_step(std::string_view value, const ConfigEntry& entry) {
    Step step = step_of(Step::Kind::application, entry);
    const ApplicationCall call = split_application(value);
    if (call.name.empty()) return fail(ErrorCode::invalid, "an application is expected, e.g. Playback(hello-world)");
    step.name = call.name;
    if (value.contains('(')) step.arguments = call.arguments;
    return step;
}

// "hangup" or "hangup CAUSE" ends the list of what is expected; everything else is an application.
Result<void> add_expected(Script& script, std::string_view value, const ConfigEntry& entry) {
    const Halves words = split_once(value, ' ');
    if (!equals_ignoring_case(words.first, "hangup")) {
        script.steps.push_back(JF_TRY(application_step(value, entry)));
        return {};
    }
    Step step = step_of(Step::Kind::ended, entry);
    if (words.found) {
        step.cause = parse_cause(trim(words.second));
        if (step.cause == HangupCause::not_defined)
            return fail(ErrorCode::invalid, "`{}` is no hang-up cause: a number such as 16 or a name such as USER_BUSY", words.second);
    }
    script.steps.push_back(std::move(step));
    return {};
}

Result<void> add_press(Script& script, std::string_view value, const ConfigEntry& entry) {
    if (value.empty() || value.find_first_not_of("0123456789*#ABCD") != std::string_view::npos)
        return fail(ErrorCode::invalid, "keys are expected: 0 to 9, *, #, A to D");
    Step step = step_of(Step::Kind::press, entry);
    step.name = value;
    script.steps.push_back(std::move(step));
    return {};
}

Result<std::pair<std::string, std::string>> assignment(std::string_view value) {
    const Halves halves = split_once(value, '=');
    if (!halves.found || trim(halves.first).empty()) return fail(ErrorCode::invalid, "NAME=VALUE is expected");
    return std::pair(std::string(trim(halves.first)), std::string(trim(halves.second)));
}

Result<void> add_variable_check(Script& script, std::string_view value, const ConfigEntry& entry) {
    auto wanted = JF_TRY(assignment(value));
    Step step = step_of(Step::Kind::variable, entry);
    step.name = std::move(wanted.first);
    step.arguments = std::move(wanted.second);
    script.steps.push_back(std::move(step));
    return {};
}

Result<void> add_prompt(Script& script, std::string_view value, const ConfigEntry& entry) {
    if (value.empty()) return fail(ErrorCode::invalid, "the name of a prompt is expected");
    Step step = step_of(Step::Kind::prompt, entry);
    step.name = value;
    script.steps.push_back(std::move(step));
    return {};
}

Result<void> set_dialled(Script& script, std::string_view value, const ConfigEntry&) {
    const Halves halves = split_once(value, '@');
    if (trim(halves.first).empty()) return fail(ErrorCode::invalid, "EXTENSION or EXTENSION@CONTEXT is expected");
    script.extension = trim(halves.first);
    if (halves.found) script.context = trim(halves.second);
    return {};
}

Result<std::chrono::milliseconds> seconds_of(std::string_view text) {
    const auto seconds = parse_number<double>(text);
    if (!seconds || *seconds < 0 || *seconds > 86'400) return fail(ErrorCode::invalid, "`{}` is no number of seconds", text);
    return std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
}

// "PJSIP/6001: answered after 3 for 10"
Result<void> add_destination(Script& script, std::string_view value, const ConfigEntry&) {
    using Outcome = Destination::Outcome;
    static const std::vector<std::pair<std::string_view, Outcome>> outcomes{{"busy", Outcome::busy},
                                                                            {"noanswer", Outcome::no_answer},
                                                                            {"congestion", Outcome::congestion},
                                                                            {"unavailable", Outcome::unavailable},
                                                                            {"answered", Outcome::answered}};
    const auto colon = value.rfind(':');
    std::vector<std::string_view> words;
    if (colon != std::string_view::npos) words = split_list(value.substr(colon + 1), ' ');
    const auto outcome = std::ranges::find_if(
        outcomes, [&](const auto& known) { return !words.empty() && equals_ignoring_case(known.first, words[0]); });
    if (outcome == outcomes.end())
        return fail(ErrorCode::invalid,
                    "TECHNOLOGY/NAME: busy, noanswer, congestion, unavailable or answered [after SECONDS] [for SECONDS] is expected");
    Destination destination{.outcome = outcome->second, .pattern = std::string(trim(value.substr(0, colon)))};
    for (std::size_t i = 1; i < words.size(); i += 2) {
        const bool after = equals_ignoring_case(words[i], "after");
        if (i + 1 == words.size() || (!after && !equals_ignoring_case(words[i], "for")))
            return fail(ErrorCode::invalid, "`{}`: after SECONDS or for SECONDS is expected", words[i]);
        (after ? destination.after : destination.talks) = JF_TRY(seconds_of(words[i + 1]));
    }
    script.destinations.push_back(std::move(destination));
    return {};
}

// "Queue QUEUESTATUS=TIMEOUT,..."
Result<void> add_replacement(Script& script, std::string_view value, const ConfigEntry&) {
    const Halves halves = split_once(value, ' ');
    Replacement replacement{.application = std::string(trim(halves.first)), .variables = {}};
    if (replacement.application.empty()) return fail(ErrorCode::invalid, "the name of an application is expected");
    for (const std::string_view part : split_list(halves.second))
        replacement.variables.push_back(JF_TRY(assignment(part)));
    script.replacements.push_back(std::move(replacement));
    return {};
}

const Options<Script>& options() {
    static const Options<Script> table{
        Option("dial", set_dialled, "", "What the caller dials: EXTENSION or EXTENSION@CONTEXT"),
        Option("callerid", [](Script& script, std::string_view value, const ConfigEntry&) -> Result<void> {
            script.caller_id = value;
            return {};
        }, "", "Who calls: \"Ann\" <100>"),
        Option("set", [](Script& script, std::string_view value, const ConfigEntry&) -> Result<void> {
            script.variables.push_back(JF_TRY(assignment(value)));
            return {};
        }, "", "NAME=VALUE of a variable or function, set before the call; several lines"),
        Option("limit", &Script::limit, std::chrono::seconds(10), Range{std::chrono::seconds(1), std::chrono::seconds(600)},
               "The test fails after this much real time"),
        Option("speed", &Script::speed, 50, Range{1, 1000},
               "The plan's seconds (Wait, WaitExten, Read, timeout of Dial, TIMEOUT) pass this much faster than real ones"),
        Option("destination", add_destination, "",
               "TECHNOLOGY/NAME: busy, noanswer, congestion, unavailable, or answered [after SECONDS] [for SECONDS]; what "
               "Dial reaches there, * and ? allowed; the first line that fits counts, and without one it is unavailable"),
        Option("replace", add_replacement, "",
               "APPLICATION [NAME=VALUE,...]: is not run, only sets these variables; several lines"),
        Option("never", [](Script& script, std::string_view value, const ConfigEntry& entry) -> Result<void> {
            script.never.push_back(JF_TRY(application_step(value, entry)));
            return {};
        }, "", "APPLICATION or APPLICATION(ARGUMENTS) that must not run"),
        Option("expect", add_expected, "",
               "Step: APPLICATION or APPLICATION(ARGUMENTS) runs next (others in between do not matter; * and ? allowed), "
               "or `hangup [CAUSE]`: the call ends"),
        Option("prompt", add_prompt, "", "Step: this prompt is heard next"),
        Option("press", add_press, "", "Step: the caller presses these keys, as soon as the plan takes keys"),
        Option("variable", add_variable_check, "", "Step: NAME=VALUE (* and ? allowed) holds once the application expected before has ended"),
        Option("hangup", [](Script& script, std::string_view, const ConfigEntry& entry) -> Result<void> {
            script.steps.push_back(step_of(Step::Kind::hang_up, entry));
            return {};
        }, "", "Step: `hangup = yes`, the caller hangs up while the application expected before runs")};
    return table;
}

}  // namespace

std::string Step::to_string() const {
    switch (kind) {
        case Kind::application: return arguments ? fmt::format("{}({})", name, *arguments) : name;
        case Kind::prompt: return fmt::format("prompt {}", name);
        case Kind::press: return fmt::format("keys {} to be taken", name);
        case Kind::variable: return fmt::format("{}={}", name, arguments.value_or(""));
        case Kind::hang_up: return "the moment to hang up";
        case Kind::ended: break;
    }
    return cause == HangupCause::not_defined ? "hangup" : fmt::format("hangup {}", static_cast<int>(cause));
}

std::vector<Script> read_scripts(const ConfigFile& file, Diagnostics& findings) {
    std::vector<Script> scripts;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        Script script = options().read(category, findings);
        const ConfigPlace place = category.place();
        script.name = category.name();
        script.file = place.file ? *place.file : file.path();
        script.line = place.line;
        if (script.extension.empty()) findings.error(place, "[{}] has no dial = EXTENSION[@CONTEXT]", script.name);
        if (script.steps.empty() && script.never.empty())
            findings.error(place, "[{}] expects nothing, so it can't fail", script.name);
        scripts.push_back(std::move(script));
    }
    return scripts;
}

std::string script_help() {
    std::string text;
    for (const OptionHelp& help : options().help())
        text += fmt::format("  {:<12} {}{}\n", help.name, help.text,
                            help.default_value.empty() ? std::string() : fmt::format(" (default {})", help.default_value));
    return text;
}

}  // namespace jackfield::dialplan_test
