// res_parking.conf: parking lots.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/config/options.hpp"

namespace jackfield::parking {

enum class Sides : unsigned char { none = 0, caller = 1, callee = 2, both = 3 };  // who retrieves; who was parked
constexpr bool has(Sides sides, Sides side) { return (static_cast<unsigned>(sides) & static_cast<unsigned>(side)) != 0; }

struct LotSettings {
    std::string name, context = "parkedcalls", extension;
    unsigned first = 701, last = 750;
    bool exclusive = false, hints = false, to_origin = true, next = false;
    std::chrono::seconds timeout{45}, dial_time{30};
    std::string comeback_context = "parkedcallstimeout", courtesy_tone, music_class;
    Sides played = Sides::caller, transfers = Sides::none, reparking = Sides::none, hang_up = Sides::none, recording = Sides::none;
};

struct Settings {
    bool dynamic = false;               // lots may be made by channels' variables
    std::vector<LotSettings> lots;      // `default` is always among them
};

// "701-750" or "701". Errors: invalid.
Result<void> read_spaces(LotSettings& lot, std::string_view text);
const Options<LotSettings>& lot_options();
Settings read_settings(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield::parking
