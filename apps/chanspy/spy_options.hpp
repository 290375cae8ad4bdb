// What ChanSpy and ExtenSpy are asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/media/snoop.hpp"
#include "core/sdk.hpp"

namespace jackfield::chanspy {

struct SpyOptions {
    bool bridged = false;         // b
    bool barge = false;           // B
    bool whisper = false;         // w
    bool private_whisper = false; // W
    bool modes_by_key = false;    // d
    bool exit_on_hangup = false;  // E
    bool only_said = false;       // o
    bool quiet = false;           // q
    bool record = false;          // r
    bool no_technology = false;   // s
    bool stop_when_none = false;  // S
    bool unique = false;          // u
    bool exit_to_extension = false;  // X
    char next_key = '*';          // c
    char exit_key = 0;            // x
    int volume = 0;               // v, -4 to 4
    std::vector<std::string> groups;    // g
    std::vector<std::string> enforced;  // e
    bool any_extension = true;    // no e
    std::string record_name;      // r
    // Whom it may listen to.
    std::string prefix;           // ChanSpy
    std::string extension, context;  // ExtenSpy; empty: ChanSpy

    // Errors: invalid; unsupported names what needs a mailbox.
    static Result<SpyOptions> parse(std::string_view application, std::string_view options);
    SnoopWays hears() const { return private_whisper ? SnoopWays::none : only_said ? SnoopWays::in : SnoopWays::both; }
    SnoopWays whispers() const {
        return barge ? SnoopWays::both : whisper || private_whisper ? SnoopWays::out : SnoopWays::none;
    }
};

// The factor of a volume step: 3 dB each.
double volume_factor(int volume);
// Whether one of the groups stands in a colon-separated list.
bool shares_group(const std::vector<std::string>& groups, std::string_view list);
// Whether the channel's name is one of the extensions that `e` allows: PJSIP/6001-00000001 is 6001.
bool is_enforced(const SpyOptions& options, std::string_view channel_name);

}  // namespace jackfield::chanspy
