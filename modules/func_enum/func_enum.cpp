// func_enum - ENUMLOOKUP, ENUMQUERY, ENUMRESULT and TXTCIDNAME: what DNS knows of telephone numbers (RFC 6116).
#include "core/channel/per_call.hpp"
#include "core/runtime/resolver.hpp"
#include "core/sdk.hpp"
#include "modules/func_enum/enum_record.hpp"

using namespace jackfield;
using enumeration::Tree;

namespace {

constexpr std::size_t most_queries = 64;  // kept of a call; the oldest goes first
constexpr std::string_view usual_zone = "e164.arpa", isn_zone = "freenum.org";

constexpr FunctionInfo lookup_info{
    .name = "ENUMLOOKUP",
    .syntax = "ENUMLOOKUP(number[,method-type[,options[,record#[,zone-suffix]]]])",
    .synopsis = "The address that DNS has for a number",
    .text = "`number` with country code, +4319793321. `method-type` is the kind of address: sip (the default; pjsip is the same), h323, tel, "
            "mailto, or ALL. `record#` counts the addresses of that kind from 1, in the order of the records. The zone is e164.arpa, with "
            "option s freenum.org, unless `zone-suffix` names another. Gives the address without its scheme; empty when there is none. "
            "Only this call waits, at most for the time limits of the name servers.\n"
            "  c - how many addresses of that kind there are\n"
            "  d - look for the number as it is written, digits in their order\n"
            "  i - in the branch of infrastructure ENUM, i below the country code\n"
            "  s - the number is extension*domain (ISN)\n"
            "  u - the address with its scheme"};
constexpr FunctionInfo query_info{
    .name = "ENUMQUERY",
    .syntax = "ENUMQUERY(number[,method-type[,zone-suffix]])",
    .synopsis = "Look up the addresses that DNS has for a number",
    .text = "Arguments as those of ENUMLOOKUP. Gives an id for ENUMRESULT, which is good until the call ends; empty when DNS does not answer or "
            "knows nothing of the number."};
constexpr FunctionInfo result_info{
    .name = "ENUMRESULT",
    .syntax = "ENUMRESULT(id,resultnum)",
    .synopsis = "An address that ENUMQUERY has found",
    .text = "`resultnum` counts from 1; getnum gives how many there are. Without the address's scheme; empty for a number that is too large."};
constexpr FunctionInfo name_info{
    .name = "TXTCIDNAME",
    .syntax = "TXTCIDNAME(number[,zone-suffix])",
    .synopsis = "The name that DNS has for a number",
    .text = "The first TXT record of the number in e164.arpa or in that zone; empty when there is none. Only this call waits."};

struct Addresses {
    std::string id;
    std::vector<std::string> uris;
};
struct Queries {
    std::vector<Addresses> kept;
    unsigned last = 0;
};
using Calls = PerCall<Queries>;

struct LookUp {
    std::string number, method = "sip", zone{usual_zone};
    Tree tree = Tree::user;
};

// RFC 6116 2.3: the substitution is carried out on the number with its plus.
std::string as_dialled(const LookUp& look_up) {
    if (look_up.tree == Tree::isn || look_up.tree == Tree::direct) return look_up.number;
    std::string text = "+";
    for (const char c : look_up.number)
        if (c >= '0' && c <= '9') text += c;
    return text;
}

Result<std::vector<std::string>> look_up(const LookUp& wanted) {
    std::string domain = JF_TRY(enumeration::domain_of(wanted.number, wanted.zone, wanted.tree));
    const auto records = JF_TRY(resolve_naptr(domain));
    std::vector<std::string> uris;
    for (const NaptrRecord& record : records) {
        if (!enumeration::serves(record, wanted.method)) continue;
        auto uri = enumeration::uri_of(record, as_dialled(wanted));
        if (!uri)
            log_notice("ENUM: a record of {} is left out: {}", domain, uri.error().text);
        else if (*uri)
            uris.push_back(**std::move(uri));
    }
    return uris;
}

Result<std::string> lookup_function(Channel*, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "ENUMLOOKUP needs a number");
    // The count may be followed by a record number, which does not matter then: "c1" is read as "c".
    const OptionLetters options = JF_TRY(OptionLetters::parse(arguments[2], "cdisu0123456789"));
    LookUp wanted{.number = std::string(arguments[0])};
    if (options.has('s')) wanted.tree = Tree::isn;
    if (options.has('i')) wanted.tree = Tree::infrastructure;
    if (options.has('d')) wanted.tree = Tree::direct;
    if (wanted.tree == Tree::isn) wanted.zone = isn_zone;
    if (arguments.has(1)) wanted.method = arguments[1];
    if (arguments.has(4)) wanted.zone = arguments[4];
    const auto place = arguments.has(3) ? parse_number<std::size_t>(trim(arguments[3])) : 1;
    if (!place || *place == 0) return fail(ErrorCode::invalid, "ENUMLOOKUP: records are counted from 1, and not '{}'", arguments[3]);
    const auto uris = look_up(wanted);
    if (options.has('c')) {
        if (uris) return std::to_string(uris->size());
        if (ends_application(uris.error().code)) return std::unexpected(uris.error());
        return std::string(uris.error().code == ErrorCode::not_found ? "0" : "-1");
    }
    if (!uris) return std::unexpected(uris.error());
    if (*place > uris->size()) return std::string();
    const std::string& uri = (*uris)[*place - 1];
    return options.has('u') ? uri : std::string(enumeration::without_scheme(uri));
}

Result<std::string> query_function(Calls& calls, Channel* channel, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "ENUMQUERY needs a number");
    LookUp wanted{.number = std::string(arguments[0])};
    if (arguments.has(1)) wanted.method = arguments[1];
    if (arguments.has(2)) wanted.zone = arguments[2];
    auto uris = JF_TRY(look_up(wanted));
    Queries& queries = calls.of(channel);
    if (queries.kept.size() >= most_queries) queries.kept.erase(queries.kept.begin());
    return queries.kept.emplace_back(Addresses{std::to_string(++queries.last), std::move(uris)}).id;
}

Result<std::string> result_function(Calls& calls, Channel* channel, const Arguments& arguments) {
    if (!arguments.has(0) || !arguments.has(1)) return fail(ErrorCode::invalid, "ENUMRESULT needs an id of ENUMQUERY, and a number or getnum");
    const Queries* queries = calls.find(channel);
    const Addresses* found = nullptr;
    if (queries)
        for (const Addresses& each : queries->kept)
            if (each.id == arguments[0]) found = &each;
    if (!found) return fail(ErrorCode::not_found, "ENUMRESULT: this call has no query '{}'", arguments[0]);
    if (equals_ignoring_case(arguments[1], "getnum")) return std::to_string(found->uris.size());
    const auto place = parse_number<std::size_t>(trim(arguments[1]));
    if (!place || *place == 0) return fail(ErrorCode::invalid, "ENUMRESULT: results are counted from 1, and not '{}'", arguments[1]);
    if (*place > found->uris.size()) return std::string();
    return std::string(enumeration::without_scheme(found->uris[*place - 1]));
}

Result<std::string> name_function(Channel*, const Arguments& arguments) {
    if (!arguments.has(0)) return fail(ErrorCode::invalid, "TXTCIDNAME needs a number");
    std::string domain = JF_TRY(enumeration::domain_of(arguments[0], arguments.has(1) ? arguments[1] : usual_zone, Tree::user));
    auto texts = JF_TRY(resolve_txt(std::move(domain)));
    return texts.empty() ? std::string() : std::move(texts.front());
}

Result<void> load(Module& module) {
    Calls& calls = module.own<Calls>();
    JF_TRY(module.add(lookup_info, FunctionBody{lookup_function}));
    JF_TRY(module.add(name_info, FunctionBody{name_function}));
    JF_TRY(module.add(query_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) {
                          return query_function(calls, channel, arguments);
                      }}));
    return module.add(result_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) {
                          return result_function(calls, channel, arguments);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_enum", "What DNS knows of telephone numbers", load)
