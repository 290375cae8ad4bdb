// What the engine keeps of a channel and of each of its records.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/channel/cause.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield::cdr {

// A channel at one moment, as the engine is told of it; the views live as long as the call that gets them.
struct ChannelView {
    std::uint64_t number = 0;
    std::string_view name, unique_id, linked_id, caller_number, caller_name, account, amaflags;
    std::string_view application, arguments, context, extension;
    WallTime created{};
    bool up = false;
    HangupCause cause = HangupCause::not_defined;
};

enum class RecordState : unsigned char {
    single,          // nobody else yet
    dial,            // dials or is dialled
    dialed_pending,  // the dialled one has answered; a bridge or more dialplan follows
    bridge,
    finalized,
};

enum class Disposition : unsigned char { none, no_answer, failed, busy, answered, congestion };
std::string_view to_string(Disposition disposition);

using NamedValues = std::vector<std::pair<std::string, std::string>>;

struct CallRecord;

// A channel, for as long as it lives or a record names it.
struct Party {
    std::uint64_t number = 0;
    // As they were last told.
    std::string name, unique_id, linked_id, caller_number, caller_name, account, amaflags;
    WallTime created{};
    bool up = false;
    bool dialed = false;       // by somebody: never the first party of a record with one who was not
    bool prefers_a = false;    // CDR_PROP(party_a)
    bool disabled = false;     // CDR_PROP(disable)
    bool ended = false;
    HangupCause cause = HangupCause::not_defined;
    WallTime last_event{};
    std::vector<std::unique_ptr<CallRecord>> records;  // whose first party it is, in order
    std::vector<CallRecord*> second_of;                // whose second party it is, and that are not final

    void take(const ChannelView& view);
};

// One pair of legs, or one leg alone.
struct CallRecord {
    explicit CallRecord(Party& first) : a(&first) {}

    RecordState state = RecordState::single;
    Party* a;                       // owns this
    std::shared_ptr<Party> b;
    std::string bridge;             // identifier of the bridge it is or was in
    std::string application, arguments, context, extension;
    bool application_locked = false;  // Dial stays, whatever its hooks run
    WallTime start{}, answer{}, end{};
    Disposition disposition = Disposition::none;
    std::string user_field, b_user_field;
    NamedValues variables, b_variables;
    std::uint64_t sequence = 0;
    // The parties' part, once the record is final and they go on changing.
    struct Frozen {
        std::string channel, account, caller_number, caller_name, amaflags, linked_id, b_channel, b_account;
    };
    std::unique_ptr<Frozen> frozen;

    bool final() const { return state == RecordState::finalized; }
};

}  // namespace jackfield::cdr
