// Parking lots and the calls in them.
#include "modules/res_parking/lots.hpp"

#include <algorithm>
#include <random>

#include "core/base/log.hpp"
#include "core/channel/channel_events.hpp"
#include "core/channel/device_state.hpp"
#include "core/dialplan/dialplan_store.hpp"
#include "core/dialplan/executor.hpp"
#include "core/runtime/control.hpp"

namespace jackfield::parking {
namespace {

constexpr std::string_view registrar = "res_parking";

std::string flat(std::string device) {
    std::ranges::replace(device, '/', '_');
    return device;
}

void add_lot(DialplanBuilder& builder, const LotSettings& lot, std::vector<std::string>& problems) {
    const auto add = [&](std::string_view extension, int priority, std::string_view application, std::string_view arguments) {
        const ExtensionLine line{.context = lot.context, .extension = extension, .caller_id = {}, .priority = priority, .label = {},
                                 .application = application, .arguments = arguments,
                                 .origin = {Name(registrar), Name("res_parking.conf"), 0}};
        if (auto added = builder.add(line); !added) problems.push_back(fmt::format("lot {}: {}", lot.name, added.error().text));
    };
    if (!lot.extension.empty()) add(lot.extension, 1, "Park", lot.exclusive ? lot.name : std::string());
    for (unsigned space = lot.first; space <= lot.last; ++space) {
        const std::string extension = std::to_string(space);
        add(extension, 1, "ParkedCall", lot.name + "," + extension);
        if (lot.hints) add(extension, hint_priority, {}, fmt::format("park:{}@{}", extension, lot.context));
    }
}

void tell_device(const Lot& lot, unsigned space) {
    if (lot.settings.hints) device_state_changed(fmt::format("park:{}@{}", space, lot.settings.context));
}

}  // namespace

Lots::Lots(Gate& gate)
    : gate_(gate),
      entered_(subscribe<BridgeEntered>([this](const BridgeEntered& event) { entered(event.bridge, event.channel); })),
      left_(subscribe<BridgeLeft>([this](const BridgeLeft& event) { left(event.bridge, event.channel, event.reason); })) {}

// --- lots -----------------------------------------------------------------------------------------------------------------

void Lots::apply(Settings settings) {
    settings_ = std::move(settings);
    for (auto& [name, lot] : lots_)
        if (!lot->dynamic) lot->configured = false;
    for (const LotSettings& fresh : settings_.lots) {
        auto& lot = lots_[fresh.name];
        if (!lot) lot = std::make_unique<Lot>();
        lot->settings = fresh;
        lot->configured = true;
    }
    std::erase_if(lots_, [](const auto& entry) { return !entry.second->configured && entry.second->users.empty(); });
    write_dialplan();
}

void Lots::write_dialplan() const {
    std::vector<LotSettings> lots;
    for (const auto& [name, lot] : lots_)
        if (lot->configured) lots.push_back(lot->settings);
    auto changed = change_dialplan([lots](DialplanBuilder& builder) -> Result<void> {
        builder.remove_registrar(Name(registrar));
        std::vector<std::string> problems;
        for (const LotSettings& lot : lots) add_lot(builder, lot, problems);
        const ExtensionLine back{.context = dial_context, .extension = "_[A-Za-z].", .caller_id = {}, .priority = 1, .label = {},
                                 .application = "Dial", .arguments = "${PARKER},${PARKEDDIALTIME}",
                                 .origin = {Name(registrar), Name("res_parking.conf"), 0}};
        if (auto added = builder.add(back); !added) problems.push_back(added.error().text);
        for (const std::string& problem : problems) log_warning("res_parking.conf: {}", problem);
        return {};
    });
    if (!changed) log_error("res_parking.conf: {}", changed.error().text);
}

void remove_dialplan() {
    (void)change_dialplan([](DialplanBuilder& builder) -> Result<void> {
        builder.remove_registrar(Name(registrar));
        return {};
    });
}

Lot* Lots::find(std::string_view name) {
    const auto found = lots_.find(std::string(name));
    return found == lots_.end() ? nullptr : found->second.get();
}

Result<Lot*> Lots::lot_for(Channel& channel, std::string_view wanted) {
    std::string name(wanted);
    if (name.empty()) name = channel.variable("PARKINGLOT");
    if (name.empty()) name = channel.attributes().parking_lot;
    if (name.empty()) name = "default";
    if (Lot* lot = find(name)) return lot;
    const std::string model = channel.variable("PARKINGDYNAMIC");
    if (!settings_.dynamic || model.empty()) return fail(ErrorCode::not_found, "there is no parking lot '{}'", name);
    const Lot* like = find(model);
    if (!like) return fail(ErrorCode::not_found, "PARKINGDYNAMIC names the parking lot '{}', which is not there", model);
    LotSettings made = like->settings;
    made.name = name;
    if (const auto context = channel.variable("PARKINGDYNCONTEXT"); !context.empty()) made.context = context;
    if (const auto extension = channel.variable("PARKINGDYNEXTEN"); !extension.empty()) made.extension = extension;
    if (const auto spaces = channel.variable("PARKINGDYNPOS"); !spaces.empty()) JF_TRY(read_spaces(made, spaces));
    auto lot = std::make_unique<Lot>();
    lot->settings = std::move(made);
    lot->dynamic = true;
    Lot* kept = lot.get();
    lots_.emplace(name, std::move(lot));
    write_dialplan();
    return kept;
}

// --- parking --------------------------------------------------------------------------------------------------------------

Result<Lots::Reservation> Lots::reserve(Channel& channel, const ParkRequest& request) {
    Lot& lot = *JF_TRY(lot_for(channel, request.lot));
    const LotSettings& settings = lot.settings;
    const unsigned count = settings.last - settings.first + 1;
    unsigned start = 0;
    if (const auto wanted = parse_number<unsigned>(channel.variable("PARKINGEXTEN"));
        wanted && *wanted >= settings.first && *wanted <= settings.last) {
        if (lot.users.contains(*wanted)) return fail(ErrorCode::limit, "the parking space {} of lot {} is taken", *wanted, settings.name);
        start = *wanted - settings.first;
    } else if (request.random) {
        static std::minstd_rand random(std::random_device{}());
        start = std::uniform_int_distribution<unsigned>(0, count - 1)(random);
    } else if (settings.next && lot.last_space >= settings.first && lot.last_space <= settings.last) {
        start = lot.last_space - settings.first + 1;
    }
    for (unsigned i = 0; i < count; ++i) {
        const unsigned space = settings.first + (start + i) % count;
        if (lot.users.contains(space)) continue;
        lot.users.emplace(space, std::make_unique<ParkedUser>([this, name = settings.name, space] { timed_out(name, space); }));
        lot.users.at(space)->space = lot.last_space = space;
        return Reservation{&lot, space};
    }
    return fail(ErrorCode::limit, "the parking lot {} is full", settings.name);
}

void Lots::give_back(const Reservation& reservation) {
    const auto found = reservation.lot->users.find(reservation.space);
    if (found != reservation.lot->users.end() && !found->second->channel) reservation.lot->users.erase(found);
}

MemberOptions Lots::member_options(const Lot& lot, const ParkRequest& request) const {
    MemberOptions options;
    options.silence_only = request.ring;
    options.music_class = lot.settings.music_class;
    return options;
}

void Lots::begin(Lot& lot, ParkedUser& user, Channel& channel, const ParkRequest& request) {
    if (!lot.bridge) lot.bridge = Bridge::create(BridgeKind::holding, "parking " + lot.settings.name);
    user.channel = channel.share();
    user.parker = request.parker.empty() ? channel.name() : request.parker;
    user.parker_device = device_of(user.parker);
    user.since = Clock::now();
    user.timeout = request.timeout.value_or(lot.settings.timeout);
    user.comeback = request.comeback;
    user.ring = request.ring;
    user.pass = gate_.hold();
}

Result<void> Lots::wait_in(const Reservation& reservation, Channel& channel, const ParkRequest& request) {
    Lot& lot = *reservation.lot;
    begin(lot, user_of(reservation), channel, request);
    const auto bridge = lot.bridge;
    auto stayed = bridge->join(channel, member_options(lot, request));
    if (!stayed) {  // it may not have come in at all
        const auto found = reservation.lot->users.find(reservation.space);
        if (found != reservation.lot->users.end() && found->second->channel.get() == &channel && channel.bridge() != bridge.get())
            remove(*reservation.lot, reservation.space);
        return std::unexpected(std::move(stayed).error());
    }
    return channel.hung_up() ? Result<void>(fail(ErrorCode::hangup)) : Result<void>();
}

Result<void> Lots::put_in(const Reservation& reservation, Custody custody, const ParkRequest& request) {
    Lot& lot = *reservation.lot;
    Channel& channel = custody.channel();
    begin(lot, user_of(reservation), channel, request);
    auto parked = lot.bridge->impart(std::move(custody), member_options(lot, request));
    if (!parked) remove(lot, reservation.space);
    return parked;
}

void Lots::remove(Lot& lot, unsigned space) {
    lot.users.erase(space);
    tell_device(lot, space);
    if (!lot.users.empty()) return;
    // In a later turn: the bridge is still telling that its member has left.
    post([bridge = std::exchange(lot.bridge, nullptr)] {});
}

void Lots::tell(ParkedCallChanged::Kind kind, const Lot& lot, const ParkedUser& user, Channel* retriever) const {
    Channel* parker = user.parker == user.channel->name() ? user.channel.get() : find_channel(user.parker);
    publish(ParkedCallChanged{kind, *user.channel, parker, retriever, user.parker_device, lot.settings.name, user.space, user.timeout,
                              std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - user.since)});
}

void Lots::entered(Bridge& bridge, Channel& channel) {
    for (auto& [name, lot] : lots_) {
        if (lot->bridge.get() != &bridge) continue;
        if (swapped_ && swapped_->first == lot.get()) {  // an attended transfer puts another one in the place of the parked call
            const auto found = lot->users.find(swapped_->second);
            swapped_.reset();
            if (found == lot->users.end()) return;
            found->second->channel = channel.share();
            tell(ParkedCallChanged::Kind::swapped, *lot, *found->second);
            return;
        }
        for (auto& [space, user] : lot->users) {
            if (user->channel.get() != &channel) continue;
            channel.set_variable("PARKINGSLOT", std::to_string(space));
            channel.set_variable("PARKING_SPACE", std::to_string(space));
            channel.set_variable("PARKEDLOT", lot->settings.name);
            channel.set_variable("PARKER", user->parker_device);
            channel.set_variable("PARKER_FLAT", flat(user->parker_device));
            if (user->ring) (void)channel.start_tone("ring");
            user->timer.start(user->timeout);
            log_verbose(3, "{} is parked in space {} of lot {}", channel.name(), space, lot->settings.name);
            tell(ParkedCallChanged::Kind::parked, *lot, *user);
            tell_device(*lot, space);
        }
        return;
    }
}

void Lots::left(Bridge& bridge, Channel& channel, LeaveReason reason) {
    for (auto& [name, lot] : lots_) {
        if (lot->bridge.get() != &bridge) continue;
        const auto found = std::ranges::find_if(lot->users, [&](const auto& entry) { return entry.second->channel.get() == &channel; });
        if (found == lot->users.end()) return;
        if (found->second->leaving) return remove(*lot, found->first);
        if (reason == LeaveReason::transferred) {
            swapped_ = {lot.get(), found->first};
            // Nobody came: the call has gone.
            post([this, name = name, space = found->first] {
                Lot* still = find(name);
                if (!swapped_ || !still || swapped_->first != still) return;
                swapped_.reset();
                if (still->users.contains(space)) remove(*still, space);
            });
            return;
        }
        tell(ParkedCallChanged::Kind::gave_up, *lot, *found->second);
        return remove(*lot, found->first);
    }
}

// --- leaving --------------------------------------------------------------------------------------------------------------

ParkedUser* Lots::parked(Lot& lot, unsigned space) {
    for (auto& [number, user] : lot.users)
        if ((space == 0 || number == space) && user->channel && !user->leaving && !user->channel->hung_up()) return user.get();
    return nullptr;
}

Result<Custody> Lots::retrieve(Lot& lot, unsigned space, Channel& retriever) {
    ParkedUser* user = parked(lot, space);
    if (!user) return fail(ErrorCode::not_found, "no call is parked in space {} of lot {}", space, lot.settings.name);
    user->leaving = true;
    const auto channel = user->channel;
    tell(ParkedCallChanged::Kind::unparked, lot, *user, &retriever);
    return Custody::take(*channel, "retrieved by " + retriever.name());
}

void Lots::timed_out(const std::string& lot_name, unsigned space) {
    Lot* lot = find(lot_name);
    const auto found = lot ? lot->users.find(space) : std::map<unsigned, std::unique_ptr<ParkedUser>>::iterator();
    if (!lot || found == lot->users.end() || !found->second->channel || found->second->leaving) return;
    ParkedUser& user = *found->second;
    user.leaving = true;
    const auto channel = user.channel;
    const LotSettings settings = lot->settings;
    Place place{settings.comeback_context, flat(user.parker_device), 1};
    channel->set_variable("PARKEDDIALTIME", std::to_string(settings.dial_time.count()));
    if (user.comeback) {
        place = *user.comeback;
    } else if (settings.to_origin) {
        place.context = dial_context;
    } else if (!extension_exists(*channel, place.context, place.extension)) {
        place.extension = "s";
    }
    log_verbose(3, "{} has waited too long in space {} of lot {}: it goes on at {}@{}", channel->name(), space, settings.name,
                place.extension, place.context);
    tell(ParkedCallChanged::Kind::timed_out, *lot, user);
    Custody custody = Custody::take(*channel, "parking");  // and the user is gone
    channel->place() = place;
    if (auto started = start_dialplan(std::move(custody)); !started)
        log_warning("{} can't come back from parking: {}", channel->name(), started.error().text);
}

}  // namespace jackfield::parking
