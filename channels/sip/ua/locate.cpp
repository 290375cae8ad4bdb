// Where to send a request to (RFC 3263): from a URI to an address and a transport.
#include <algorithm>
#include <utility>

#include "channels/sip/ua/user_agent.hpp"
#include "core/runtime/resolver.hpp"

namespace jackfield::sip {
namespace {

using Protocol = TransportSettings::Protocol;

std::uint16_t default_port(Protocol protocol) { return protocol == Protocol::tls ? 5061 : 5060; }

std::string_view service_of(Protocol protocol) {
    if (protocol == Protocol::tls) return "_sips._tcp.";
    return protocol == Protocol::tcp ? "_sip._tcp." : "_sip._udp.";
}

// What a NAPTR record's service stands for (RFC 3263 4.1); nothing for those that are not SIP's or not ours.
std::optional<Protocol> naptr_protocol(const NaptrRecord& record, bool secure) {
    if (!equals_ignoring_case(record.flags, "s")) return {};
    if (equals_ignoring_case(record.service, "SIPS+D2T")) return Protocol::tls;
    if (secure) return {};
    if (equals_ignoring_case(record.service, "SIP+D2T")) return Protocol::tcp;
    if (equals_ignoring_case(record.service, "SIP+D2U")) return Protocol::udp;
    return {};
}

struct Candidate {
    std::string host;
    std::uint16_t port;
    Protocol protocol;
};
constexpr std::size_t most_targets = 16;  // that are tried one after the other

// Waits. The servers of a domain by NAPTR and SRV; the domain itself when there are no such records.
std::vector<Candidate> servers_of(const std::string& host, Protocol protocol, bool protocol_given, bool secure) {
    std::vector<Candidate> all;
    const auto add_srv = [&all](const std::string& name, Protocol by) {
        if (const auto servers = resolve_srv(name))
            for (const SrvRecord& server : *servers)
                if (all.size() < most_targets && server.target != ".") all.push_back({server.target, server.port, by});
    };
    if (!protocol_given)
        if (auto records = resolve_naptr(host)) {
            std::ranges::stable_sort(*records, {}, [](const NaptrRecord& record) { return std::pair(record.order, record.preference); });
            for (const NaptrRecord& record : *records)
                if (const auto by = naptr_protocol(record, secure)) add_srv(record.replacement, *by);
        }
    if (all.empty()) add_srv(std::string(service_of(protocol)) + host, protocol);
    if (all.empty() && !protocol_given && protocol == Protocol::udp) add_srv(std::string(service_of(Protocol::tcp)) + host, Protocol::tcp);
    if (all.empty()) all.push_back({host, default_port(protocol), protocol});
    return all;
}

}  // namespace

Result<std::vector<Flow>> UserAgent::targets(std::string_view text, std::string_view transport_name, std::string_view request_uri) {
    const bool secure = starts_with_ignoring_case(text, "sips:") || starts_with_ignoring_case(request_uri, "sips:");
    const Error insecure{ErrorCode::refused, secure ? fmt::format("'{}' wants TLS all the way, and '{}'{}{} is reached without", request_uri.empty() ? text : request_uri,
                                                                 text, transport_name.empty() ? "" : " by transport ", transport_name)
                                                    : std::string()};
    const std::string kept(text);  // the URI's views must outlive the waits below
    const std::string transport(transport_name);
    const Uri uri = JF_TRY(parse_uri(kept));
    if (!uri.is_sip()) return fail(ErrorCode::invalid, "'{}' can't be called by SIP", kept);
    const Protocol protocol = protocol_of(uri);
    std::string host(uri.bare_host());
    if (const auto maddr = uri.parameters.value("maddr"); !maddr.empty()) host = maddr;
    const std::uint16_t port = uri.port ? uri.port : default_port(protocol);
    if (auto numeric = SocketAddress::parse(host.contains(':') ? "[" + host + "]" : host, port)) {
        const Flow flow = JF_TRY(transports_.flow_to(*numeric, protocol, transport));
        if (secure && !transports_.secure(flow)) return std::unexpected(insecure);
        return std::vector{flow};
    }
    std::vector<Candidate> candidates;
    if (uri.port)
        candidates.push_back({host, uri.port, protocol});
    else
        candidates = servers_of(host, protocol, uri.parameters.has("transport") || !transport.empty(), uri.scheme == UriScheme::sips);
    std::vector<Flow> flows;
    Error last{ErrorCode::not_found, fmt::format("'{}' has no address that a SIP transport can reach", host)};
    for (const Candidate& candidate : candidates) {
        const auto addresses = resolve_address(candidate.host);
        if (!addresses) {
            if (ends_application(addresses.error().code)) return std::unexpected(addresses.error());
            last = addresses.error();
            continue;
        }
        for (const SocketAddress& address : *addresses)
            // RFC 5922 7.3: a certificate is for the name asked for, not for what SRV made of it.
            if (auto flow = transports_.flow_to(address.with_port(candidate.port), candidate.protocol, transport, host);
                flow && flows.size() < most_targets && std::ranges::find(flows, *flow) == flows.end()) {
                if (!secure || transports_.secure(*flow))
                    flows.push_back(*flow);
                else
                    last = insecure;
            }
    }
    if (flows.empty()) return std::unexpected(std::move(last));
    return flows;
}

Result<Flow> UserAgent::resolve(std::string_view uri, std::string_view transport_name, std::string_view request_uri) {
    return JF_TRY(targets(uri, transport_name, request_uri)).front();
}

}  // namespace jackfield::sip
