// FEATURE, FEATUREMAP: settings of features.conf for a single channel.
#include <array>

#include "core/bridge/features.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

using S = FeatureSettings;

constexpr FunctionInfo feature_info{
    .name = "FEATURE",
    .syntax = "FEATURE(option)",
    .synopsis = "An option of features.conf for this channel alone",
    .text = "To read and set: featuredigittimeout (milliseconds), transferdigittimeout, atxfernoanswertimeout (seconds), atxferdropcall, "
            "atxferabort, atxfercomplete, atxferthreeway, atxferswap, xfersound, xferfailsound, transferdialattempts, "
            "transferannouncesound, transferretrysound, transferinvalidsound, pickupexten, pickupsound, pickupfailsound, courtesytone, "
            "recordingfailsound; and inherit: with 1 the channels that this one calls have the same."};
constexpr FunctionInfo map_info{.name = "FEATUREMAP",
                                .syntax = "FEATUREMAP(feature)",
                                .synopsis = "The code of a feature for this channel alone",
                                .text = "To read and set: atxfer, blindxfer, automon, disconnect, parkcall, automixmon."};

struct TextOption {
    std::string_view name;
    std::string S::*member;
};
constexpr std::array text_options{
    TextOption{"atxferabort", &S::attended_abort},           TextOption{"atxfercomplete", &S::attended_complete},
    TextOption{"atxferthreeway", &S::attended_threeway},     TextOption{"atxferswap", &S::attended_swap},
    TextOption{"xfersound", &S::transfer_sound},             TextOption{"xferfailsound", &S::fail_sound},
    TextOption{"transferannouncesound", &S::transfer_announce_sound}, TextOption{"transferretrysound", &S::transfer_retry_sound},
    TextOption{"transferinvalidsound", &S::transfer_invalid_sound},   TextOption{"pickupexten", &S::pickup_extension},
    TextOption{"pickupsound", &S::pickup_sound},             TextOption{"pickupfailsound", &S::pickup_fail_sound},
    TextOption{"courtesytone", &S::courtesy_tone},           TextOption{"recordingfailsound", &S::recording_fail_sound},
};
constexpr std::array map_options{
    TextOption{"atxfer", &S::attended_transfer}, TextOption{"blindxfer", &S::blind_transfer},
    TextOption{"automon", &S::one_touch_monitor}, TextOption{"disconnect", &S::disconnect},
    TextOption{"parkcall", &S::park_call},       TextOption{"automixmon", &S::one_touch_mixmonitor},
};
struct TimeOption {
    std::string_view name;
    std::chrono::milliseconds S::*member;
    unsigned unit;  // in milliseconds
};
constexpr std::array time_options{
    TimeOption{"featuredigittimeout", &S::feature_digit_timeout, 1},
    TimeOption{"transferdigittimeout", &S::transfer_digit_timeout, 1000},
    TimeOption{"atxfernoanswertimeout", &S::attended_no_answer_timeout, 1000},
};

template <class Table>
auto* option_of(const Table& table, std::string_view name) {
    for (const auto& option : table)
        if (equals_ignoring_case(option.name, name)) return &option;
    return static_cast<const typename Table::value_type*>(nullptr);
}

Result<Channel*> needed(Channel* channel, std::string_view function) {
    if (channel) return channel;
    return fail(ErrorCode::invalid, "{} needs a channel", function);
}
Result<void> unknown(std::string_view function, std::string_view option) {
    return fail(ErrorCode::not_found, "{}: there is no option '{}'", function, option);
}

Result<std::string> read_feature(Channel* asked, const Arguments& arguments) {
    const Channel& channel = *JF_TRY(needed(asked, "FEATURE"));
    const auto settings = feature_settings(channel);
    const std::string_view name = arguments[0];
    if (equals_ignoring_case(name, "inherit")) return std::string(features_inherited(channel) ? "1" : "0");
    if (const auto* option = option_of(text_options, name)) return (*settings).*option->member;
    if (const auto* option = option_of(time_options, name)) return std::to_string(((*settings).*option->member).count() / option->unit);
    if (equals_ignoring_case(name, "atxferdropcall")) return std::string(settings->drop_call_when_attended_fails ? "1" : "0");
    if (equals_ignoring_case(name, "transferdialattempts")) return std::to_string(settings->transfer_attempts);
    JF_TRY(unknown("FEATURE", name));
    return std::string();
}

Result<void> set_option(S& settings, std::string_view name, std::string_view value) {
    if (const auto* option = option_of(text_options, name)) {
        settings.*option->member = value;
        return {};
    }
    if (const auto* option = option_of(time_options, name)) {
        const auto number = parse_number<unsigned>(trim(value));
        if (!number || *number > 3'600'000u / option->unit)
            return fail(ErrorCode::invalid, "FEATURE({}): '{}' is no time", name, value);
        settings.*option->member = std::chrono::milliseconds(*number * option->unit);
        return {};
    }
    if (equals_ignoring_case(name, "atxferdropcall")) {
        settings.drop_call_when_attended_fails = parse_bool(value).value_or(false);
        return {};
    }
    if (!equals_ignoring_case(name, "transferdialattempts")) return unknown("FEATURE", name);
    const auto number = parse_number<unsigned>(trim(value));
    if (!number || *number < 1 || *number > 20) return fail(ErrorCode::invalid, "FEATURE({}): a number from 1 to 20, not '{}'", name, value);
    settings.transfer_attempts = *number;
    return {};
}

Result<void> write_feature(Channel* asked, const Arguments& arguments, std::string_view value) {
    Channel& channel = *JF_TRY(needed(asked, "FEATURE"));
    S settings = *feature_settings(channel);
    bool inherit = features_inherited(channel);
    if (equals_ignoring_case(arguments[0], "inherit"))
        inherit = parse_bool(value).value_or(false);
    else
        JF_TRY(set_option(settings, arguments[0], value));
    set_feature_settings(channel, std::move(settings), inherit);
    return {};
}

Result<std::string> read_map(Channel* asked, const Arguments& arguments) {
    const Channel& channel = *JF_TRY(needed(asked, "FEATUREMAP"));
    if (const auto* option = option_of(map_options, arguments[0])) return (*feature_settings(channel)).*option->member;
    JF_TRY(unknown("FEATUREMAP", arguments[0]));
    return std::string();
}

Result<void> write_map(Channel* asked, const Arguments& arguments, std::string_view value) {
    Channel& channel = *JF_TRY(needed(asked, "FEATUREMAP"));
    const auto* option = option_of(map_options, arguments[0]);
    if (!option) return unknown("FEATUREMAP", arguments[0]);
    if (value.find_first_not_of("0123456789*#ABCDabcd") != std::string_view::npos)
        return fail(ErrorCode::invalid, "FEATUREMAP({}): '{}' can't be pressed; keys are 0-9, *, # and A-D", arguments[0], value);
    S settings = *feature_settings(channel);
    settings.*option->member = value;
    set_feature_settings(channel, std::move(settings), features_inherited(channel));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(feature_info, FunctionBody{read_feature, write_feature}));
    return module.add(map_info, FunctionBody{read_map, write_map});
}

}  // namespace

JACKFIELD_MODULE("func_feature", "Settings of features.conf for a single channel", load)
