// The table of cel.conf's options.
#include "modules/res_cel/settings.hpp"

#include "core/base/strings.hpp"

namespace jackfield::cel {
namespace {

// Events that Asterisk has and nothing here makes: `ALL` means those that are had.
constexpr std::array<std::string_view, 3> absent_events{"STREAM_BEGIN", "STREAM_END", "DTMF"};

Result<void> add_events(Settings& settings, std::string_view words) {
    for (const std::string_view word : split_list(words)) {
        if (equals_ignoring_case(word, "ALL")) {
            settings.events = (1u << event_names.size()) - 1;
            continue;
        }
        std::size_t place = 0;
        while (place < event_names.size() && !equals_ignoring_case(event_names[place], word)) ++place;
        if (place < event_names.size()) {
            settings.events |= 1u << place;
            continue;
        }
        for (const auto absent : absent_events)
            if (equals_ignoring_case(absent, word)) return fail(ErrorCode::unsupported, "the event {} is not available yet", word);
        std::vector<std::string> known(event_names.begin(), event_names.end());
        known.emplace_back("ALL");
        const auto near = nearest_word(word, known);
        return fail(ErrorCode::invalid, "'{}' is no event; there are {}{}", word, join(known, ", "),
                    near ? "; did you mean " + *near + "?" : std::string());
    }
    return {};
}

}  // namespace

const Options<Settings>& settings_options() {
    using S = Settings;
    static const Options<S> options{
        {"enable", &S::enable, false, "Make call event records at all"},
        {"events", [](S& settings, std::string_view value, const ConfigEntry&) { return add_events(settings, value); }, "",
         "Which events, separated by commas, or ALL"},
        {"apps",
         [](S& settings, std::string_view value, const ConfigEntry&) -> Result<void> {
             for (const std::string_view word : split_list(value)) settings.applications.push_back(to_lower(word));
             return {};
         },
         "", "Applications of which APP_START and APP_END tell, separated by commas"},
        {"dateformat", &S::date_format, "", "Of eventtime, as strftime has it; without one seconds since 1970 with a fraction"},
        {"spoolsize", &S::spool_size, 256, Range{1, 65536},
         "MiB on disk for the events that a backend has still to get; beyond that it loses the oldest (Jackfield's own)"},
    };
    return options;
}

}  // namespace jackfield::cel
