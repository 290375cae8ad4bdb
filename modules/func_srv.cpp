// func_srv - SRVQUERY and SRVRESULT: where a service is (RFC 2782).
#include "core/channel/per_call.hpp"
#include "core/runtime/resolver.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr std::size_t most_queries = 64;  // kept of a call; the oldest goes first

constexpr FunctionInfo query_info{
    .name = "SRVQUERY",
    .syntax = "SRVQUERY(service)",
    .synopsis = "Look up the servers of a service",
    .text = "The service as _sip._udp.example.com. Gives an id for SRVRESULT, which is good until the call ends; empty when DNS does not "
            "answer, or knows nothing of the service. Only this call waits, at most for the time limits of the name servers."};
constexpr FunctionInfo result_info{
    .name = "SRVRESULT",
    .syntax = "SRVRESULT(id,resultnum[,field])",
    .synopsis = "A server that SRVQUERY has found",
    .text = "`id` as SRVQUERY gave it, or the service, which is then looked up. `resultnum` counts from 1 in the order in which servers are to "
            "be tried (priority, then a draw by weight); getnum gives how many there are. `field` is host (the default), port, priority "
            "or weight. Empty for a number that is too large."};

struct Query {
    std::string id, service;
    std::vector<SrvRecord> records;
};
struct Queries {
    std::vector<Query> kept;
    unsigned last = 0;
};
using Calls = PerCall<Queries>;

Result<std::string> query(Calls& calls, Channel* channel, const std::string& service) {
    if (service.empty()) return fail(ErrorCode::invalid, "SRVQUERY needs a service, as _sip._udp.example.com");
    auto records = JF_TRY(resolve_srv(service));
    Queries& queries = calls.of(channel);
    if (queries.kept.size() >= most_queries) queries.kept.erase(queries.kept.begin());
    return queries.kept.emplace_back(Query{std::to_string(++queries.last), service, std::move(records)}).id;
}

const Query* find(Calls& calls, Channel* channel, std::string_view id) {
    const Queries* queries = calls.find(channel);
    if (!queries) return nullptr;
    for (const Query& each : queries->kept)
        if (each.id == id || equals_ignoring_case(each.service, id)) return &each;
    return nullptr;
}

Result<std::string> field_of(const SrvRecord& record, std::string_view field) {
    if (field.empty() || equals_ignoring_case(field, "host")) return record.target;
    if (equals_ignoring_case(field, "port")) return std::to_string(record.port);
    if (equals_ignoring_case(field, "priority")) return std::to_string(record.priority);
    if (equals_ignoring_case(field, "weight")) return std::to_string(record.weight);
    return fail(ErrorCode::invalid, "SRVRESULT: the field is host, port, priority or weight, not '{}'", field);
}

Result<std::string> result(Calls& calls, Channel* channel, const Arguments& arguments) {
    if (!arguments.has(0) || !arguments.has(1)) return fail(ErrorCode::invalid, "SRVRESULT needs an id of SRVQUERY, and a number or getnum");
    const Query* found = find(calls, channel, arguments[0]);
    if (!found && arguments[0].contains('.')) {
        JF_TRY(query(calls, channel, std::string(arguments[0])));
        found = find(calls, channel, arguments[0]);
    }
    if (!found) return fail(ErrorCode::not_found, "SRVRESULT: this call has no query '{}'", arguments[0]);
    if (equals_ignoring_case(arguments[1], "getnum")) return std::to_string(found->records.size());
    const auto place = parse_number<std::size_t>(trim(arguments[1]));
    if (!place || *place == 0) return fail(ErrorCode::invalid, "SRVRESULT: results are counted from 1, and not '{}'", arguments[1]);
    if (*place > found->records.size()) return std::string();
    return field_of(found->records[*place - 1], arguments[2]);
}

Result<void> load(Module& module) {
    Calls& calls = module.own<Calls>();
    JF_TRY(module.add(query_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) {
                          return query(calls, channel, std::string(trim(arguments[0])));
                      }}));
    return module.add(result_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) {
                          return result(calls, channel, arguments);
                      }});
}

}  // namespace

JACKFIELD_MODULE("func_srv", "Servers of services by DNS", load)
