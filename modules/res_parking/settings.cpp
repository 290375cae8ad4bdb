// res_parking.conf: parking lots.
#include "modules/res_parking/settings.hpp"

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::parking {
namespace {

using namespace std::chrono_literals;
using S = LotSettings;

constexpr unsigned most_spaces = 10'000;  // of one lot: each is an extension of the dialplan

struct General {
    bool dynamic = false;
};
const Options<General>& general_options() {
    static const Options<General> options{{"parkeddynamic", &General::dynamic, false, "Channels may make lots by their variables PARKINGDYN..."}};
    return options;
}

const Words<Sides>& sides() {
    static const Words<Sides> words{{"no", Sides::none}, {"caller", Sides::caller}, {"callee", Sides::callee}, {"both", Sides::both}};
    return words;
}

bool overlap(const S& one, const S& other) {
    return equals_ignoring_case(one.context, other.context) && one.first <= other.last && other.first <= one.last;
}

}  // namespace

Result<void> read_spaces(S& lot, std::string_view text) {
    const Halves range = split_once(text, '-');
    const auto first = parse_number<unsigned>(trim(range.first));
    const auto last = range.found ? parse_number<unsigned>(trim(range.second)) : first;
    if (!first || !last || *first > *last || *last - *first >= most_spaces)
        return fail(ErrorCode::invalid, "'{}': write the first and the last space, as 701-750; a lot has at most {}", text, most_spaces);
    lot.first = *first;
    lot.last = *last;
    return {};
}

const Options<S>& lot_options() {
    static const Options<S> options{
        {"context", &S::context, "parkedcalls", "Context of the extensions below"},
        {"parkext", &S::extension, "", "Extension that parks a call; for the lot `default` 700 when nothing is configured"},
        {"parkext_exclusive", &S::exclusive, false, "That extension parks in this lot, whatever lot the channel is for"},
        {"parkpos", [](S& lot, std::string_view value, const ConfigEntry&) { return read_spaces(lot, value); }, "701-750",
         "Spaces, each an extension that retrieves the call there",
         [](const S& lot) { return fmt::format("{}-{}", lot.first, lot.last); }},
        {"parkinghints", &S::hints, false, "Hints for the spaces (park:701@context)"},
        {"parkingtime", &S::timeout, 45s, Range{1s, 86400s}, "How long a call waits before it comes back"},
        {"comebacktoorigin", &S::to_origin, true, "A call that waited too long calls the one who parked it"},
        {"comebackdialtime", &S::dial_time, 30s, Range{1s, 3600s}, "How long that one is rung"},
        {"comebackcontext", &S::comeback_context, "parkedcallstimeout", "Where it goes otherwise: to the extension of the parker's device (PJSIP_6001), else s"},
        {"courtesytone", &S::courtesy_tone, "", "Prompt when a parked call is retrieved"},
        {"parkedplay", &S::played, Sides::caller, sides(), "Who hears it: the caller who retrieves, the callee who was parked"},
        {"parkedcalltransfers", &S::transfers, Sides::none, sides(), "Who of both may transfer by keys then"},
        {"parkedcallreparking", &S::reparking, Sides::none, sides(), "Who may park by keys then"},
        {"parkedcallhangup", &S::hang_up, Sides::none, sides(), "Who may hang up by keys then"},
        {"parkedcallrecording", &S::recording, Sides::none, sides(), "Who may record by keys then"},
        {"parkedmusicclass", &S::music_class, "", "Music while a call waits; empty: the channel's"},
        {"findslot", &S::next, false, Words<bool>{{"first", false}, {"next", true}}, "Which free space is taken: the first, or the next after the one taken last"},
    };
    return options;
}

Settings read_settings(const ConfigFile& file, Diagnostics& findings) {
    Settings settings;
    settings.dynamic = general_options().read(file, "general", findings).dynamic;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || equals_ignoring_case(category.name(), "general")) continue;
        S lot = lot_options().read(category, findings);
        lot.name = category.name();
        for (const S& other : settings.lots) {
            if (!overlap(lot, other)) continue;
            findings.error(category.place(), "the lots {} and {} both have spaces from {} to {} in context {}; give one another context or parkpos",
                           other.name, lot.name, std::max(lot.first, other.first), std::min(lot.last, other.last), lot.context);
        }
        settings.lots.push_back(std::move(lot));
    }
    if (std::ranges::none_of(settings.lots, [](const S& lot) { return equals_ignoring_case(lot.name, "default"); })) {
        S lot;
        lot.name = "default";
        lot.extension = "700";
        if (std::ranges::none_of(settings.lots, [&](const S& other) { return overlap(lot, other); })) settings.lots.push_back(std::move(lot));
    }
    return settings;
}

}  // namespace jackfield::parking
