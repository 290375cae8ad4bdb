// CALLERID, CONNECTEDLINE and REDIRECTING: the identities of a call, to read and to set.
#include <fmt/ranges.h>

#include <array>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo callerid_info{
    .name = "CALLERID",
    .syntax = "CALLERID(item[,CID])",
    .synopsis = "The caller's identity",
    .text = "Items: all, name, name-valid, name-pres, num, num-valid, num-plan, num-pres, subaddr, tag, ANI, ANI-all, ANI-name, "
            "ANI-num, ANI2, DNID, dnid-num-plan, RDNIS, pres. All but the -valid ones can be set. Setting `all` takes "
            "`\"Name\" <number>`."};
constexpr FunctionInfo connected_info{
    .name = "CONNECTEDLINE",
    .syntax = "CONNECTEDLINE(item[,i])",
    .synopsis = "The identity of the party that the channel is connected with",
    .text = "Items as those of CALLERID, and `source`. With the option `i` several items can be set before the far side is told."};
constexpr FunctionInfo redirecting_info{
    .name = "REDIRECTING",
    .syntax = "REDIRECTING(item[,i])",
    .synopsis = "Who redirected the call, from whom to whom, and why",
    .text = "Items: orig-*, from-*, to-* (with the items of CALLERID), reason, orig-reason, count. With the option `i` the far side "
            "is not told yet."};

constexpr std::array party_items{"all", "name", "name-valid", "name-pres", "num", "num-valid", "num-plan", "num-pres", "subaddr",
                                 "tag", "pres"};

Result<std::string> read_party(const PartyId& id, std::string_view item) {
    if (equals_ignoring_case(item, "all")) return id.to_string();
    if (equals_ignoring_case(item, "name")) return id.name.text;
    if (equals_ignoring_case(item, "num") || equals_ignoring_case(item, "number")) return id.number.text;
    if (equals_ignoring_case(item, "name-valid")) return id.name.valid ? "1" : "0";
    if (equals_ignoring_case(item, "num-valid")) return id.number.valid ? "1" : "0";
    if (equals_ignoring_case(item, "num-plan")) return std::to_string(id.number_plan);
    if (equals_ignoring_case(item, "name-pres")) return std::string(to_string(id.name.presentation));
    if (equals_ignoring_case(item, "num-pres") || equals_ignoring_case(item, "pres"))
        return std::string(to_string(id.number.presentation));
    if (equals_ignoring_case(item, "subaddr")) return id.subaddress;
    if (equals_ignoring_case(item, "tag")) return id.tag;
    return fail(ErrorCode::invalid, "'{}' is no item of an identity; there are {}", item, fmt::join(party_items, ", "));
}

template <class Field>
void set_text(Field& field, std::string_view value) {
    field.text = value;
    field.valid = true;
}

Result<void> write_party(PartyId& id, std::string_view item, std::string_view value) {
    if (equals_ignoring_case(item, "all")) {
        PartyId parsed = PartyId::parse(value);
        id.name = parsed.name;
        id.number = parsed.number;
    } else if (equals_ignoring_case(item, "name")) {
        set_text(id.name, value);
    } else if (equals_ignoring_case(item, "num") || equals_ignoring_case(item, "number")) {
        set_text(id.number, value);
    } else if (equals_ignoring_case(item, "name-valid")) {
        id.name.valid = parse_bool(value).value_or(false);
    } else if (equals_ignoring_case(item, "num-valid")) {
        id.number.valid = parse_bool(value).value_or(false);
    } else if (equals_ignoring_case(item, "num-plan")) {
        id.number_plan = parse_number<int>(value).value_or(0);
    } else if (equals_ignoring_case(item, "name-pres")) {
        id.name.presentation = JF_TRY(parse_presentation(value));
    } else if (equals_ignoring_case(item, "num-pres")) {
        id.number.presentation = JF_TRY(parse_presentation(value));
    } else if (equals_ignoring_case(item, "pres")) {
        id.name.presentation = id.number.presentation = JF_TRY(parse_presentation(value));
    } else if (equals_ignoring_case(item, "subaddr")) {
        id.subaddress = value;
    } else if (equals_ignoring_case(item, "tag")) {
        id.tag = value;
    } else {
        return fail(ErrorCode::invalid, "'{}' is no item of an identity; there are {}", item, fmt::join(party_items, ", "));
    }
    return {};
}

bool ani_item(std::string_view item) { return equals_ignoring_case(item.substr(0, 4), "ANI-") && item.size() > 4; }

Result<Channel*> needs_channel(Channel* channel, std::string_view function) {
    if (!channel) return fail(ErrorCode::invalid, "{} needs a channel", function);
    return channel;
}

Result<std::string> read_callerid(Channel* maybe, const Arguments& arguments) {
    Channel* channel = JF_TRY(needs_channel(maybe, "CALLERID"));
    const CallerIdentity& caller = channel->caller();
    const std::string_view item = arguments[0];
    if (arguments.has(1)) return read_party(PartyId::parse(arguments[1]), item);
    if (equals_ignoring_case(item, "ANI")) return caller.ani.number.text;
    if (ani_item(item)) return read_party(caller.ani, item.substr(4));
    if (equals_ignoring_case(item, "ANI2")) return std::to_string(caller.ani2);
    if (equals_ignoring_case(item, "DNID")) return caller.dnid;
    if (equals_ignoring_case(item, "dnid-num-plan")) return std::to_string(caller.dialled_plan);
    if (equals_ignoring_case(item, "RDNIS")) return channel->redirecting().from.number.text;
    return read_party(caller.id, item);
}

Result<void> write_callerid(Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(needs_channel(maybe, "CALLERID"));
    CallerIdentity caller = channel->caller();
    const std::string_view item = arguments[0];
    if (equals_ignoring_case(item, "ANI")) {
        set_text(caller.ani.number, value);
    } else if (ani_item(item)) {
        JF_TRY(write_party(caller.ani, item.substr(4), value));
    } else if (equals_ignoring_case(item, "ANI2")) {
        caller.ani2 = parse_number<int>(value).value_or(0);
    } else if (equals_ignoring_case(item, "DNID")) {
        caller.dnid = value;
    } else if (equals_ignoring_case(item, "dnid-num-plan")) {
        caller.dialled_plan = parse_number<int>(value).value_or(0);
    } else if (equals_ignoring_case(item, "RDNIS")) {
        set_text(channel->redirecting().from.number, value);
        return {};
    } else {
        JF_TRY(write_party(caller.id, item, value));
    }
    channel->update_caller(std::move(caller));
    return {};
}

Result<std::string> read_connected(Channel* maybe, const Arguments& arguments) {
    Channel* channel = JF_TRY(needs_channel(maybe, "CONNECTEDLINE"));
    if (equals_ignoring_case(arguments[0], "source")) return channel->connected().source;
    return read_party(channel->connected().id, arguments[0]);
}

Result<void> write_connected(Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(needs_channel(maybe, "CONNECTEDLINE"));
    ConnectedIdentity connected = channel->connected();
    if (equals_ignoring_case(arguments[0], "source")) {
        connected.source = value;
    } else {
        JF_TRY(write_party(connected.id, arguments[0], value));
    }
    if (arguments[1] == "i") {
        channel->connected() = std::move(connected);
    } else {
        channel->update_connected(std::move(connected));
    }
    return {};
}

// "from-num" to the identity and the rest of the item; null when it is another kind of item.
PartyId* redirecting_party(RedirectingIdentity& redirecting, std::string_view& item) {
    for (const auto& [prefix, party] : {std::pair<std::string_view, PartyId*>{"orig-", &redirecting.original},
                                        {"from-", &redirecting.from}, {"to-", &redirecting.to}})
        if (starts_with_ignoring_case(item, prefix) && !equals_ignoring_case(item, "orig-reason")) {
            item.remove_prefix(prefix.size());
            return party;
        }
    return nullptr;
}

Result<std::string> read_redirecting(Channel* maybe, const Arguments& arguments) {
    Channel* channel = JF_TRY(needs_channel(maybe, "REDIRECTING"));
    RedirectingIdentity& redirecting = channel->redirecting();
    std::string_view item = arguments[0];
    if (const PartyId* party = redirecting_party(redirecting, item)) return read_party(*party, item);
    if (equals_ignoring_case(item, "reason")) return redirecting.reason;
    if (equals_ignoring_case(item, "orig-reason")) return redirecting.original_reason;
    if (equals_ignoring_case(item, "count")) return std::to_string(redirecting.count);
    return fail(ErrorCode::invalid, "'{}' is no item of REDIRECTING; there are orig-*, from-*, to-*, reason, orig-reason, count", item);
}

Result<void> write_redirecting(Channel* maybe, const Arguments& arguments, std::string_view value) {
    Channel* channel = JF_TRY(needs_channel(maybe, "REDIRECTING"));
    RedirectingIdentity redirecting = channel->redirecting();
    std::string_view item = arguments[0];
    if (PartyId* party = redirecting_party(redirecting, item)) {
        JF_TRY(write_party(*party, item, value));
    } else if (equals_ignoring_case(item, "reason")) {
        redirecting.reason = value;
    } else if (equals_ignoring_case(item, "orig-reason")) {
        redirecting.original_reason = value;
    } else if (equals_ignoring_case(item, "count")) {
        redirecting.count = parse_number<int>(value).value_or(0);
    } else {
        return fail(ErrorCode::invalid, "'{}' is no item of REDIRECTING; there are orig-*, from-*, to-*, reason, orig-reason, count",
                    item);
    }
    if (arguments[1] == "i") {
        channel->redirecting() = std::move(redirecting);
    } else {
        channel->update_redirecting(std::move(redirecting));
    }
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(callerid_info, FunctionBody{read_callerid, write_callerid}));
    JF_TRY(module.add(connected_info, FunctionBody{read_connected, write_connected}));
    return module.add(redirecting_info, FunctionBody{read_redirecting, write_redirecting});
}

}  // namespace

JACKFIELD_MODULE("func_callerid", "Party identities of a call", load)
