// Manager and console: ParkedCall and its like, Park, ParkedCalls, Parkinglots, parking show.
#include "core/console/command.hpp"
#include "core/sdk.hpp"
#include "modules/res_manager/manager.hpp"
#include "modules/res_parking/features.hpp"

namespace jackfield::parking {
namespace {

using namespace manager_class;

constexpr ManagerActionInfo park_action{
    "Park", call, "Park a channel",
    "Channel: the one to be parked. TimeoutChannel (or Channel2): who is called when it waits too long. AnnounceChannel: who hears the "
    "number of the space. Timeout: milliseconds. Parkinglot: the lot."};
constexpr ManagerActionInfo calls_action{"ParkedCalls", none, "List parked calls", "ParkingLot: of that lot only. One ParkedCall for each."};
constexpr ManagerActionInfo lots_action{"Parkinglots", none, "List parking lots", "One Parkinglot for each."};
constexpr CommandInfo show_command{.words = "parking show",
                                   .synopsis = "Show parking lots and what is parked there",
                                   .text = "parking show [lot]: the lots; with the name of one its settings and its calls."};

ManagerFields place_fields(const std::string& dial_string, const std::string& lot, unsigned space, std::chrono::seconds timeout,
                           std::chrono::seconds duration) {
    ManagerFields fields;
    return fields.add("ParkerDialString", dial_string).add("Parkinglot", lot).add("ParkingSpace", space)
        .add("ParkingTimeout", std::max<std::int64_t>(0, (timeout - duration).count())).add("ParkingDuration", duration.count());
}

void tell(std::string_view name, const ParkedCallChanged& event) {
    publish_to_manager(name, call, [&](ManagerService& service, ManagerFields& fields) {
        service.add_channel(fields, event.parkee, "Parkee");
        if (event.parker && event.kind != ParkedCallChanged::Kind::parked) service.add_channel(fields, *event.parker, "Parker");
        fields.add(place_fields(event.parker_dial_string, event.lot, event.space, event.timeout, event.duration));
        if (event.retriever) service.add_channel(fields, *event.retriever, "Retriever");
    });
}

std::vector<Subscription> watch() {
    std::vector<Subscription> list;
    list.push_back(subscribe<ParkedCallChanged>([](const ParkedCallChanged& event) {
        using Kind = ParkedCallChanged::Kind;
        switch (event.kind) {
            case Kind::parked: return tell("ParkedCall", event);
            case Kind::timed_out: return tell("ParkedCallTimeOut", event);
            case Kind::gave_up: return tell("ParkedCallGiveUp", event);
            case Kind::swapped: return tell("ParkedCallSwap", event);
            case Kind::unparked: return tell("UnParkedCall", event);
        }
    }));
    return list;
}

Result<void> list_calls(Lots& lots, const ManagerRequest& request, ManagerReply& reply) {
    const std::string only(request.get("ParkingLot"));
    if (!only.empty() && !lots.find(only)) return fail(ErrorCode::not_found, "Requested parking lot could not be found.");
    std::vector<ManagerFields> calls;
    const auto manager = JF_TRY(find_service<ManagerService>());
    for (const auto& [name, lot] : lots.all()) {
        if (!only.empty() && !equals_ignoring_case(name, only)) continue;
        for (const auto& [space, user] : lot->users) {
            if (!user->channel) continue;
            ManagerFields fields;
            manager->add_channel(fields, *user->channel, "Parkee");
            const auto duration = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - user->since);
            calls.push_back(std::move(fields.add(place_fields(user->parker_device, name, space, user->timeout, duration))));
        }
    }
    reply.begin_list("Parked calls will follow");
    for (const ManagerFields& fields : calls) JF_TRY(reply.item("ParkedCall", fields));
    reply.end_list("ParkedCallsComplete", ManagerFields().add("Total", calls.size()));
    return {};
}

Result<void> list_lots(Lots& lots, const ManagerRequest&, ManagerReply& reply) {
    std::vector<ManagerFields> all;
    for (const auto& [name, lot] : lots.all()) {
        ManagerFields fields;
        fields.add("Name", name).add("StartSpace", lot->settings.first).add("StopSpace", lot->settings.last);
        all.push_back(std::move(fields.add("Timeout", lot->settings.timeout.count())));
    }
    reply.begin_list("Parking lots will follow");
    for (const ManagerFields& fields : all) JF_TRY(reply.item("Parkinglot", fields));
    reply.end_list("ParkinglotsComplete");
    return {};
}

Result<void> park(Lots& lots, const ManagerRequest& request, ManagerReply& reply) {
    if (request.get("Channel").empty()) return fail(ErrorCode::invalid, "Channel not specified");
    Channel* channel = find_channel(request.get("Channel"));
    if (!channel || channel->hung_up()) return fail(ErrorCode::not_found, "Channel does not exist: {}", request.get("Channel"));
    ParkRequest order;
    order.lot = request.get("Parkinglot");
    order.parker = request.get("TimeoutChannel");
    if (order.parker.empty()) order.parker = request.get("Channel2");
    if (const auto text = request.get("Timeout"); !text.empty()) {
        const auto time = parse_number<std::int64_t>(trim(text));
        if (!time || *time < 1000) return fail(ErrorCode::invalid, "Timeout must be at least 1000 milliseconds");
        order.timeout = std::chrono::seconds(*time / 1000);
    }
    const auto reservation = JF_TRY(lots.reserve(*channel, order));
    JF_TRY(lots.put_in(reservation, Custody::take(*channel, "parking"), order));
    if (Channel* told = find_channel(request.get("AnnounceChannel")))
        (void)told->post_work([space = std::to_string(reservation.space)](Channel& hears) {
            (void)run_application(hears, "SayDigits", space);
        });
    reply.success("Park successfully queued on channel");
    return {};
}

Result<void> show_lot(Console& console, const Lot& lot) {
    const LotSettings& settings = lot.settings;
    JF_TRY(console.print("Parking Lot: {}\n", settings.name));
    JF_TRY(console.print("--------------------------------------------------------------------------------\n"));
    JF_TRY(console.print("Parking Extension   :  {}\nParking Context     :  {}\nParking Spaces      :  {}-{}\n", settings.extension,
                         settings.context, settings.first, settings.last));
    JF_TRY(console.print("Parking Time        :  {} sec\nComeback to Origin  :  {}\nComeback Context    :  {}\nMusicOnHold Class   :  {}\n\n",
                         settings.timeout.count(), settings.to_origin ? "yes" : "no", settings.comeback_context, settings.music_class));
    JF_TRY(console.print("Parked Calls\n------------\n"));
    if (lot.users.empty()) return console.write("  (none)\n");
    std::vector<std::string> lines;
    for (const auto& [space, user] : lot.users)
        if (user->channel) lines.push_back(fmt::format("  Space: {:<6} {:<40} parked by {}\n", space, user->channel->name(), user->parker_device));
    for (const std::string& line : lines) JF_TRY(console.write(line));
    return {};
}

}  // namespace

Result<void> add_manager(Module& module, Lots& lots) {
    JF_TRY(module.add(park_action, [&lots](const ManagerRequest& request, ManagerReply& reply) { return park(lots, request, reply); }));
    JF_TRY(module.add(calls_action, [&lots](const ManagerRequest& request, ManagerReply& reply) { return list_calls(lots, request, reply); }));
    JF_TRY(module.add(lots_action, [&lots](const ManagerRequest& request, ManagerReply& reply) { return list_lots(lots, request, reply); }));
    return module.add(ManagerEventSource{call, watch});
}

Result<void> add_commands(Module& module, const Lots& lots) {
    return module.add(show_command, [&lots](Console& console, CommandWords arguments) -> Result<void> {
        if (!arguments.empty()) {
            const auto found = lots.all().find(arguments[0]);
            if (found == lots.all().end()) return fail(ErrorCode::not_found, "there is no parking lot '{}'", arguments[0]);
            return show_lot(console, *found->second);
        }
        std::vector<std::string> lines;
        for (const auto& [name, lot] : lots.all())
            lines.push_back(fmt::format("{:<20} {}-{} in {}: {} parked\n", name, lot->settings.first, lot->settings.last, lot->settings.context,
                                        lot->users.size()));
        for (const std::string& line : lines) JF_TRY(console.write(line));
        return {};
    });
}

}  // namespace jackfield::parking
