// Parking lots and the calls in them.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bridge/bridge.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/timer.hpp"
#include "modules/res_parking/parking.hpp"
#include "modules/res_parking/settings.hpp"

namespace jackfield::parking {

// How a call is parked: options of Park and its like.
struct ParkRequest {
    std::string lot;                                // empty: the channel's
    std::string parker;                             // name of the channel that parks; empty: the parked one itself
    std::optional<std::chrono::seconds> timeout;    // instead of the lot's
    std::optional<Place> comeback;                  // where it goes at the timeout, instead of what the lot says
    bool ring = false, random = false;
};

struct ParkedUser {
    unsigned space = 0;
    std::shared_ptr<Channel> channel;               // null: the space is reserved for who comes
    std::string parker, parker_device;              // "PJSIP/6001-00000001", "PJSIP/6001"
    Instant since{};
    std::chrono::seconds timeout{};
    std::optional<Place> comeback;
    bool ring = false, leaving = false;             // leaving: somebody sees to it
    Gate::Pass pass;                                // of this module: it stays while calls are parked
    Timer timer;
    explicit ParkedUser(std::move_only_function<void()> on_timeout) : timer(std::move(on_timeout)) {}
};

struct Lot {
    LotSettings settings;
    bool dynamic = false, configured = true;        // not configured any more: goes when it is empty
    std::map<unsigned, std::unique_ptr<ParkedUser>> users;
    std::shared_ptr<Bridge> bridge;                 // holding; made with the first call
    unsigned last_space = 0;
};

// Control thread.
class Lots {
  public:
    explicit Lots(Gate& gate);
    // Puts the lots of the file into force; calls that wait go on waiting.
    void apply(Settings settings);
    const std::map<std::string, std::unique_ptr<Lot>, CaseInsensitiveLess>& all() const { return lots_; }

    // The lot of that name; of the channel (variable PARKINGLOT, CHANNEL(parkinglot)) or `default` when it is empty. A dynamic
    // one is made when the channel's variables say so. Errors: not_found.
    Result<Lot*> lot_for(Channel& channel, std::string_view name);
    Lot* find(std::string_view name);

    // Reserves a space until park() or give_back(). Errors: limit (the lot is full), not_found.
    struct Reservation {
        Lot* lot;
        unsigned space;
    };
    Result<Reservation> reserve(Channel& channel, const ParkRequest& request);
    void give_back(const Reservation& reservation);
    // The channel waits there on its own fiber until it leaves. Waits. Errors: hangup, taken (retrieved, timed out), redirected.
    Result<void> wait_in(const Reservation& reservation, Channel& channel, const ParkRequest& request);
    // The channel waits there in the lot's custody. Never waits. Errors: those of Bridge::impart.
    Result<void> put_in(const Reservation& reservation, Custody channel, const ParkRequest& request);

    // The call in that space (0: the one that waits in the lowest). Null: there is none.
    ParkedUser* parked(Lot& lot, unsigned space);
    // Custody of a parked channel for who retrieves it. Errors: not_found (somebody was faster).
    Result<Custody> retrieve(Lot& lot, unsigned space, Channel& retriever);

  private:
    void begin(Lot& lot, ParkedUser& user, Channel& channel, const ParkRequest& request);
    void timed_out(const std::string& lot_name, unsigned space);
    void entered(Bridge& bridge, Channel& channel);
    void left(Bridge& bridge, Channel& channel, LeaveReason reason);
    void tell(ParkedCallChanged::Kind kind, const Lot& lot, const ParkedUser& user, Channel* retriever = nullptr) const;
    void remove(Lot& lot, unsigned space);
    ParkedUser& user_of(const Reservation& reservation) { return *reservation.lot->users.at(reservation.space); }
    MemberOptions member_options(const Lot& lot, const ParkRequest& request) const;
    void write_dialplan() const;

    Gate& gate_;
    Settings settings_;
    std::map<std::string, std::unique_ptr<Lot>, CaseInsensitiveLess> lots_;
    Subscription entered_, left_;
    std::optional<std::pair<Lot*, unsigned>> swapped_;  // the space whose call left as transferred in this turn
};

// Takes the lots' extensions out of the dialplan.
void remove_dialplan();
constexpr std::string_view dial_context = "park-dial";  // where calls come back to the one who parked them

}  // namespace jackfield::parking
