// res_features: features.conf, the codes that bridged members press.
#include <algorithm>

#include "core/bridge/features.hpp"
#include "core/module/module_config.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

using namespace std::chrono_literals;
using S = FeatureSettings;
using O = Option<S>;

const Options<S>& general_options() {
    static const Options<S> options{
        {"transferdigittimeout", &S::transfer_digit_timeout, 3000ms, Range{0ms, 60000ms}, "Between the digits of a transfer's extension", 1s},
        {"featuredigittimeout", &S::feature_digit_timeout, 1000ms, Range{50ms, 60000ms}, "Between the keys of a feature code (milliseconds)"},
        {"atxfernoanswertimeout", &S::attended_no_answer_timeout, 15000ms, Range{1000ms, 600000ms}, "Of the consultation call", 1s},
        {"atxferdropcall", &S::drop_call_when_attended_fails, false, "End the call when an attended transfer fails after hang-up"},
        {"atxferabort", &S::attended_abort, "*1", "Ends the consultation, back to the held call"},
        {"atxfercomplete", &S::attended_complete, "*2", "Completes an attended transfer"},
        {"atxferthreeway", &S::attended_threeway, "*3", "Joins all three"},
        {"atxferswap", &S::attended_swap, "*4", "Swaps the held call and the consultation"},
        {"xfersound", &S::transfer_sound, "beep", "Played when a transfer succeeded"},
        {"xferfailsound", &S::fail_sound, "beeperr", "Played when it failed"},
        {"transferannouncesound", &S::transfer_announce_sound, "pbx-transfer", "Asks for the extension"},
        {"transferretrysound", &S::transfer_retry_sound, "pbx-invalid", "Played after a wrong extension"},
        {"transferinvalidsound", &S::transfer_invalid_sound, "privacy-incorrect", "Played after the last wrong extension"},
        {"transferdialattempts", &S::transfer_attempts, 3, Range{1, 20}, "How often the extension is asked for"},
        {"pickupexten", &S::pickup_extension, "*8", "Dialled to pick up a call of one's pickup groups; empty: nothing"},
        {"pickupsound", &S::pickup_sound, "", "Played to who picks up a call"},
        {"pickupfailsound", &S::pickup_fail_sound, "", "Played to who finds no call to pick up"},
        {"courtesytone", &S::courtesy_tone, "", "Played to both when a one-touch recording begins or ends"},
        {"recordingfailsound", &S::recording_fail_sound, "", "Played when a one-touch recording can't begin"},
        O::ignored("atxferloopdelay", "a failed transfer is not tried again"),
        O::ignored("atxfercallbackretries", "a failed transfer is not tried again"),
    };
    return options;
}

const Options<S>& map_options() {
    static const Options<S> options{
        {"blindxfer", &S::blind_transfer, "#1", "Blind transfer"},
        {"disconnect", &S::disconnect, "*0", "Hang up"},
        {"atxfer", &S::attended_transfer, "", "Attended transfer"},
        {"parkcall", &S::park_call, "", "Park"},
        {"automon", &S::one_touch_monitor, "", "One-touch recording"},
        {"automixmon", &S::one_touch_mixmonitor, "", "One-touch recording"},
    };
    return options;
}

// name => code,self|peer[/caller|callee|both],application[,arguments[,music class]]
void read_dynamic(const ConfigEntry& entry, S& settings, Diagnostics& findings) {
    const auto parts = split_raw_arguments(entry.value, ',', 5);
    if (parts.size() < 3) {
        findings.error(entry.place(), "{}: write code,self|peer,Application[,arguments[,class]]", entry.key);
        return;
    }
    S::Dynamic feature;
    feature.name = entry.key;
    feature.code = trim(parts[0]);
    const Halves who = split_once(trim(parts[1]), '/');
    if (!starts_with_ignoring_case(who.first, "self") && !starts_with_ignoring_case(who.first, "peer")) {
        findings.error(entry.place(), "{}: '{}' is neither self nor peer", entry.key, who.first);
        return;
    }
    feature.run_on_self = starts_with_ignoring_case(who.first, "self");
    feature.activated_by_self = !equals_ignoring_case(who.second, "callee");
    feature.activated_by_peer = equals_ignoring_case(who.second, "callee") || equals_ignoring_case(who.second, "both");
    feature.application = trim(parts[2]);
    if (const Halves call = split_once(feature.application, '('); call.found) {  // Application(arguments) is written too
        feature.arguments = call.second.substr(0, call.second.rfind(')'));
        feature.application = std::string(call.first);
    } else if (parts.size() > 3) {
        feature.arguments = trim(parts[3]);
    }
    if (parts.size() > 4) feature.music_class = trim(parts[4]);
    settings.dynamic.push_back(std::move(feature));
}

// Any other section: features of [applicationmap] that are allowed together, each with a code of its own if one is given.
void read_group(const ConfigCategory& category, S& settings) {
    S::Group group{std::string(category.name()), {}};
    for (const ConfigEntry& entry : category.entries()) group.codes.emplace_back(entry.key, std::string(trim(entry.value)));
    settings.groups.push_back(std::move(group));
}

void check_groups(const ConfigFile& file, const S& settings, Diagnostics& findings) {
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template() || std::ranges::none_of(settings.groups, [&](const auto& group) { return group.name == category.name(); }))
            continue;
        for (const ConfigEntry& entry : category.entries())
            if (std::ranges::none_of(settings.dynamic, [&](const auto& each) { return equals_ignoring_case(each.name, entry.key); }))
                findings.error(entry.place(), "the group {} names {}, which is no feature of [applicationmap]", category.name(), entry.key);
    }
}

ConfigApply prepare(const ConfigFile& file, Diagnostics& findings) {
    S settings;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "general")) {
            general_options().apply(category, settings, findings);
        } else if (equals_ignoring_case(category.name(), "featuremap")) {
            map_options().apply(category, settings, findings);
        } else if (equals_ignoring_case(category.name(), "applicationmap")) {
            for (const ConfigEntry& entry : category.entries()) read_dynamic(entry, settings, findings);
        } else {
            read_group(category, settings);
        }
    }
    check_groups(file, settings, findings);
    return [settings = std::move(settings)]() mutable { set_feature_settings(std::move(settings)); };
}

Result<void> load(Module& module) { return module.add(ConfigFileSpec{.file = "features.conf", .prepare = prepare}); }

}  // namespace

JACKFIELD_MODULE("res_features", "Feature codes of features.conf", load)
