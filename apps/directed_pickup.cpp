// Pickup, PickupChan: answer a call that rings at another telephone.
#include "core/bridge/features.hpp"
#include "core/channel/pickup.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr ApplicationInfo pickup_info{
    .name = "Pickup",
    .syntax = "Pickup([extension[@context][&extension2[@context]...]])",
    .synopsis = "Answer a call that rings elsewhere",
    .text = "Takes the call that has been ringing longest among those that were dialled at the first extension for which there is one, "
            "in that context or in the channel's. With the context PICKUPMARK the extension is compared with the variable "
            "PICKUPMARK of the called channel instead. Without arguments: a call of the pickup groups of this channel. When nothing "
            "rings there pickupfailsound of features.conf is played and the plan goes on."};
constexpr ApplicationInfo pickup_channel_info{
    .name = "PickupChan",
    .syntax = "PickupChan(channel[&channel2...][,options])",
    .synopsis = "Answer a call that rings at a named channel",
    .text = "Names are those of channels, also without what makes them unique (PJSIP/bob for PJSIP/bob-00000001), or unique ids. When "
            "nothing rings there the plan goes on.\n"
            "  p - the names are beginnings: PJSIP/bo is PJSIP/bob-00000001, too"};

constexpr std::string_view mark_context = "PICKUPMARK";

Channel* ringing_at(Channel& picker, std::string_view target) {
    const Halves parts = split_once(trim(target), '@');
    const std::string_view extension = parts.first;
    const std::string context = parts.found && !parts.second.empty() ? std::string(parts.second) : picker.place().context;
    return find_ringing(picker, [&](const Channel& ringing) {
        if (equals_ignoring_case(context, mark_context)) return ringing.variable("PICKUPMARK") == extension;
        const Place& dialled = const_cast<Channel&>(ringing).place();
        return dialled.extension == extension && equals_ignoring_case(dialled.context, context);
    });
}

Channel* ringing_named(Channel& picker, std::string_view name, bool beginning) {
    return find_ringing(picker, [&](const Channel& ringing) {
        if (ringing.unique_id() == name) return true;
        const std::string_view full = ringing.name();
        if (beginning) return starts_with_ignoring_case(full, name);
        return equals_ignoring_case(full, name) || equals_ignoring_case(device_of(full), name);
    });
}

Result<void> play_when_set(Channel& channel, const std::string& sound) {
    if (sound.empty()) return {};
    auto played = channel.play(sound);
    if (!played && ends_application(played.error().code)) return std::unexpected(std::move(played).error());
    return {};
}

// Ends the application with `taken` when the call was picked up: the channel has become the device that rang.
Result<void> answer_for(Channel& picker, Channel* ringing) {
    const auto settings = feature_settings(picker);
    if (!ringing) {
        log_notice("{} finds no call to pick up", picker.name());
        JF_TRY(picker.answer());
        return play_when_set(picker, settings->pickup_fail_sound);
    }
    const auto target = ringing->share();
    if (!settings->pickup_sound.empty()) {
        JF_TRY(picker.answer());
        JF_TRY(play_when_set(picker, settings->pickup_sound));
    }
    if (!can_pick_up(*target, picker)) return answer_for(picker, nullptr);  // somebody was faster
    JF_TRY(pick_up(*target, Custody::take(picker, "pickup")));
    return fail(ErrorCode::taken, "{} has picked up a call", picker.name());
}

Result<void> pickup(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0))
        return answer_for(channel, find_ringing(channel, [&](const Channel& ringing) { return shares_pickup_group(ringing, channel); }));
    for (const std::string_view target : split(arguments[0], '&'))
        if (Channel* ringing = ringing_at(channel, target)) return answer_for(channel, ringing);
    return answer_for(channel, nullptr);
}

Result<void> pickup_channel(Channel& channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "PickupChan needs the name of a channel");
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[1], "p"));
    for (const std::string_view name : split(arguments[0], '&'))
        if (Channel* ringing = ringing_named(channel, trim(name), options.has('p'))) return answer_for(channel, ringing);
    return answer_for(channel, nullptr);
}

Result<void> load(Module& module) {
    JF_TRY(module.add(pickup_info, pickup));
    return module.add(pickup_channel_info, pickup_channel);
}

}  // namespace

JACKFIELD_MODULE("app_directed_pickup", "Directed Call Pickup Application", load)
