// indications.conf: [general] with the default country, and one section a country.
#include "core/media/tone_config.hpp"

#include <algorithm>
#include <utility>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

void read_cadence(const ConfigEntry& entry, ToneZone& zone, Diagnostics& findings) {
    zone.ring_cadence.clear();
    for (const auto part : split_list(entry.value)) {
        const auto ms = parse_number<unsigned>(part);
        if (!ms || *ms > 60'000)
            return findings.error(entry.place(), "ringcadence: \"{}\" is not a time in milliseconds from 0 to 60000",
                                  part);
        zone.ring_cadence.push_back(*ms);
    }
    if (zone.ring_cadence.size() % 2 != 0)
        findings.error(entry.place(), "ringcadence needs pairs of times: on, off, on, off");
}

void read_tone(const ConfigEntry& entry, ToneZone& zone, Diagnostics& findings) {
    if (const auto tone = make_tone(entry.value); !tone)
        return findings.error(entry.place(), "{}: {}", entry.key, tone.error().text);
    const auto known = std::find_if(zone.tones.begin(), zone.tones.end(),
                                    [&](const auto& tone) { return equals_ignoring_case(tone.first, entry.key); });
    if (known == zone.tones.end())
        zone.tones.emplace_back(entry.key, entry.value);
    else
        known->second = entry.value;
}

std::unexpected<Error> no_country(const ToneZones& zones, std::string_view country) {
    std::vector<std::string> names;
    for (const ToneZone& zone : zones.zones) names.push_back(zone.country);
    const auto nearest = nearest_word(country, names);
    return fail(ErrorCode::invalid, "there is no section [{}]{}", country,
                nearest ? "; the nearest is [" + *nearest + "]" : std::string());
}

const ToneZone* find_zone(const ToneZones& zones, std::string_view country) {
    const auto found = std::find_if(zones.zones.begin(), zones.zones.end(),
                                    [&](const ToneZone& zone) { return equals_ignoring_case(zone.country, country); });
    return found == zones.zones.end() ? nullptr : &*found;
}

}  // namespace

std::shared_ptr<const ToneZones> read_tone_zones(const ConfigFile& file, Diagnostics& findings) {
    auto zones = std::make_shared<ToneZones>();
    std::vector<std::pair<std::size_t, const ConfigEntry*>> aliases;  // resolved when all sections are known
    const ConfigEntry* chosen = nullptr;
    for (const ConfigCategory& category : file.categories()) {
        if (category.is_template()) continue;
        if (equals_ignoring_case(category.name(), "general")) {
            for (const ConfigEntry& entry : category.entries()) {
                if (equals_ignoring_case(entry.key, "country"))
                    chosen = &entry;
                else
                    findings.error(entry.place(), "[general] knows only \"country\", not \"{}\"", entry.key);
            }
            continue;
        }
        if (find_zone(*zones, category.name())) {
            findings.error(category.place(), "there are two sections [{}]", category.name());
            continue;
        }
        ToneZone zone{.country = std::string(category.name())};
        for (const ConfigEntry& entry : category.entries()) {
            if (equals_ignoring_case(entry.key, "description"))
                zone.description = entry.value;
            else if (equals_ignoring_case(entry.key, "ringcadence"))
                read_cadence(entry, zone, findings);
            else if (equals_ignoring_case(entry.key, "alias"))
                aliases.emplace_back(zones->zones.size(), &entry);
            else
                read_tone(entry, zone, findings);
        }
        zones->zones.push_back(std::move(zone));
    }
    for (const auto& [number, entry] : aliases) {
        ToneZone& zone = zones->zones[number];
        const ToneZone* other = find_zone(*zones, entry->value);
        if (!other) {
            findings.error(entry->place(), "alias: {}", no_country(*zones, entry->value).error().text);
            continue;
        }
        zone.tones = other->tones;
        zone.ring_cadence = other->ring_cadence;
        if (zone.description.empty()) zone.description = other->description;
    }
    if (chosen) {
        zones->default_country = chosen->value;
        if (!find_zone(*zones, chosen->value))
            findings.error(chosen->place(), "country: {}", no_country(*zones, chosen->value).error().text);
    }
    return zones;
}

}  // namespace jackfield
