// The registry of sound file formats, and prompts by name.
#include "core/media/sound_file.hpp"

#include <algorithm>
#include <list>
#include <utility>

#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/media/say.hpp"
#include "core/media/sound_opener.hpp"
#include "core/media/translator.hpp"
#include "core/runtime/offload.hpp"

namespace jackfield {
namespace {

struct RegisteredFormat {
    std::shared_ptr<const SoundFileFormat> format;
    Gate* gate;
};
// Control thread.
std::list<RegisteredFormat>& formats() {
    static std::list<RegisteredFormat> all;
    return all;
}
SoundSettings& settings_in_force() {
    static SoundSettings settings;
    return settings;
}

bool answers_to(const SoundFileFormat& format, std::string_view name) {
    if (equals_ignoring_case(format.name, name)) return true;
    // Extensions are told apart by case, as "wav" and "WAV" (WAV49) are two formats.
    return std::find(format.extensions.begin(), format.extensions.end(), name) != format.extensions.end();
}

// How well a file of one codec serves a listener of another; smaller is better, lexicographically.
struct Preference {
    std::uint32_t bandwidth_lost;
    unsigned cost_us, steps;
    auto operator<=>(const Preference&) const = default;
};
std::optional<Preference> preference(const Codec* codec, const Codec* wanted) {
    const std::uint32_t rate = std::min(codec->rate.hz, wanted->rate.hz);
    if (codec == wanted) return Preference{0, 0, 0};
    const auto cost = path_cost(codec, wanted);
    if (!cost) return {};
    return Preference{wanted->rate.hz - rate, cost->cost_us, cost->steps};
}

}  // namespace

Result<Registration> register_in(Module& module, SoundFileFormat format) {
    if (format.name.empty() || format.extensions.empty() || format.description.empty())
        return fail(ErrorCode::invalid, "a sound format needs a name, an extension and a description");
    if (!find_codec(format.codec))
        return fail(ErrorCode::invalid, "format {}: codec {} is not known", format.name, format.codec);
    for (const auto& other : formats())
        if (equals_ignoring_case(other.format->name, format.name) && other.format->extensions == format.extensions)
            return fail(ErrorCode::exists, "sound format {} is registered already by {}", format.name,
                        other.gate->name());
    const auto at =
        formats().insert(formats().end(), {std::make_shared<const SoundFileFormat>(std::move(format)), &module.gate()});
    return Registration([at] { formats().erase(at); });
}

std::vector<const SoundFileFormat*> list_sound_formats() {
    std::vector<const SoundFileFormat*> list;
    for (const auto& one : formats()) list.push_back(one.format.get());
    return list;
}

Result<FoundFormat> find_sound_format(std::string_view name) {
    // An extension as it is written comes first, so that "WAV" is not taken for "wav".
    for (const bool exact : {true, false}) {
        for (const auto& one : formats()) {
            const auto& extensions = one.format->extensions;
            const bool fits = exact ? std::find(extensions.begin(), extensions.end(), name) != extensions.end()
                                    : answers_to(*one.format, name);
            if (!fits) continue;
            auto pass = JF_TRY(one.gate->enter());
            return FoundFormat{one.format, std::move(pass)};
        }
    }
    std::vector<std::string> names;
    for (const auto& one : formats()) names.push_back(one.format->name);
    const auto nearest = nearest_word(name, names);
    return fail(ErrorCode::not_found, "there is no sound format \"{}\"{}", name,
                nearest ? "; the nearest is \"" + *nearest + "\"" : std::string("; load its format_ module"));
}

void set_sound_settings(SoundSettings settings) {
    settings_in_force() = std::move(settings);
    load_say_languages(settings_in_force().directories, settings_in_force().default_language);
}
const SoundSettings& sound_settings() { return settings_in_force(); }

SoundOpener SoundOpener::make(const Codec* wanted) {
    if (!wanted) wanted = linear_codec({8000});
    struct Ranked {
        std::optional<Preference> preference;
        Candidate candidate;
    };
    std::vector<Ranked> ranked;
    for (const auto& one : formats()) {
        auto pass = one.gate->enter();
        const Codec* codec = find_codec(one.format->codec);
        if (!pass || !codec) continue;
        const auto how_good = preference(codec, wanted);
        for (const std::string& extension : one.format->extensions)
            ranked.push_back({how_good, Candidate{one.gate->hold(), one.format, extension, codec}});
    }
    // What nothing translates comes last: it is better to name the codec that is missing than to find no file.
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
        if (a.preference.has_value() != b.preference.has_value()) return a.preference.has_value();
        return a.preference && *a.preference < *b.preference;
    });
    SoundOpener opener;
    for (Ranked& one : ranked) opener.candidates_.push_back(std::move(one.candidate));
    return opener;
}

Result<std::unique_ptr<Source>> open_prompt(const std::string& name, const std::string& language, const Codec* wanted) {
    const SoundOpener opener = SoundOpener::make(wanted);
    if (opener.empty()) return fail(ErrorCode::not_found, "prompt {}: no format_ module is loaded", name);
    const SoundSettings settings = sound_settings();
    auto sound = JF_TRY(offload([&]() -> Result<OpenedSound> {
        const std::string path = opener.find_prompt(settings, name, language);
        if (path.empty())
            return fail(ErrorCode::not_found, "there is no prompt {} in language {} in any format that is loaded", name,
                        language.empty() ? settings.default_language : language);
        return opener.open(path);
    }));
    if (wanted && sound.codec != wanted && !path_cost(sound.codec, wanted))
        return fail(ErrorCode::unsupported, "prompt {} is there as {} only, and nothing translates that to {}", name,
                    sound.codec->name, wanted->name);
    return make_file_source(std::move(sound));
}

Result<std::unique_ptr<Source>> open_sound_file(const std::string& path) {
    const SoundOpener opener = SoundOpener::make(nullptr);
    auto sound = JF_TRY(offload([&] { return opener.open(path); }));
    return make_file_source(std::move(sound));
}

bool prompt_exists(const std::string& name, const std::string& language) {
    const SoundOpener opener = SoundOpener::make(nullptr);
    const SoundSettings settings = sound_settings();
    const auto found = offload([&] { return !opener.find_prompt(settings, name, language).empty(); });
    return found && *found;
}

}  // namespace jackfield
