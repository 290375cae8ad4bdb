// Who calls, who is connected, who redirected: the identities that a call carries.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace jackfield {

enum class Presentation : unsigned char {  // Q.931 octet 3a; names as CALLERPRES: allowed_not_screened, prohib, ...
    allowed_not_screened = 0x00, allowed_passed_screen = 0x01, allowed_failed_screen = 0x02, allowed = 0x03,
    prohib_not_screened = 0x20, prohib_passed_screen = 0x21, prohib_failed_screen = 0x22, prohib = 0x23,
    unavailable = 0x43,
};
std::string_view to_string(Presentation presentation);
Result<Presentation> parse_presentation(std::string_view text);

template <class Tag>
struct PartyField {
    std::string text;
    Presentation presentation = Presentation::allowed_not_screened;
    bool valid = false;                  // false: nobody said (an empty text may be valid)
    bool operator==(const PartyField&) const = default;
};
struct NumberTag;
struct NameTag;

struct PartyId {
    PartyField<NumberTag> number;
    PartyField<NameTag> name;
    std::string subaddress, tag;
    int number_plan = 0;                 // Q.931 type of number and plan
    bool operator==(const PartyId&) const = default;

    static PartyId of(std::string_view number, std::string_view name = {});
    // "\"Alice\" <6001>" and back, as callerid= options are written.
    static PartyId parse(std::string_view text);
    std::string to_string() const;
};

struct CallerIdentity {
    PartyId id;                          // shown
    PartyId ani;                         // who pays
    std::string dnid;                    // as dialled by the caller
    int ani2 = 0, transit_network = 0, dialled_plan = 0;
};

struct ConnectedIdentity {
    PartyId id, ani;
    std::string source;                  // "answer", "transfer", "unknown"
};

struct RedirectingIdentity {
    PartyId original, from, to;
    std::string reason = "unknown";      // cfu, cfb, cfnr, deflection, ... as REDIRECTING(reason)
    std::string original_reason = "unknown";
    int count = 0;
};

}  // namespace jackfield
