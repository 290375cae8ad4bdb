#include "modules/res_ccss/settings.hpp"

#include <utility>

namespace jackfield::ccss {
namespace {

using namespace std::chrono_literals;
using P = Parameters;
using D = DeviceState;

constexpr std::array<D, state_count> default_device_states{D::not_in_use, D::not_in_use, D::not_in_use, D::in_use, D::ringing,
                                                           D::on_hold, D::ringing, D::not_in_use, D::not_in_use};

// One table for all: the member is found by the state.
Option<Settings> state_option(std::string_view name, State state, std::string_view text) {
    const auto place = static_cast<std::size_t>(state);
    return {name,
            [place](Settings& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
                settings.device_states[place] = JF_TRY(parse_device_state(value));
                return {};
            },
            to_string(default_device_states[place]), text};
}

const Options<Settings>& general_options() {
    static const Options<Settings> options{
        {"cc_max_requests", &Settings::max_requests, 20, Range{1, 10'000}, "Most requests at a time"},
        state_option("cc_available_devstate", State::available, "State of ccss:DEVICE while completion could be offered"),
        state_option("cc_offered_devstate", State::offered, "While the caller may ask for it"),
        state_option("cc_caller_requested_devstate", State::requested, "When it has been asked for"),
        state_option("cc_active_devstate", State::active, "While the called device is watched"),
        state_option("cc_callee_ready_devstate", State::callee_ready, "When the called device has become free"),
        state_option("cc_caller_busy_devstate", State::caller_busy, "While the caller itself is not free"),
        state_option("cc_recalling_devstate", State::recalling, "While the caller is called back"),
        state_option("cc_complete_devstate", State::complete, "When both speak"),
        state_option("cc_failed_devstate", State::failed, "When it has failed"),
    };
    return options;
}

constexpr std::array<std::string_view, state_count> state_words{
    "CC is available", "CC offered to caller", "CC requested by caller", "CC accepted by callee", "Callee has become available",
    "Callee was ready, but caller is now unavailable", "CC recall in progress", "CC recall complete", "CC has failed"};

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

// What is known of that option, with its value in `parameters`.
Result<OptionHelp> known_option(const Parameters& parameters, std::string_view option) {
    std::string names;
    for (OptionHelp& each : parameter_options().help(&parameters)) {
        if (equals_ignoring_case(each.name, option)) return std::move(each);
        names += (names.empty() ? "" : ", ") + each.name;
    }
    if (equals_ignoring_case(option, "cc_callback_macro"))
        return fail(ErrorCode::not_found, "CALLCOMPLETION(cc_callback_macro): there is no Macro any more; write a routine and cc_callback_sub");
    return fail(ErrorCode::not_found, "CALLCOMPLETION has no option '{}', but {}", option, names);
}

}  // namespace

const Options<Parameters>& parameter_options() {
    using O = Option<P>;
    static const Options<P> options{
        {"cc_agent_policy", &P::agent, AgentPolicy::never,
         Words<AgentPolicy>{{"never", AgentPolicy::never}, {"generic", AgentPolicy::generic}, {"native", AgentPolicy::native}},
         "Whether this caller may ask to be called back; native: by signalling, which no channel driver has yet"},
        {"cc_monitor_policy", &P::monitor, MonitorPolicy::never,
         Words<MonitorPolicy>{{"never", MonitorPolicy::never}, {"generic", MonitorPolicy::generic}, {"native", MonitorPolicy::native}, {"always", MonitorPolicy::always}},
         "Whether this device is watched for callers; generic: by its device state; native: as above; always: as can be"},
        {"cc_offer_timer", &P::offer_timer, 20s, Range{1s, 86400s}, "How long the caller may ask for it after its call"},
        {"ccnr_available_timer", &P::no_reply_timer, 7200s, Range{1s, 864000s}, "How long a device that did not answer is watched"},
        {"ccbs_available_timer", &P::busy_timer, 4800s, Range{1s, 864000s}, "How long a device that was busy is watched"},
        {"cc_recall_timer", &P::recall_timer, 20s, Range{1s, 3600s}, "How long the caller is rung when it is called back"},
        {"cc_max_agents", &P::max_agents, 5, Range{1, 1000}, "Most requests of this caller"},
        {"cc_max_monitors", &P::max_monitors, 5, Range{1, 1000}, "Most requests for this device"},
        {"cc_callback_sub", &P::callback_sub, "", "Gosub (context,extension,priority) that the call back to the caller runs before it rings"},
        {"cc_agent_dialstring", &P::agent_dial_string, "", "How the caller is called back; empty: by its device's name"},
        O::absent("cc_callback_macro", "there is no Macro any more: write a routine and cc_callback_sub"),
    };
    return options;
}

Result<std::string> read_parameter(const Parameters& parameters, std::string_view option) {
    return JF_TRY(known_option(parameters, option)).value;
}

Result<void> write_parameter(Parameters& parameters, std::string_view option, std::string_view value) {
    const OptionHelp known = JF_TRY(known_option(parameters, option));
    Parameters changed = parameters;
    Diagnostics findings;
    ConfigEntry entry;
    entry.key = known.name;
    entry.value = trim(value);
    parameter_options().apply(entry, changed, findings);
    if (findings.has_errors()) return fail(ErrorCode::invalid, "CALLCOMPLETION({}): '{}' is not {}", known.name, value, known.expected);
    parameters = std::move(changed);
    return {};
}

std::string_view describe(State state) { return state_words[static_cast<std::size_t>(state)]; }

Settings::Settings() : device_states(default_device_states) {}

const Parameters& Settings::of(std::string_view device) const {
    static const Parameters defaults;
    const std::string name = lower(device);
    if (const auto found = devices.find(name); found != devices.end()) return found->second;
    const auto technology = devices.find(std::string_view(name).substr(0, name.find('/')));
    return technology == devices.end() ? defaults : technology->second;
}

Settings read_settings(const ConfigFile& file, Diagnostics& findings) {
    Settings settings = general_options().read(file, "general", findings);
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
        settings.devices[lower(category.name())] = parameter_options().read(category, findings);
    }
    return settings;
}

}  // namespace jackfield::ccss
