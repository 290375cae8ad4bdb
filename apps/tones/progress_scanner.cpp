// What the network or a machine says by tones.
#include "apps/tones/progress_scanner.hpp"

#include <algorithm>

#include "core/base/strings.hpp"

namespace jackfield::tones {
namespace {

constexpr double quietest = 60.0 * 60;  // mean square below which nothing is heard
constexpr double most_of = 0.6;         // share of the energy that a tone has for itself
constexpr unsigned block_ms = 20;

// Some 20 % and two blocks more or less.
bool about(unsigned blocks, unsigned wanted) { return blocks + wanted / 5 + 2 >= wanted && blocks <= wanted + wanted / 5 + 2; }

}  // namespace

std::string_view to_string(Progress progress) {
    switch (progress) {
        case Progress::dial_tone: return "DIALTONE";
        case Progress::ringing: return "RINGING";
        case Progress::busy: return "BUSY";
        case Progress::number_unobtainable: return "NUT";
        case Progress::special_information: return "SIT";
        case Progress::fax: return "FAX";
        case Progress::modem: return "MODEM";
        case Progress::voice: return "VOICE";
        case Progress::none: break;
    }
    return "";
}

int ProgressScanner::meter_of(double hz) {
    const auto same = std::ranges::find_if(meters_, [hz](const Meter& meter) { return std::abs(meter.hz - hz) < 1; });
    if (same != meters_.end()) return static_cast<int>(same - meters_.begin());
    meters_.push_back({hz, ToneMeter(hz)});
    return static_cast<int>(meters_.size() - 1);
}

// The first sounding element and the pause after it; "350+440" has none.
void ProgressScanner::add(Progress progress, std::string_view description) {
    Pattern pattern{.progress = progress};
    for (const std::string_view part : split_list(description)) {
        const Halves halves = split_once(trim(part), '/');
        const unsigned blocks = parse_number<unsigned>(trim(halves.second)).value_or(0) / block_ms;
        std::string_view tones = halves.first;
        if (tones.starts_with('!')) tones.remove_prefix(1);
        const std::size_t sign = tones.find_first_of("+*");
        const auto first = parse_number<double>(trim(tones.substr(0, sign)));
        if (!first) return;
        if (*first == 0) {
            if (pattern.meters[0] >= 0) {
                pattern.off = blocks;
                break;
            }
            continue;
        }
        if (pattern.meters[0] >= 0) continue;  // of several, the first
        pattern.on = blocks;
        pattern.meters[0] = meter_of(*first);
        if (sign != tones.npos)
            if (const auto second = parse_number<double>(trim(tones.substr(sign + 1))); second && tones[sign] == '+')
                pattern.meters[1] = meter_of(*second);
    }
    if (pattern.meters[0] < 0) return;
    patterns_.push_back(pattern);
}

ProgressScanner::ProgressScanner(const Settings& settings) : settings_(settings) {
    const auto zones = tone_zones();
    const auto of_zone = [&](std::string_view name, std::string_view otherwise) {
        const std::string* found = zones->find(settings.country, name);
        return found ? *found : std::string(otherwise);
    };
    add(Progress::dial_tone, of_zone("dial", "350+440"));
    add(Progress::ringing, of_zone("ring", "440+480/2000,0/4000"));
    add(Progress::busy, of_zone("busy", "480+620/500,0/500"));
    add(Progress::busy, of_zone("congestion", "480+620/250,0/250"));
    if (settings.country == "uk" || settings.country == "gb") add(Progress::number_unobtainable, "400");
    if (settings.fax) add(Progress::fax, "2100");  // CED (ITU-T T.30)
    add(Progress::modem, "2225");                  // Bell 103's answer
    // A tone that never pauses is told from one that does when it has lasted longer than that one.
    for (Pattern& pattern : patterns_) {
        if (pattern.on != 0) continue;
        pattern.settle = 25;
        for (const Pattern& other : patterns_)
            if (other.on && other.meters == pattern.meters) pattern.settle = std::max(pattern.settle, other.on + other.on / 4 + 5);
    }
    information_ = {{{meter_of(913.8), meter_of(985.2)}, {meter_of(1370.6), meter_of(1428.5)}, {meter_of(1776.7), meter_of(1776.7)}}};
}

bool ProgressScanner::present(const Pattern& pattern) const {
    const auto& first = meters_[static_cast<std::size_t>(pattern.meters[0])];
    if (pattern.meters[1] < 0) return first.share >= most_of;
    const auto& second = meters_[static_cast<std::size_t>(pattern.meters[1])];
    return first.share >= 0.1 && second.share >= 0.1 && first.share + second.share >= most_of;
}

Progress ProgressScanner::follow(Pattern& pattern, bool present) {
    if (present) {
        pattern.pausing = 0;
        ++pattern.sounding;
        return pattern.settle && pattern.sounding == pattern.settle ? pattern.progress : Progress::none;
    }
    if (pattern.sounding) pattern.last_sounding = std::exchange(pattern.sounding, 0);
    ++pattern.pausing;
    if (!pattern.on || !about(pattern.last_sounding, pattern.on)) return Progress::none;
    // Of a long pause half is enough: ringing is known before it rings again.
    const unsigned enough = pattern.off > 25 ? pattern.off / 2 : pattern.off - pattern.off / 4;
    if (pattern.pausing != std::max(enough, 5u)) return Progress::none;
    pattern.last_sounding = 0;
    return pattern.progress;
}

Progress ProgressScanner::follow_sequence() {
    const auto sounds = [this](unsigned step) {
        return std::ranges::any_of(information_[step], [this](int meter) { return meters_[static_cast<std::size_t>(meter)].share >= 0.45; });
    };
    if (step_ < 3 && sounds(step_)) {
        step_gap_ = 0;
        if (++step_blocks_ >= 8) {  // 160 ms of at least 274
            step_blocks_ = 0;
            if (++step_ == 3) return Progress::special_information;
        }
        return Progress::none;
    }
    // The tone before still sounds, or a short gap.
    if (step_ > 0 && step_ < 3 && sounds(step_ - 1)) return Progress::none;
    if (++step_gap_ > 5) step_ = step_blocks_ = 0;
    return Progress::none;
}

Progress ProgressScanner::end_block() {
    const double all = energy_ / ToneMeter::block;
    energy_ = 0;
    const bool audible = all >= quietest;
    bool tonal = false;
    for (Meter& each : meters_) {
        const double power = each.meter.power();
        each.share = audible ? power / all : 0;
        tonal |= each.share >= 0.4;
    }
    Progress found = follow_sequence();
    for (Pattern& pattern : patterns_)
        if (const Progress one = follow(pattern, audible && present(pattern)); one != Progress::none && found == Progress::none) found = one;
    if (found != Progress::none) return found;
    if (!settings_.voice) return Progress::none;
    if (audible && !tonal) {
        quiet_ = 0;
        if (++voiced_ == 15) return Progress::voice;  // 300 ms, with pauses shorter than 100
    } else if (++quiet_ > 5) {
        voiced_ = 0;
    }
    return Progress::none;
}

}  // namespace jackfield::tones
