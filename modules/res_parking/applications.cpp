// Park, ParkedCall, ParkAndAnnounce, PARK_GET_CHANNEL and the feature parkcall.
#include "core/bridge/features.hpp"
#include "core/sdk.hpp"
#include "modules/res_parking/features.hpp"

namespace jackfield::parking {
namespace {

constexpr ApplicationInfo park_info{
    .name = "Park",
    .syntax = "Park([lot][,options])",
    .synopsis = "Park the channel",
    .text = "It waits in a space of the lot (else of PARKINGLOT, of CHANNEL(parkinglot), of `default`) until somebody calls ParkedCall, "
            "and comes back after the lot's timeout. PARKINGEXTEN: the space to be taken. A channel that was not transferred here is "
            "told the number of the space.\n"
            "  r - the caller hears ringing instead of music\n"
            "  R - a free space at random\n"
            "  s - don't say the number of the space\n"
            "  c(place) - where the call goes after the timeout: [[context,]extension,]priority\n"
            "  t(seconds) - the timeout, instead of the lot's"};
constexpr ApplicationInfo parked_info{.name = "ParkedCall",
                                      .syntax = "ParkedCall([lot][,space])",
                                      .synopsis = "Retrieve a parked call",
                                      .text = "The one in that space, or the one in the lowest; pbx-invalidpark is played when there is none."};
constexpr ApplicationInfo announce_info{
    .name = "ParkAndAnnounce",
    .syntax = "ParkAndAnnounce([lot],[options],announce[:announce2...],destination)",
    .synopsis = "Park the channel and tell somebody where",
    .text = "Calls the destination (Technology/Resource) and plays it the prompts; PARKED among them is the number of the space. "
            "Options as those of Park."};
constexpr FunctionInfo channel_info{.name = "PARK_GET_CHANNEL",
                                    .syntax = "PARK_GET_CHANNEL(space[,lot])",
                                    .synopsis = "The name of the channel in a parking space",
                                    .text = "Empty when the space is free. Without a lot: `default`."};

Result<ParkRequest> read_request(Channel& channel, std::string_view lot, std::string_view text, OptionLetters& options) {
    options = JF_TRY(OptionLetters::parse(text, "rRsct"));
    ParkRequest request;
    request.lot = lot;
    request.ring = options.has('r');
    request.random = options.has('R');
    if (options.has('t')) {
        const auto seconds = parse_number<unsigned>(trim(options.argument('t')));
        if (!seconds || *seconds == 0 || *seconds > 86400)
            return fail(ErrorCode::invalid, "option t: '{}' is no number of seconds from 1 to 86400", options.argument('t'));
        request.timeout = std::chrono::seconds(*seconds);
    }
    if (options.has('c')) request.comeback = JF_TRY(resolve_place(channel, options.argument('c')));
    request.parker = channel.variable("ATTENDEDTRANSFER");
    if (request.parker.empty()) request.parker = channel.variable("BLINDTRANSFER");
    return request;
}

// Gives the space back unless somebody has come to stand there.
class Reserved {
  public:
    Reserved(Lots& lots, Lots::Reservation reservation) : lots_(lots), reservation_(reservation) {}
    ~Reserved() {
        if (!used_) lots_.give_back(reservation_);
    }
    Reserved(const Reserved&) = delete;
    const Lots::Reservation& use() {
        used_ = true;
        return reservation_;
    }
    std::string space() const { return std::to_string(reservation_.space); }

  private:
    Lots& lots_;
    Lots::Reservation reservation_;
    bool used_ = false;
};

Result<void> say_space(Channel& channel, const std::string& space) {
    auto said = run_application(channel, "SayDigits", space);
    if (said || !ends_application(said.error().code)) return {};
    return said;
}

Result<void> park(Lots& lots, Channel& channel, const Arguments& arguments) {
    OptionLetters options;
    const ParkRequest request = JF_TRY(read_request(channel, arguments[0], arguments[1], options));
    JF_TRY(channel.answer());
    Reserved reserved(lots, JF_TRY(lots.reserve(channel, request)));
    if (!options.has('s') && request.parker.empty()) JF_TRY(say_space(channel, reserved.space()));
    return lots.wait_in(reserved.use(), channel, request);
}

// Calls the destination and plays it the prompts, on a fiber of its own.
void announce(DialRequest request, std::string prompts) {
    auto started = spawn({.name = "announcement of a parked call"}, [request = std::move(request), prompts = std::move(prompts)]() mutable {
        DialOutcome outcome{};
        auto called = originate(std::move(request), std::chrono::seconds(30), outcome);
        if (!called) return log_notice("ParkAndAnnounce: {}", called.error().text);
        const InterruptScope scope(called->interrupter());
        if (auto played = (*called)->play(prompts); !played && !ends_application(played.error().code))
            log_warning("ParkAndAnnounce: {}", played.error().text);
    });
    if (!started) log_warning("ParkAndAnnounce: {}", started.error().text);
}

std::string announcement(std::string_view prompts, const std::string& space) {
    std::string names;
    const auto append = [&](std::string_view name) { names.append(names.empty() ? "" : "&").append(name); };
    for (const std::string_view prompt : split_list(prompts, ':')) {
        if (prompt != "PARKED") {
            append(prompt);
            continue;
        }
        for (const char digit : space) append(fmt::format("digits/{}", digit));
    }
    return names;
}

Result<void> park_and_announce(Lots& lots, Channel& channel, const Arguments& arguments) {
    if (!arguments.has(2) || !arguments.has(3)) return fail(ErrorCode::invalid, "ParkAndAnnounce needs prompts and a destination");
    OptionLetters options;
    const ParkRequest request = JF_TRY(read_request(channel, arguments[0], arguments[1], options));
    auto destinations = JF_TRY(parse_dial_string(arguments[3]));
    if (destinations.size() != 1) return fail(ErrorCode::invalid, "ParkAndAnnounce calls one destination, not '{}'", arguments[3]);
    JF_TRY(channel.answer());
    Reserved reserved(lots, JF_TRY(lots.reserve(channel, request)));
    announce(std::move(destinations.front()), announcement(arguments[2], reserved.space()));
    return lots.wait_in(reserved.use(), channel, request);
}

MemberOptions member_options(const LotSettings& settings, Sides side) {
    MemberOptions options;
    options.features.blind_transfer = options.features.attended_transfer = has(settings.transfers, side);
    options.features.park = has(settings.reparking, side);
    options.features.disconnect = has(settings.hang_up, side);
    options.features.one_touch_mixmonitor = options.features.one_touch_monitor = has(settings.recording, side);
    return options;
}

// Both hear it, or the one that the lot says, before they are connected. Waits.
Result<void> play_courtesy(const LotSettings& settings, Channel& retriever, Channel& parked) {
    if (settings.courtesy_tone.empty() || settings.played == Sides::none) return {};
    if (has(settings.played, Sides::callee))
        (void)parked.post_work([tone = settings.courtesy_tone](Channel& channel) { (void)channel.play(tone); });
    if (!has(settings.played, Sides::caller)) return {};
    auto played = retriever.play(settings.courtesy_tone);
    if (!played && ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    return {};
}

Result<void> retrieve(Lots& lots, Channel& channel, const Arguments& arguments) {
    unsigned space = 0;
    if (arguments.has(1)) {
        const auto number = parse_number<unsigned>(trim(arguments[1]));
        if (!number) return fail(ErrorCode::invalid, "ParkedCall: '{}' is no parking space", arguments[1]);
        space = *number;
    }
    Lot& lot = *JF_TRY(lots.lot_for(channel, arguments[0]));
    const LotSettings settings = lot.settings;
    JF_TRY(channel.answer());
    Lot* still = lots.find(settings.name);
    auto parked = still ? lots.retrieve(*still, space, channel) : Result<Custody>(fail(ErrorCode::not_found, "the lot is gone"));
    if (!parked) {
        log_notice("{}: {}", channel.name(), parked.error().text);
        JF_TRY(channel.play("pbx-invalidpark"));
        return fail(ErrorCode::hangup);
    }
    JF_TRY(play_courtesy(settings, channel, parked->channel()));
    Channel& other = parked->channel();
    channel.update_connected({other.caller().id, other.caller().ani, "answer"});
    other.update_connected({channel.caller().id, channel.caller().ani, "answer"});
    const auto bridge = Bridge::create(BridgeKind::two_party);
    JF_TRY(bridge->impart(std::move(*parked), member_options(settings, Sides::callee)));
    JF_TRY(bridge->join(channel, member_options(settings, Sides::caller)));
    return fail(ErrorCode::hangup);
}

// The peer is parked; the member hears where before it is let go. When it hangs up earlier the peer is parked all the same.
Result<void> park_peer(Lots& lots, Channel& member, Bridge& bridge) {
    Channel* peer = member.peer();
    if (!peer) return fail(ErrorCode::unsupported, "only a call of two can be parked by a code");
    const auto parkee = peer->share();
    ParkRequest request;
    request.lot = member.variable("PARKINGLOT");
    if (request.lot.empty()) request.lot = member.attributes().parking_lot;
    request.parker = member.name();
    auto reservation = lots.reserve(*parkee, request);
    const auto keep = bridge.shared_from_this();
    keep->suspend(member);
    if (!reservation) {
        (void)member.play("pbx-parkingfailed");
        keep->resume(member);
        return std::unexpected(std::move(reservation).error());
    }
    Reserved reserved(lots, *reservation);
    (void)say_space(member, reserved.space());
    if (parkee->hung_up() || parkee->bridge() != keep.get()) {
        keep->resume(member);
        return fail(ErrorCode::closed, "{} has gone before it was parked", parkee->name());
    }
    auto parked = lots.put_in(reserved.use(), Custody::take(*parkee, "parking"), request);
    (void)keep->remove(member);
    return parked;
}

}  // namespace

Result<void> add_applications(Module& module, Lots& lots) {
    const auto add = [&](const ApplicationInfo& info, Result<void> (*run)(Lots&, Channel&, const Arguments&)) {
        return module.add(info, [&lots, run](Channel& channel, const Arguments& arguments) { return run(lots, channel, arguments); });
    };
    JF_TRY(add(park_info, park));
    JF_TRY(add(parked_info, retrieve));
    JF_TRY(add(announce_info, park_and_announce));
    JF_TRY(module.add(BuiltinFeature{"parkcall", [&lots](Channel& member, Bridge& bridge) { return park_peer(lots, member, bridge); }}));
    return module.add(channel_info, FunctionBody{[&lots](Channel*, const Arguments& arguments) -> Result<std::string> {
        const auto space = parse_number<unsigned>(trim(arguments[0]));
        if (!space) return fail(ErrorCode::invalid, "PARK_GET_CHANNEL: '{}' is no parking space", arguments[0]);
        Lot* lot = lots.find(arguments.has(1) ? arguments[1] : std::string("default"));
        if (!lot) return fail(ErrorCode::not_found, "PARK_GET_CHANNEL: there is no parking lot '{}'", arguments[1]);
        const ParkedUser* user = lots.parked(*lot, *space);
        return user ? user->channel->name() : std::string();
    }});
}

}  // namespace jackfield::parking
